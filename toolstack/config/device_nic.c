/* SPDX-License-Identifier: MIT */
/*
 * <interface>: reading its parts, its defaults, what cannot work, its text.
 * The row is in device_kinds.c.  Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_nic.h>
#include <config/xml_table.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LINE(n)      ((unsigned int)xmlGetLineNo(n))
#define MTU_MIN      68u               /* RFC 791 */
#define MTU_MAX      65521u            /* an Ethernet frame of 65535 bytes */
#define RATE_MAX_KIB (UINT32_MAX / 1024u)

static const char *const type_names[] = {
    [NIC_BRIDGE] = "bridge", [NIC_USER] = "user", [NIC_NETWORK] = "network",
    [NIC_ETHERNET] = "ethernet",
};
#define NR_TYPES (sizeof(type_names) / sizeof(type_names[0]))

/* ---- parse ---------------------------------------------------------------- */

static struct nic_def *last(struct xml_reader *r)
{
    return &r->def->nics[r->def->nr_nics - 1];
}

static void take_attr(xmlNode *n, const char *name, char **field)
{
    free(*field);
    *field = xml_attr(n, name);
}

static void take_number(struct xml_reader *r, xmlNode *n, const char *name,
                        unsigned int min, unsigned int max,
                        unsigned int *field)
{
    char *text = xml_attr(n, name), *end = NULL;
    unsigned long value = 0;

    if (text == NULL) {
        return;
    }
    if (isdigit((unsigned char)*text)) {
        value = strtoul(text, &end, 10);
    }
    if (end == NULL || *end != '\0' || value < min || value > max) {
        diag_error(r->dg, LINE(n), "<%s>: %s='%s' is not a number from %u to "
                   "%u", n->name, name, text, min, max);
    } else {
        *field = (unsigned int)value;
    }
    free(text);
}

void device_take_nic(struct xml_reader *r, xmlNode *n)
{
    struct nic_def *nic = DEF_GROW(r->def->nics, r->def->nr_nics);
    char *type = xml_attr(n, "type");
    size_t i;

    if (nic == NULL) {
        abort();                       /* the children must find a card */
    }
    nic->line = LINE(n);
    for (i = 0; i < NR_TYPES; i++) {
        if (type != NULL && strcmp(type, type_names[i]) == 0) {
            nic->type = (enum nic_type)i;
            break;
        }
    }
    if (i == NR_TYPES) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<interface type="
                         "'%s'> is not supported, only 'bridge', 'user', "
                         "'network' and 'ethernet'", type == NULL ? "" : type);
    }
    free(type);
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        char *end;

        if (!isxdigit((unsigned char)text[0]) ||
            !isxdigit((unsigned char)text[1])) {
            return false;
        }
        mac[i] = (uint8_t)strtoul(text, &end, 16);
        if (end != text + 2 || *end != (i == 5 ? '\0' : ':')) {
            return false;
        }
        text += 3;
    }
    return true;
}

void device_take_nic_mac(struct xml_reader *r, xmlNode *n)
{
    struct nic_def *nic = last(r);
    char *text = xml_attr(n, "address");

    nic->has_mac = text != NULL && parse_mac(text, nic->mac);
    if (!nic->has_mac) {
        diag_error(r->dg, LINE(n), "<mac>: '%s' is not a MAC address",
                   text == NULL ? "" : text);
    } else if ((nic->mac[0] & 1) != 0) {
        diag_error(r->dg, LINE(n), "<mac>: '%s' is an address of groups, not "
                   "of a card", text);
    }
    free(text);
}

void device_take_nic_source(struct xml_reader *r, xmlNode *n)
{
    take_attr(n, "bridge", &last(r)->bridge);
    take_attr(n, "network", &last(r)->network);
}

void device_take_nic_driver(struct xml_reader *r, xmlNode *n)
{
    take_attr(n, "name", &last(r)->driver);
    take_number(r, n, "queues", 1, NIC_QUEUES_MAX, &last(r)->queues);
}

void device_take_nic_model(struct xml_reader *r, xmlNode *n)
{
    take_attr(n, "type", &last(r)->model);
}

void device_take_nic_target(struct xml_reader *r, xmlNode *n)
{
    take_attr(n, "dev", &last(r)->target);
}

/* "netN" is the card's number; other names say nothing. */
void device_take_nic_alias(struct xml_reader *r, xmlNode *n)
{
    struct nic_def *nic = last(r);
    char *name = xml_attr(n, "name"), *end;

    if (name != NULL && strncmp(name, "net", 3) == 0 &&
        isdigit((unsigned char)name[3])) {
        unsigned long devid = strtoul(name + 3, &end, 10);

        nic->has_devid = *end == '\0' && devid < 256;
        nic->devid = nic->has_devid ? (unsigned int)devid : 0;
    }
    free(name);
}

void device_take_nic_ip(struct xml_reader *r, xmlNode *n)
{
    if (last(r)->ip == NULL) {
        take_attr(n, "address", &last(r)->ip);
    }
}

void device_take_nic_mtu(struct xml_reader *r, xmlNode *n)
{
    take_number(r, n, "size", MTU_MIN, MTU_MAX, &last(r)->mtu);
}

void device_take_nic_outbound(struct xml_reader *r, xmlNode *n)
{
    take_number(r, n, "average", 1, RATE_MAX_KIB, &last(r)->rate_kib);
}

void device_take_nic_filter(struct xml_reader *r, xmlNode *n)
{
    char *filter = xml_attr(n, "filter");

    if (filter != NULL && strcmp(filter, "no-mac-spoofing") == 0) {
        last(r)->check_mac = true;
    } else {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<filterref filter="
                         "'%s'> is not supported, only 'no-mac-spoofing'",
                         filter == NULL ? "" : filter);
    }
    free(filter);
}

/* ---- defaults --------------------------------------------------------------- */

size_t nic_count(const struct domain_def *def)
{
    return def->nr_nics;
}

static const char *const kernel_drivers[] = { "vhost", "netback", NULL };
static const char *const our_drivers[] = { "qemu", "tap", NULL };

static bool one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

static bool devid_used(const struct domain_def *def, unsigned int devid)
{
    for (size_t k = 0; k < def->nr_nics; k++) {
        if (def->nics[k].has_devid && def->nics[k].devid == devid) {
            return true;
        }
    }
    return false;
}

void nic_defaults(struct domain_def *def, size_t i)
{
    struct nic_def *nic = &def->nics[i];
    const uint8_t prefix[] = { 0x00, 0x16, 0x3e };

    if (!nic->has_mac) {
        memcpy(nic->mac, prefix, sizeof(prefix));
        nic->has_mac = getentropy(nic->mac + 3, 3) == 0;
        nic->mac[3] &= 0x7f;           /* the upper half is for automata */
    }
    if (nic->driver == NULL) {
        nic->driver = strdup("qemu");
    }
    nic->backend = nic->driver != NULL && one_of(nic->driver, kernel_drivers)
                       ? NIC_KERNEL : NIC_OURS;
    /* Its place in the list if that is free: only others write an alias. */
    nic->devid = nic->has_devid ? nic->devid : (unsigned int)i;
    for (unsigned int id = 0; !nic->has_devid && devid_used(def, nic->devid);) {
        nic->devid = id++;
    }
    nic->has_devid = true;
}

void nic_name(const struct domain_def *def, size_t i, char name[DEVICE_NAME])
{
    const uint8_t *mac = def->nics[i].mac;

    if (def->nics[i].has_mac) {
        snprintf(name, DEVICE_NAME, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
                 mac[1], mac[2], mac[3], mac[4], mac[5]);
    }
}

/* ---- validate --------------------------------------------------------------- */

/* What the kernel takes as the name of an interface. */
static bool good_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= NIC_NAME_MAX && strpbrk(name, "/: \t\n%") == NULL &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static void check_bridge(const struct nic_def *nic, bool files,
                         struct diag *dg)
{
    char path[64];

    if (nic->bridge == NULL) {
        diag_error(dg, nic->line, "<interface type='bridge'> has no <source "
                   "bridge='NAME'/>");
    } else if (!good_name(nic->bridge)) {
        diag_error(dg, nic->line, "<interface>: '%s' is not the name of a "
                   "bridge", nic->bridge);
    } else if (files) {
        snprintf(path, sizeof(path), "/sys/class/net/%.15s/bridge",
                 nic->bridge);
        if (access(path, F_OK) != 0) {
            diag_error(dg, nic->line, "<interface>: the control domain has no "
                       "bridge '%s'", nic->bridge);
        }
    }
}

static void check_source(const struct nic_def *nic, bool files,
                         struct diag *dg)
{
    if (nic->type == NIC_BRIDGE) {
        check_bridge(nic, files, dg);
    }
    if (nic->type == NIC_NETWORK && nic->network == NULL) {
        diag_error(dg, nic->line, "<interface type='network'> has no <source "
                   "network='NAME'/>");
    }
    if (nic->type == NIC_USER && nic->backend == NIC_KERNEL) {
        diag_error(dg, nic->line, "<interface type='user'> needs our own back "
                   "end: leave <driver name='%s'/> out", nic->driver);
    }
}

static void check_driver(const struct nic_def *nic, bool emulated,
                         struct diag *dg)
{
    if (!one_of(nic->driver, our_drivers) &&
        !one_of(nic->driver, kernel_drivers)) {
        diag_error(dg, nic->line, "<interface>: unknown driver '%s', neither "
                   "'qemu' nor 'vhost'", nic->driver);
    }
    if (nic->model != NULL && strcmp(nic->model, "netfront") != 0 &&
        !(emulated && strcmp(nic->model, "e1000") == 0)) {
        diag_error_class(dg, ERR_UNSUPPORTED, nic->line, "<interface>: model "
                         "'%s' is not supported, only 'netfront'%s",
                         nic->model, emulated ? " and 'e1000'" : "");
    }
    if (nic->backend == NIC_KERNEL && nic->check_mac) {
        diag_error_class(dg, ERR_UNSUPPORTED, nic->line, "<interface>: the "
                         "kernel's back end has no filter");
    }
}

void nic_validate(const struct domain_def *def, size_t i, bool files,
                  struct diag *dg)
{
    const struct nic_def *nic = &def->nics[i];

    check_source(nic, files, dg);
    check_driver(nic, def_nic_is_emulated(def, nic), dg);
    if (nic->target != NULL && !good_name(nic->target)) {
        diag_error(dg, nic->line, "<interface>: '%s' is not the name of an "
                   "interface", nic->target);
    }
    for (size_t k = 0; k < i; k++) {
        if (memcmp(def->nics[k].mac, nic->mac, 6) == 0) {
            diag_error(dg, nic->line, "<interface>: its MAC address is used "
                       "on line %u already", def->nics[k].line);
        }
        if (def->nics[k].devid == nic->devid) {
            diag_error(dg, nic->line, "<interface>: net%u is used on line %u "
                       "already", nic->devid, def->nics[k].line);
        }
    }
}

/* ---- format ------------------------------------------------------------------ */

static const char *dec(char buf[16], unsigned int value)
{
    snprintf(buf, 16, "%u", value);
    return value == 0 ? NULL : buf;
}

static void format_options(const struct nic_def *nic, struct xml_out *o)
{
    char n[16];

    if (nic->rate_kib != 0) {
        xml_open(o, "bandwidth", NULL);
        xml_empty(o, "outbound", "average", dec(n, nic->rate_kib), NULL);
        xml_close(o, "bandwidth");
    }
    if (nic->target != NULL) {
        xml_empty(o, "target", "dev", nic->target, NULL);
    }
    if (nic->model != NULL) {
        xml_empty(o, "model", "type", nic->model, NULL);
    }
    xml_empty(o, "driver", "name", nic->driver, "queues",
              dec(n, nic->queues), NULL);
    if (nic->check_mac) {
        xml_empty(o, "filterref", "filter", "no-mac-spoofing", NULL);
    }
    if (nic->mtu != 0) {
        xml_empty(o, "mtu", "size", dec(n, nic->mtu), NULL);
    }
}

void nic_format(const struct domain_def *def, size_t i, struct xml_out *o)
{
    const struct nic_def *nic = &def->nics[i];
    char mac[18], alias[16];

    xml_open(o, "interface", "type", type_names[nic->type], NULL);
    snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", nic->mac[0],
             nic->mac[1], nic->mac[2], nic->mac[3], nic->mac[4], nic->mac[5]);
    xml_empty(o, "mac", "address", mac, NULL);
    if (nic->bridge != NULL || nic->network != NULL) {
        xml_empty(o, "source", "network", nic->network, "bridge", nic->bridge,
                  NULL);
    }
    if (nic->ip != NULL) {
        xml_empty(o, "ip", "address", nic->ip, NULL);
    }
    format_options(nic, o);
    snprintf(alias, sizeof(alias), "net%u", nic->devid);
    if (nic->devid != i) {
        xml_empty(o, "alias", "name", alias, NULL);
    }
    xml_close(o, "interface");
}
