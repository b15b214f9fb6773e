/* SPDX-License-Identifier: MIT */
/*
 * One row per element of libvirt's domain schema: what we do with it, which
 * attributes it may have, and the function that takes its value.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/xml_table.h>
#include <config/device_kinds.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#define LINE(n) ((unsigned int)xmlGetLineNo(n))

/* ---- values -------------------------------------------------------------- */

/* The text of an element without surrounding blanks; the caller frees it. */
static char *trimmed(xmlNode *n)
{
    xmlChar *raw = xmlNodeGetContent(n);
    const char *s = (const char *)raw;
    char *copy = NULL;
    size_t len;

    if (raw != NULL) {
        s += strspn(s, " \t\r\n");
        len = strlen(s);
        while (len > 0 && isspace((unsigned char)s[len - 1])) {
            len--;
        }
        copy = strndup(s, len);
        xmlFree(raw);
    }
    return copy;
}

static void set_text(xmlNode *n, char **field)
{
    free(*field);
    *field = trimmed(n);
}

/* The value of an attribute, NULL if absent; the caller frees it. */
char *xml_attr(xmlNode *n, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(n, (const xmlChar *)name);
    char *copy = value == NULL ? NULL : strdup((const char *)value);

    xmlFree(value);
    return copy;
}

/* A decimal number no larger than @max, or an error message. */
static bool number(struct xml_reader *r, xmlNode *n, const char *what,
                   const char *text, uint64_t max, uint64_t *value)
{
    char *end;

    errno = 0;
    if (text != NULL && isdigit((unsigned char)*text)) {
        *value = strtoull(text, &end, 10);
        if (errno == 0 && *end == '\0' && *value <= max) {
            return true;
        }
    }
    diag_error(r->dg, LINE(n), "%s: '%s' is not a number from 0 to %llu",
               what, text == NULL ? "" : text, (unsigned long long)max);
    return false;
}

static void attr_number(struct xml_reader *r, xmlNode *n, const char *name,
                        uint64_t max, unsigned int *field)
{
    char *text = xml_attr(n, name);
    uint64_t value;

    if (text != NULL && number(r, n, name, text, max, &value)) {
        *field = (unsigned int)value;
    }
    free(text);
}

/* Bytes in a unit of libvirt's <memory>; 0 if there is no such unit. */
static uint64_t unit_bytes(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        { "b", 1 }, { "bytes", 1 },
        { "KB", 1000 }, { "k", 1024 }, { "KiB", 1024 },
        { "MB", 1000000 }, { "M", 1 << 20 }, { "MiB", 1 << 20 },
        { "GB", 1000000000 }, { "G", 1 << 30 }, { "GiB", 1 << 30 },
        { "TB", 1000000000000 }, { "T", 1ull << 40 }, { "TiB", 1ull << 40 },
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) == 0) {
            return units[i].bytes;
        }
    }
    return 0;
}

static bool memory_kib(struct xml_reader *r, xmlNode *n, uint64_t *kib)
{
    char *text = trimmed(n), *unit = xml_attr(n, "unit");
    uint64_t bytes = unit == NULL ? 1024 : unit_bytes(unit);
    uint64_t count = 0, total = 0;
    bool ok = false;

    if (bytes == 0) {
        diag_error(r->dg, LINE(n), "<%s>: unknown unit '%s'", n->name, unit);
    } else if (number(r, n, (const char *)n->name, text, UINT64_MAX / 2,
                      &count)) {
        ok = !__builtin_mul_overflow(count, bytes, &total) &&
             total <= UINT64_MAX - 1023;
        if (!ok) {
            diag_error(r->dg, LINE(n), "<%s>: more than this machine can "
                       "count", n->name);
        } else {
            *kib = (total + 1023) / 1024;
        }
    }
    free(text);
    free(unit);
    return ok;
}

/* ---- domain level -------------------------------------------------------- */

static void take_domain(struct xml_reader *r, xmlNode *n)
{
    char *type = xml_attr(n, "type");

    if (type == NULL || strcmp(type, "xen") != 0) {
        diag_error(r->dg, LINE(n), "<domain type='%s'>: the type must be "
                   "'xen'", type == NULL ? "" : type);
    }
    free(type);
}

static void take_name(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->name);
    r->def->name_line = LINE(n);
}

static void take_title(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->title);
}

static void take_description(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->description);
}

static void take_uuid(struct xml_reader *r, xmlNode *n)
{
    char *text = trimmed(n);

    r->def->has_uuid = text != NULL && uuid_parse(text, r->def->uuid) == 0;
    if (!r->def->has_uuid) {
        diag_error(r->dg, LINE(n), "<uuid>: '%s' is not a UUID",
                   text == NULL ? "" : text);
    }
    free(text);
}

static void take_memory(struct xml_reader *r, xmlNode *n)
{
    r->def->memory_line = LINE(n);
    memory_kib(r, n, &r->def->memory_kib);
}

static void take_current(struct xml_reader *r, xmlNode *n)
{
    r->def->has_current = memory_kib(r, n, &r->def->current_kib);
}

static void take_vcpu(struct xml_reader *r, xmlNode *n)
{
    char *text = trimmed(n);
    uint64_t value;

    r->def->vcpu_line = LINE(n);
    if (number(r, n, "<vcpu>", text, UINT_MAX, &value)) {
        r->def->max_vcpus = (unsigned int)value;
        if (value == 0) {
            diag_error(r->dg, LINE(n), "<vcpu>: a domain needs one at least");
        }
    }
    attr_number(r, n, "current", UINT_MAX, &r->def->cur_vcpus);
    free(r->def->cpuset);
    r->def->cpuset = xml_attr(n, "cpuset");
    free(text);
}

static void take_shares(struct xml_reader *r, xmlNode *n)
{
    char *text = trimmed(n);
    uint64_t value;

    if (number(r, n, "<shares>", text, 65535, &value)) {
        r->def->weight = (unsigned int)value;
    }
    free(text);
}

static void take_vcpupin(struct xml_reader *r, xmlNode *n)
{
    struct cpu_pin *pin = DEF_GROW(r->def->pins, r->def->nr_pins);
    unsigned int vcpu = UINT_MAX;

    if (pin == NULL) {
        diag_error(r->dg, LINE(n), "out of memory");
        return;
    }
    attr_number(r, n, "vcpu", UINT_MAX - 1, &vcpu);
    pin->vcpu = vcpu;
    pin->cpuset = xml_attr(n, "cpuset");
    if (vcpu == UINT_MAX || pin->cpuset == NULL) {
        diag_error(r->dg, LINE(n), "<vcpupin> needs vcpu= and cpuset=");
    }
}

static void take_life(struct xml_reader *r, xmlNode *n,
                      enum life_action *field)
{
    char *text = trimmed(n);
    int action = text == NULL ? -1 : def_life_from_name(text);
    bool crash_only = action == LIFE_COREDUMP_DESTROY ||
                      action == LIFE_COREDUMP_RESTART;

    if (action < 0 || (crash_only && field != &r->def->on_crash)) {
        diag_error(r->dg, LINE(n), "<%s>: unknown action '%s'", n->name,
                   text == NULL ? "" : text);
    } else {
        *field = (enum life_action)action;
    }
    if (crash_only && field == &r->def->on_crash) {
        diag_warn(r->dg, LINE(n), "<on_crash>: no core is dumped");
    }
    free(text);
}

static void take_on_poweroff(struct xml_reader *r, xmlNode *n)
{
    take_life(r, n, &r->def->on_poweroff);
}

static void take_on_reboot(struct xml_reader *r, xmlNode *n)
{
    take_life(r, n, &r->def->on_reboot);
}

static void take_on_crash(struct xml_reader *r, xmlNode *n)
{
    take_life(r, n, &r->def->on_crash);
}

/* ---- os ------------------------------------------------------------------ */

/* A <loader> inside names another image. */
static void take_os(struct xml_reader *r, xmlNode *n)
{
    char *firmware = xml_attr(n, "firmware");

    r->def->os_line = LINE(n);
    if (firmware != NULL && strcmp(firmware, "efi") == 0) {
        free(r->def->loader);
        r->def->loader = strdup(DEF_UEFI);
        r->def->loader_line = LINE(n);
    } else if (firmware != NULL && strcmp(firmware, "bios") != 0) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<os firmware='%s'> "
                         "is not supported, only 'bios' and 'efi'", firmware);
    }
    free(firmware);
}

static void take_os_type(struct xml_reader *r, xmlNode *n)
{
    char *text = trimmed(n), *arch = xml_attr(n, "arch");
    struct domain_def *def = r->def;

    def->type_line = LINE(n);
    if (text != NULL && (strcmp(text, "linux") == 0 ||
                         strcmp(text, "xen") == 0)) {
        def->type = GUEST_PV;
    } else if (text != NULL && strcmp(text, "xenpvh") == 0) {
        def->type = GUEST_PVH;
    } else if (text != NULL && strcmp(text, "hvm") == 0) {
        def->type = GUEST_HVM;
    } else {
        diag_error(r->dg, LINE(n), "<type>: unknown guest type '%s'",
                   text == NULL ? "" : text);
    }
    if (arch != NULL && strcmp(arch, "x86_64") != 0) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n),
                         "<type>: arch '%s' is not supported, only x86_64",
                         arch);
    }
    free(text);
    free(arch);
}

static void take_kernel(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->kernel);
    r->def->kernel_line = LINE(n);
}

static void take_initrd(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->initrd);
    r->def->initrd_line = LINE(n);
}

static void take_cmdline(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->cmdline);
    r->def->cmdline_line = LINE(n);
}

static void take_root(struct xml_reader *r, xmlNode *n)
{
    set_text(n, &r->def->root);
}

static void take_boot(struct xml_reader *r, xmlNode *n)
{
    static const struct {
        const char *dev;
        char letter;
    } devs[] = { { "hd", 'c' }, { "cdrom", 'd' }, { "network", 'n' } };
    char *dev = xml_attr(n, "dev"), *order = r->def->boot_order;
    size_t nr = sizeof(devs) / sizeof(devs[0]), i = 0;

    r->def->boot_line = LINE(n);
    while (i < nr && (dev == NULL || strcmp(dev, devs[i].dev) != 0)) {
        i++;
    }
    if (i == nr) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<boot dev='%s'> is "
                         "not supported, only 'hd', 'cdrom' and 'network'",
                         dev == NULL ? "" : dev);
    } else if (strchr(order, devs[i].letter) == NULL) {
        order[strlen(order)] = devs[i].letter;
    }
    free(dev);
}

static void take_loader(struct xml_reader *r, xmlNode *n)
{
    char *type = xml_attr(n, "type");

    r->def->loader_line = LINE(n);
    if (n->children != NULL) {         /* else what firmware= stands for */
        set_text(n, &r->def->loader);
    }
    if (type != NULL && strcmp(type, "rom") != 0) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<loader type='%s'> "
                         "is not supported, only 'rom'", type);
    }
    free(type);
}

void xml_take_emulator(struct xml_reader *r, xmlNode *n)
{
    r->def->emulator_line = LINE(n);
    set_text(n, &r->def->emulator);
}

/* ---- clock, controllers -------------------------------------------------- */

static void take_clock(struct xml_reader *r, xmlNode *n)
{
    char *offset = xml_attr(n, "offset");

    if (offset != NULL && strcmp(offset, "utc") != 0) {
        diag_warn(r->dg, LINE(n), "<clock offset='%s'> is not honoured: the "
                  "guest's clock is UTC", offset);
    }
    free(offset);
}

static void take_timer(struct xml_reader *r, xmlNode *n)
{
    static const char *const modes[] = { "emulate", "native" };
    char *name = xml_attr(n, "name"), *mode = xml_attr(n, "mode");

    if (name == NULL || strcmp(name, "tsc") != 0) {
        diag_warn(r->dg, LINE(n), "<timer name='%s'> is not honoured: only 'tsc' "
                  "can be chosen", name == NULL ? "" : name);
    } else if (mode == NULL || strcmp(mode, modes[0]) == 0) {
        r->def->tsc_mode = mode == NULL ? -1 : 1;
    } else if (strcmp(mode, modes[1]) == 0) {
        r->def->tsc_mode = 2;
    } else {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n),
                         "<timer>: mode '%s' is not supported", mode);
    }
    free(name);
    free(mode);
}

void xml_take_controller(struct xml_reader *r, xmlNode *n)
{
    char *type = xml_attr(n, "type");
    unsigned int frames = UINT_MAX, channels = UINT_MAX;

    if (type != NULL && strcmp(type, "xenbus") == 0) {
        attr_number(r, n, "maxGrantFrames", 65535, &frames);
        attr_number(r, n, "maxEventChannels", 131071, &channels);
        r->def->max_grant_frames = (int)frames;
        r->def->max_event_channels = (int)channels;
    } else {
        diag_warn(r->dg, LINE(n), "<controller type='%s'> is not honoured",
                  type == NULL ? "" : type);
    }
    free(type);
}

void xml_take_memballoon(struct xml_reader *r, xmlNode *n)
{
    char *model = xml_attr(n, "model");

    if (model == NULL || strcmp(model, "xen") != 0) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<memballoon>: the "
                         "model must be 'xen'");
    }
    free(model);
}

/* ---- the table ----------------------------------------------------------- */

#define UNUSED  "it has no meaning for this hypervisor"

static const struct xml_row rows[] = {
    /* path, treatment, once, text, attributes, function, reason */
    { "", XML_TAKE, 0, 0, "type id", take_domain, NULL },
    { "name", XML_TAKE, 1, 1, NULL, take_name, NULL },
    { "uuid", XML_TAKE, 1, 1, NULL, take_uuid, NULL },
    { "title", XML_TAKE, 1, 1, NULL, take_title, NULL },
    { "description", XML_TAKE, 1, 1, NULL, take_description, NULL },
    { "metadata", XML_STORE, 1, 1, NULL, NULL, NULL },
    { "memory", XML_TAKE, 1, 1, "unit dumpCore!", take_memory, NULL },
    { "currentMemory", XML_TAKE, 1, 1, "unit", take_current, NULL },
    { "maxMemory", XML_KEEP, 1, 1, NULL, NULL, "no memory is hot-plugged" },
    { "memoryBacking", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "memtune", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "blkiotune", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "vcpu", XML_TAKE, 1, 1, "placement cpuset current", take_vcpu, NULL },
    { "vcpus", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "iothreads", XML_KEEP, 1, 1, NULL, NULL, UNUSED },
    { "cputune", XML_TAKE, 1, 0, NULL, NULL, NULL },
    { "cputune/shares", XML_TAKE, 1, 1, NULL, take_shares, NULL },
    { "cputune/vcpupin", XML_TAKE, 0, 0, "vcpu cpuset", take_vcpupin, NULL },
    { "cputune/period", XML_KEEP, 1, 1, NULL, NULL, UNUSED },
    { "cputune/quota", XML_KEEP, 1, 1, NULL, NULL, UNUSED },
    { "cputune/emulatorpin", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "numatune", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "resource", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "sysinfo", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "genid", XML_KEEP, 1, 1, NULL, NULL, UNUSED },
    { "idmap", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "pm", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "perf", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "keywrap", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "launchSecurity", XML_KEEP, 1, 0, NULL, NULL, UNUSED },
    { "seclabel", XML_KEEP, 0, 0, NULL, NULL, "there is no FLASK policy" },
    { "bootloader", XML_REFUSE, 1, 1, NULL, NULL,
      "no guest disk is read in the control domain; give <os><kernel>" },
    { "bootloader_args", XML_REFUSE, 1, 1, NULL, NULL,
      "there is no boot loader" },
    { "os", XML_TAKE, 1, 0, "firmware", take_os, NULL },
    { "os/type", XML_TAKE, 1, 1, "arch machine", take_os_type, NULL },
    { "os/kernel", XML_TAKE, 1, 1, NULL, take_kernel, NULL },
    { "os/initrd", XML_TAKE, 1, 1, NULL, take_initrd, NULL },
    { "os/cmdline", XML_TAKE, 1, 1, NULL, take_cmdline, NULL },
    { "os/root", XML_TAKE, 1, 1, NULL, take_root, NULL },
    { "os/boot", XML_TAKE, 0, 0, "dev", take_boot, NULL },
    { "os/bootmenu", XML_KEEP, 1, 0, NULL, NULL,
      "the BIOS waits for nobody" },
    { "os/bios", XML_KEEP, 1, 0, NULL, NULL, "the BIOS has no switches" },
    { "os/smbios", XML_KEEP, 1, 0, NULL, NULL,
      "the tables name this product" },
    { "os/loader", XML_TAKE, 1, 1, "type readonly secure! stateless! format!",
      take_loader, NULL },
    { "os/nvram", XML_KEEP, 1, 1, NULL, NULL, "no variables are kept" },
    { "os/firmware", XML_KEEP, 1, 0, NULL, NULL,
      "no feature of the firmware is chosen" },
    { "os/acpi", XML_KEEP, 1, 0, NULL, NULL, "no table is added" },
    { "features", XML_KEEP, 1, 0, NULL, NULL,
      "APIC, ACPI and PAE are always there for HVM guests" },
    { "cpu", XML_KEEP, 1, 0, NULL, NULL,
      "the guest gets the hypervisor's default CPU" },
    { "clock", XML_TAKE, 1, 0, "offset adjustment! basis! timezone! start!",
      take_clock, NULL },
    { "clock/timer", XML_TAKE, 0, 0,
      "name mode present! track! tickpolicy! frequency!", take_timer, NULL },
    { "on_poweroff", XML_TAKE, 1, 1, NULL, take_on_poweroff, NULL },
    { "on_reboot", XML_TAKE, 1, 1, NULL, take_on_reboot, NULL },
    { "on_crash", XML_TAKE, 1, 1, NULL, take_on_crash, NULL },
    { "on_lockfailure", XML_KEEP, 1, 1, NULL, NULL, UNUSED },
};

static const struct xml_row *find_in(const struct xml_row *list, size_t nr,
                                     const char *path)
{
    for (size_t i = 0; i < nr; i++) {
        if (strcmp(list[i].path, path) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

const struct xml_row *xml_row_find(const char *path)
{
    const struct xml_row *row = find_in(rows, sizeof(rows) / sizeof(rows[0]),
                                        path);

    return row != NULL ? row : find_in(xml_device_rows, nr_xml_device_rows,
                                       path);
}
