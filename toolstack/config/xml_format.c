/* SPDX-License-Identifier: MIT */
/*
 * Writes the elements in the order in which libvirt writes them.  Parts that
 * were kept verbatim go back below the parent they came from.
 * Tests: tests/unit/toolstack/test_xml.c with tests/golden/.
 */
#include <config/defaults.h>
#include <config/device_kinds.h>
#include <config/xml_format.h>
#include <string.h>
#include <uuid/uuid.h>

static void kept(const struct domain_def *def, const char *parent,
                 struct xml_out *o)
{
    for (size_t i = 0; i < def->nr_kept; i++) {
        if (strcmp(def->kept[i].parent, parent) == 0) {
            xml_raw(o, def->kept[i].xml);
        }
    }
}

static bool has_kept(const struct domain_def *def, const char *parent)
{
    for (size_t i = 0; i < def->nr_kept; i++) {
        if (strcmp(def->kept[i].parent, parent) == 0) {
            return true;
        }
    }
    return false;
}

static const char *dec(char buf[24], uint64_t value)
{
    snprintf(buf, 24, "%llu", (unsigned long long)value);
    return buf;
}

static void optional(struct xml_out *o, const char *tag, const char *text)
{
    if (text != NULL && *text != '\0') {
        xml_text(o, tag, text, NULL);
    }
}

static void identity(const struct domain_def *def, struct xml_out *o)
{
    char uuid[37];

    optional(o, "name", def->name);
    if (def->has_uuid) {
        uuid_unparse_lower(def->uuid, uuid);
        xml_text(o, "uuid", uuid, NULL);
    }
    optional(o, "title", def->title);
    optional(o, "description", def->description);
}

static void memory(const struct domain_def *def, struct xml_out *o)
{
    char n[24];

    xml_text(o, "memory", dec(n, def->memory_kib), "unit", "KiB", NULL);
    if (def->has_current) {
        xml_text(o, "currentMemory", dec(n, def->current_kib), "unit", "KiB",
                 NULL);
    }
}

static void cputune(const struct domain_def *def, struct xml_out *o)
{
    bool weight = def->weight != 0 && def->weight != DEF_WEIGHT;
    char n[24];

    if (!weight && def->nr_pins == 0 && !has_kept(def, "cputune")) {
        return;
    }
    xml_open(o, "cputune", NULL);
    if (weight) {
        xml_text(o, "shares", dec(n, def->weight), NULL);
    }
    for (size_t i = 0; i < def->nr_pins; i++) {
        xml_empty(o, "vcpupin", "vcpu", dec(n, def->pins[i].vcpu), "cpuset",
                  def->pins[i].cpuset, NULL);
    }
    kept(def, "cputune", o);
    xml_close(o, "cputune");
}

static void vcpus(const struct domain_def *def, struct xml_out *o)
{
    char max[24], cur[24];

    xml_text(o, "vcpu", dec(max, def->max_vcpus), "placement", "static",
             "cpuset", def->cpuset, "current",
             def->cur_vcpus == def->max_vcpus ? NULL
                                              : dec(cur, def->cur_vcpus),
             NULL);
    cputune(def, o);
}

static void os(const struct domain_def *def, struct xml_out *o)
{
    const char *type = def_guest_type_name(def->type);

    xml_open(o, "os", NULL);
    if (type != NULL) {
        xml_text(o, "type", type, "arch", "x86_64", NULL);
    }
    if (def->loader != NULL) {
        xml_text(o, "loader", def->loader, "type", "rom", NULL);
    }
    optional(o, "kernel", def->kernel);
    optional(o, "initrd", def->initrd);
    optional(o, "cmdline", def->cmdline);
    optional(o, "root", def->root);
    for (const char *c = def->boot_order; *c != '\0'; c++) {
        xml_empty(o, "boot", "dev", *c == 'c' ? "hd" : *c == 'd' ? "cdrom"
                  : "network", NULL);
    }
    kept(def, "os", o);
    xml_close(o, "os");
}

static void clock_element(const struct domain_def *def, struct xml_out *o)
{
    if (def->tsc_mode < 0 && !has_kept(def, "clock")) {
        xml_empty(o, "clock", "offset", "utc", NULL);
        return;
    }
    xml_open(o, "clock", "offset", "utc", NULL);
    if (def->tsc_mode >= 0) {
        xml_empty(o, "timer", "name", "tsc", "mode",
                  def->tsc_mode == 2 ? "native" : "emulate", NULL);
    }
    kept(def, "clock", o);
    xml_close(o, "clock");
}

static void actions(const struct domain_def *def, struct xml_out *o)
{
    optional(o, "on_poweroff", def_life_name(def->on_poweroff));
    optional(o, "on_reboot", def_life_name(def->on_reboot));
    optional(o, "on_crash", def_life_name(def->on_crash));
}

static void limits(const struct domain_def *def, struct xml_out *o)
{
    char frames[24], channels[24];

    if (def->max_grant_frames < 0 && def->max_event_channels < 0) {
        return;
    }
    xml_empty(o, "controller", "type", "xenbus", "maxGrantFrames",
              def->max_grant_frames < 0
                  ? NULL : dec(frames, (uint64_t)def->max_grant_frames),
              "maxEventChannels",
              def->max_event_channels < 0
                  ? NULL : dec(channels, (uint64_t)def->max_event_channels),
              NULL);
}

static void devices(const struct domain_def *def, struct xml_out *o)
{
    xml_open(o, "devices", NULL);
    optional(o, "emulator", def->emulator);
    for (size_t k = 0; k < nr_device_kinds; k++) {
        for (size_t i = 0; i < device_kinds[k].count(def); i++) {
            device_kinds[k].format(def, i, o);
        }
    }
    limits(def, o);
    kept(def, "devices", o);
    xml_empty(o, "memballoon", "model", "xen", NULL);
    xml_close(o, "devices");
}

void xml_format(const struct domain_def *def, int domid, FILE *f)
{
    struct xml_out o = { .f = f };
    char id[24];

    xml_open(&o, "domain", "type", "xen", "id",
             domid < 0 ? NULL : dec(id, (uint64_t)domid), NULL);
    identity(def, &o);
    memory(def, &o);
    vcpus(def, &o);
    os(def, &o);
    clock_element(def, &o);
    actions(def, &o);
    devices(def, &o);
    kept(def, "", &o);
    xml_close(&o, "domain");
}
