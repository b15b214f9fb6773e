/* SPDX-License-Identifier: MIT */
/*
 * getopt_long and the words within options.  Whether a file can be opened is
 * left to its device.  Covered by tests/unit/hvm-emu/frame/test_options.c.
 */
#include <run/options.h>

#include <lib/err.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VCPUS   128u
#define MIN_KIB     4096u
#define EMPTY_DIR   "/run/paravane-empty"

typedef int option_fn(struct emu_config *c, char *arg);

static int number(const char *s, unsigned long long max,
                  unsigned long long *v)
{
    char *end;

    errno = 0;
    *v = strtoull(s, &end, 10);
    return *s >= '0' && *s <= '9' && *end == '\0' && errno == 0 && *v <= max
           ? 0 : -EINVAL;
}

/* Cuts @*rest at the next comma. */
static char *word(char **rest)
{
    char *start = *rest;

    if (start != NULL) {
        *rest = strchr(start, ',');
        if (*rest != NULL) {
            *(*rest)++ = '\0';
        }
    }
    return start;
}

static int opt_domid(struct emu_config *c, char *arg)
{
    unsigned long long v;
    int rc = number(arg, 0x7fef, &v);

    c->domid = rc == 0 ? (unsigned int)v : 0;
    return rc;
}

static int opt_memory(struct emu_config *c, char *arg)
{
    unsigned long long v;
    int rc = number(arg, 1ull << 32, &v);

    c->memory_kib = rc == 0 ? v : 0;
    return rc == 0 && v < MIN_KIB ? -EINVAL : rc;
}

static int opt_vcpus(struct emu_config *c, char *arg)
{
    unsigned long long v;
    int rc = number(arg, MAX_VCPUS, &v);

    c->nr_vcpus = rc == 0 ? (unsigned int)v : 0;
    return rc == 0 && v == 0 ? -EINVAL : rc;
}

/* "BUS:UNIT" */
static struct emu_disk *place(struct emu_config *c, const char *s)
{
    struct emu_disk *d;

    if (s == NULL || strlen(s) != 3 || s[1] != ':' || s[0] < '0' ||
        s[0] > '1' || s[2] < '0' || s[2] > '1') {
        return NULL;
    }
    d = &c->disk[(s[0] - '0') * 2 + (s[2] - '0')];
    if (d->present) {
        return NULL;
    }
    d->present = true;
    d->index = (unsigned int)(d - c->disk);
    return d;
}

/* BUS:UNIT,raw|qcow2,ro|rw,PATH */
static int opt_disk(struct emu_config *c, char *arg)
{
    struct emu_disk *d = place(c, word(&arg));
    const char *format = word(&arg);
    const char *mode = word(&arg);

    if (d == NULL || format == NULL || mode == NULL || arg == NULL ||
        *arg == '\0' || (strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0) ||
        (strcmp(format, "raw") != 0 && strcmp(format, "qcow2") != 0)) {
        return -EINVAL;
    }
    snprintf(d->format, sizeof(d->format), "%s", format);
    d->readonly = strcmp(mode, "ro") == 0;
    d->path = arg;
    return 0;
}

/* BUS:UNIT,PATH */
static int opt_cdrom(struct emu_config *c, char *arg)
{
    struct emu_disk *d = place(c, word(&arg));

    if (d == NULL) {
        return -EINVAL;
    }
    d->cdrom = d->readonly = true;
    snprintf(d->format, sizeof(d->format), "raw");
    d->path = arg != NULL && *arg != '\0' ? arg : NULL;
    return 0;
}

static int nic_word(struct emu_nic *n, char *w)
{
    unsigned long long v;
    unsigned int *m = (unsigned int[6]){ 0 };
    int i;

    if (strncmp(w, "mac=", 4) == 0) {
        if (strlen(w + 4) != 17 ||
            sscanf(w + 4, "%2x:%2x:%2x:%2x:%2x:%2x", &m[0], &m[1], &m[2],
                   &m[3], &m[4], &m[5]) != 6) {
            return -EINVAL;
        }
        for (i = 0; i < 6; i++) {
            n->mac[i] = (uint8_t)m[i];
        }
    } else if (strncmp(w, "tap=", 4) == 0) {
        n->tap = w + 4;
    } else if (strncmp(w, "bridge=", 7) == 0) {
        n->bridge = w + 7;
    } else if (strncmp(w, "mtu=", 4) == 0) {
        if (number(w + 4, 65535, &v) != 0) {
            return -EINVAL;
        }
        n->mtu = (uint32_t)v;
    } else if (strcmp(w, "user") != 0) {
        return -EINVAL;
    }
    return 0;
}

static int opt_nic(struct emu_config *c, char *arg)
{
    unsigned int i = 0;
    int rc = 0;

    while (i < EMU_MAX_NICS && c->nic[i].present) {
        i++;
    }
    if (i == EMU_MAX_NICS) {
        return -EINVAL;
    }
    c->nic[i].present = true;
    c->nic[i].fd = -1;
    while (arg != NULL && rc == 0) {
        rc = nic_word(&c->nic[i], word(&arg));
    }
    return rc;
}

static int opt_uuid(struct emu_config *c, char *arg)
{
    unsigned int digits = 0;

    for (; *arg != '\0'; arg++) {
        const char *hex = "0123456789abcdef";
        const char *p = strchr(hex, *arg | 0x20);

        if (*arg == '-') {
            continue;
        }
        if (p == NULL || *p == '\0' || digits == 32) {
            return -EINVAL;
        }
        c->uuid[digits / 2] = (uint8_t)(c->uuid[digits / 2] << 4 | (p - hex));
        digits++;
    }
    return digits == 32 ? 0 : -EINVAL;
}

#define TEXT(name) \
    static int opt_##name(struct emu_config *c, char *arg) \
    { \
        c->name = arg; \
        return 0; \
    }
TEXT(bios)
TEXT(vgabios)
TEXT(kernel)
TEXT(initrd)
TEXT(cmdline)
TEXT(boot)
TEXT(serial)
TEXT(vga)
TEXT(vnc)
TEXT(control)
TEXT(empty)
TEXT(state)

static int opt_sandbox(struct emu_config *c, char *arg)
{
    c->sandbox = true;
    return 0;
}

static int opt_no_xen_platform(struct emu_config *c, char *arg)
{
    c->no_xen_platform = true;
    return 0;
}

static const struct {
    const char *name;
    int has_arg;
    option_fn *fn;
} rows[] = {
    { "domid", 1, opt_domid },     { "memory", 1, opt_memory },
    { "vcpus", 1, opt_vcpus },     { "bios", 1, opt_bios },
    { "vgabios", 1, opt_vgabios }, { "kernel", 1, opt_kernel },
    { "initrd", 1, opt_initrd },   { "cmdline", 1, opt_cmdline },
    { "boot", 1, opt_boot },       { "disk", 1, opt_disk },
    { "cdrom", 1, opt_cdrom },     { "nic", 1, opt_nic },
    { "serial", 1, opt_serial },   { "vga", 1, opt_vga },
    { "vnc", 1, opt_vnc },         { "empty", 1, opt_empty },
    { "state", 1, opt_state },     { "uuid", 1, opt_uuid },
    { "control", 1, opt_control }, { "sandbox", 0, opt_sandbox },
    { "no-xen-platform", 0, opt_no_xen_platform },
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static int check(const struct emu_config *c, struct err *e)
{
    if (!c->sandbox && (c->domid == 0 || c->memory_kib == 0)) {
        return err_set(e, -EINVAL, ERR_USAGE, "options are missing", NULL,
                       "--domid and --memory are needed");
    }
    return 0;
}

int options_parse(struct emu_config *c, int argc, char **argv, struct err *e)
{
    struct option longs[NR_ROWS + 1];
    unsigned int i;
    int at, rc;

    memset(c, 0, sizeof(*c));
    memset(longs, 0, sizeof(longs));
    c->nr_vcpus = 1;
    c->boot = "cd";
    c->empty = EMPTY_DIR;
    for (i = 0; i < NR_ROWS; i++) {
        longs[i].name = rows[i].name;
        longs[i].has_arg = rows[i].has_arg;
        longs[i].val = 1;
    }
    optind = 0;
    opterr = 0;
    while ((rc = getopt_long(argc, argv, "", longs, &at)) != -1) {
        if (rc != 1 || rows[at].fn(c, optarg) != 0) {
            return err_set(e, -EINVAL, ERR_USAGE, "an option is wrong",
                           argv[optind - 1], rc == 1
                           ? "its value makes no sense" : "it is unknown");
        }
    }
    if (optind != argc) {
        return err_set(e, -EINVAL, ERR_USAGE, "an option is wrong",
                       argv[optind], "it is none");
    }
    return check(c, e);
}
