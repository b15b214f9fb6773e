/* SPDX-License-Identifier: MIT */
/*
 * <disk>: reading its parts, its defaults, what cannot work, its text.
 * The row is in device_kinds.c.  Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_disk.h>
#include <config/xml_table.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE(n) ((unsigned int)xmlGetLineNo(n))

static struct disk_def *last(struct xml_reader *r)
{
    return &r->def->disks[r->def->nr_disks - 1];
}

/* ---- parse ---------------------------------------------------------------- */

static void disk_type(struct xml_reader *r, xmlNode *n, struct disk_def *d)
{
    char *type = xml_attr(n, "type");

    if (type == NULL || strcmp(type, "file") == 0) {
        d->type = DISK_FILE;
    } else if (strcmp(type, "block") == 0) {
        d->type = DISK_BLOCK;
    } else {
        d->type = DISK_NETWORK;
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<disk type='%s'> "
                         "is not supported, only 'file' and 'block'", type);
    }
    free(type);
}

static void disk_device(struct xml_reader *r, xmlNode *n, struct disk_def *d)
{
    char *device = xml_attr(n, "device");

    if (device == NULL || strcmp(device, "disk") == 0) {
        d->device = DISK_DISK;
    } else if (strcmp(device, "cdrom") == 0) {
        d->device = DISK_CDROM;
        d->readonly = true;
    } else {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<disk device='%s'>"
                         " is not supported, only 'disk' and 'cdrom'", device);
    }
    free(device);
}

void device_take_disk(struct xml_reader *r, xmlNode *n)
{
    /* Without memory the children must still find a disk: stop instead. */
    struct disk_def *d = DEF_GROW(r->def->disks, r->def->nr_disks);

    if (d == NULL) {
        abort();
    }
    d->line = LINE(n);
    disk_type(r, n, d);
    disk_device(r, n, d);
}

static void disk_discard(struct xml_reader *r, xmlNode *n, struct disk_def *d)
{
    char *discard = xml_attr(n, "discard");

    if (discard != NULL && strcmp(discard, "unmap") == 0) {
        d->discard = DISCARD_UNMAP;
    } else if (discard != NULL && strcmp(discard, "ignore") == 0) {
        d->discard = DISCARD_IGNORE;
    } else if (discard != NULL) {
        diag_error(r->dg, LINE(n), "<driver>: discard '%s' is neither 'unmap'"
                   " nor 'ignore'", discard);
    }
    free(discard);
}

void device_take_disk_driver(struct xml_reader *r, xmlNode *n)
{
    struct disk_def *d = last(r);

    free(d->driver);
    free(d->format);
    d->driver = xml_attr(n, "name");
    d->format = xml_attr(n, "type");
    disk_discard(r, n, d);
}

void device_take_disk_source(struct xml_reader *r, xmlNode *n)
{
    struct disk_def *d = last(r);
    const char *wanted = d->type == DISK_BLOCK ? "dev" : "file";
    const char *other = d->type == DISK_BLOCK ? "file" : "dev";
    char *unexpected = xml_attr(n, other);

    free(d->source);
    d->source = xml_attr(n, wanted);
    if (d->type != DISK_NETWORK && unexpected != NULL) {
        diag_error(r->dg, LINE(n), "<source>: a disk of type '%s' is named by "
                   "%s=, not %s=", d->type == DISK_BLOCK ? "block" : "file",
                   wanted, other);
    }
    free(unexpected);
}

void device_take_disk_target(struct xml_reader *r, xmlNode *n)
{
    struct disk_def *d = last(r);

    free(d->target);
    free(d->bus);
    d->target = xml_attr(n, "dev");
    d->bus = xml_attr(n, "bus");
}

void device_take_disk_readonly(struct xml_reader *r, xmlNode *n)
{
    last(r)->readonly = true;
}

void device_take_disk_transient(struct xml_reader *r, xmlNode *n)
{
    last(r)->transient = true;
    diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<transient/> is not "
                     "supported: writes go to the image");
}

/* ---- defaults --------------------------------------------------------------- */

size_t disk_count(const struct domain_def *def)
{
    return def->nr_disks;
}

void disk_defaults(struct domain_def *def, size_t i)
{
    struct disk_def *d = &def->disks[i];

    if (d->driver == NULL) {
        d->driver = strdup("qemu");
    }
    if (d->format == NULL) {
        d->format = strdup("raw");
    }
    if (d->bus == NULL) {              /* an hdX is one of the IDE's */
        d->bus = strdup(def->type == GUEST_HVM && d->target != NULL &&
                        strncmp(d->target, "hd", 2) == 0 ? "ide" : "xen");
    }
    d->backend = d->driver != NULL && strcmp(d->driver, "phy") == 0
                     ? BACKEND_KERNEL : BACKEND_OURS;
    if (d->target != NULL && !def_vdev_from_name(d->target, &d->vdev)) {
        d->vdev = 0;
    }
}

void disk_name(const struct domain_def *def, size_t i, char name[DEVICE_NAME])
{
    if (def->disks[i].target != NULL) {
        snprintf(name, DEVICE_NAME, "%s", def->disks[i].target);
    }
}

/* ---- validate --------------------------------------------------------------- */

static bool one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

static void check_qcow2(const struct disk_def *d, struct diag *dg)
{
    if (d->backend == BACKEND_KERNEL) {
        diag_error(dg, d->line, "disk %s: driver 'phy' knows raw images only",
                   d->target);
    }
}

static void check_driver(const struct disk_def *d, struct diag *dg)
{
    static const char *const drivers[] = {
        "qemu", "tap", "tap2", "file", "phy", NULL,
    };
    static const char *const formats[] = {
        "qcow", "qed", "vhd", "vmdk", "vdi", NULL,
    };

    if (!one_of(d->driver, drivers)) {
        diag_error(dg, d->line, "disk %s: unknown driver '%s'", d->target,
                   d->driver);
    }
    if (one_of(d->format, formats)) {
        diag_error_class(dg, ERR_UNSUPPORTED, d->line, "disk %s: format '%s' "
                         "is not supported; convert it: qemu-img convert -O "
                         "raw IMAGE NEW", d->target, d->format);
    } else if (strcmp(d->format, "qcow2") == 0) {
        check_qcow2(d, dg);
    } else if (strcmp(d->format, "raw") != 0 &&
               strcmp(d->format, "aio") != 0) {
        diag_error(dg, d->line, "disk %s: unknown format '%s'", d->target,
                   d->format);
    }
}

static void check_bus(const struct domain_def *def, const struct disk_def *d,
                      struct diag *dg)
{
    if (strcmp(d->bus, "xen") == 0) {
        return;
    }
    if (def->type != GUEST_HVM) {
        diag_warn(dg, d->line, "disk %s: bus '%s' is not honoured, the guest "
                  "sees the xen bus", d->target, d->bus);
    } else if (strcmp(d->bus, "ide") != 0) {
        diag_error_class(dg, ERR_UNSUPPORTED, d->line, "disk %s: bus '%s' is "
                         "not supported, only 'ide' and 'xen'", d->target,
                         d->bus);
    } else if (def_disk_ide_unit(def, d) < 0) {
        diag_error(dg, d->line, "disk %s: a disk on the bus 'ide' is one of "
                   "hda, hdb, hdc, hdd", d->target);
    }
}

static void check_target(const struct domain_def *def, size_t i,
                         struct diag *dg)
{
    const struct disk_def *d = &def->disks[i];

    if (d->vdev == 0) {
        diag_error(dg, d->line, "disk %s: the target is not a disk name such "
                   "as xvda", d->target);
        return;
    }
    for (size_t k = 0; k < i; k++) {
        if (def->disks[k].vdev == d->vdev) {
            diag_error(dg, d->line, "disk %s: the target is used on line %u "
                       "already", d->target, def->disks[k].line);
        }
    }
    check_bus(def, d, dg);
}

static void check_source_kind(const struct disk_def *d, const struct stat *st,
                              struct diag *dg)
{
    bool block = S_ISBLK(st->st_mode);

    if (d->type == DISK_BLOCK && !block) {
        diag_error(dg, d->line, "disk %s: %s is not a block device", d->target,
                   d->source);
    } else if (!block && !S_ISREG(st->st_mode)) {
        diag_error(dg, d->line, "disk %s: %s is neither a file nor a block "
                   "device", d->target, d->source);
    } else if (!block && st->st_size < 512) {
        diag_error(dg, d->line, "disk %s: %s is smaller than one sector",
                   d->target, d->source);
    }
}

static void check_source(const struct disk_def *d, struct diag *dg)
{
    struct stat st;

    if (stat(d->source, &st) != 0) {
        diag_error(dg, d->line, "disk %s: %s: %s", d->target, d->source,
                   strerror(errno));
    } else if (access(d->source, d->readonly ? R_OK : R_OK | W_OK) != 0) {
        diag_error(dg, d->line, "disk %s: %s: %s", d->target, d->source,
                   strerror(errno));
    } else {
        check_source_kind(d, &st, dg);
    }
}

void disk_validate(const struct domain_def *def, size_t i, bool files,
                   struct diag *dg)
{
    const struct disk_def *d = &def->disks[i];

    if (d->target == NULL) {
        diag_error(dg, d->line, "<disk> has no <target dev='xvdX'/>");
        return;
    }
    check_driver(d, dg);
    check_target(def, i, dg);
    if (d->source == NULL && d->device == DISK_CDROM) {
        if (d->backend == BACKEND_OURS) {
            return;
        }
        diag_warn(dg, d->line, "disk %s: an empty drive is not shown by the "
                  "kernel's back end", d->target);
    } else if (d->source == NULL) {
        diag_error(dg, d->line, "disk %s: <source> is missing", d->target);
    } else if (d->source[0] != '/') {
        diag_error(dg, d->line, "disk %s: the source '%s' is not an absolute "
                   "path", d->target, d->source);
    } else if (files) {
        check_source(d, dg);
    }
}

/* ---- format ------------------------------------------------------------------ */

void disk_format(const struct domain_def *def, size_t i, struct xml_out *o)
{
    static const char *const types[] = { "file", "block", "network" };
    static const char *const discards[] = { NULL, "unmap", "ignore" };
    const struct disk_def *d = &def->disks[i];

    xml_open(o, "disk", "type", types[d->type], "device",
             d->device == DISK_CDROM ? "cdrom" : "disk", NULL);
    xml_empty(o, "driver", "name", d->driver, "type", d->format, "discard",
              discards[d->discard], NULL);
    if (d->source != NULL) {
        xml_empty(o, "source", d->type == DISK_BLOCK ? "dev" : "file",
                  d->source, NULL);
    }
    xml_empty(o, "target", "dev", d->target, "bus", d->bus, NULL);
    if (d->readonly) {
        xml_empty(o, "readonly", NULL);
    }
    xml_close(o, "disk");
}
