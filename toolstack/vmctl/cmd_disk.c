/* SPDX-License-Identifier: MIT */
/*
 * Verbs about disks: attach-disk, detach-disk, domblklist, blockresize,
 * change-media.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/disks.sh.
 */
#include <config/device_edit.h>
#include <ctype.h>
#include <devices/disk_live.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmctl/scope.h>

/* Types of XML and of virsh's options. */
static int disk_device(struct ctl *c, struct disk_def *d, struct err *e)
{
    if (c->type == NULL || strcmp(c->type, "disk") == 0) {
        d->device = DISK_DISK;
    } else if (strcmp(c->type, "cdrom") == 0) {
        d->device = DISK_CDROM;
    } else {
        return err_set(e, -EINVAL, ERR_USAGE, "not a type of disk", c->type,
                       "--type is disk or cdrom");
    }
    d->readonly = c->readonly || d->device == DISK_CDROM;
    return 0;
}

static int fill(struct ctl *c, const char *source, const char *target,
                struct disk_def *d, struct err *e)
{
    struct stat st;

    if (stat(source, &st) == 0 && S_ISBLK(st.st_mode)) {
        d->type = DISK_BLOCK;
    }
    d->source = strdup(source);
    d->target = strdup(target);
    d->driver = c->driver == NULL ? NULL : strdup(c->driver);
    d->format = c->subdriver == NULL ? NULL : strdup(c->subdriver);
    return disk_device(c, d, e);
}

int cmd_attach_disk(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def piece;
    struct disk_def *d;
    int rc;

    def_init(&piece);
    piece.type = GUEST_PV;
    d = DEF_GROW(piece.disks, piece.nr_disks);
    rc = d == NULL ? -ENOMEM : fill(c, argv[1], argv[2], d, e);
    if (rc == 0) {
        rc = scope_attach(c, argv[0], "disk", &piece, e);
    }
    def_fini(&piece);
    return rc;
}

int cmd_detach_disk(struct ctl *c, int argc, char **argv, struct err *e)
{
    return scope_detach(c, argv[0], "disk", argv[1], e);
}

/* ---- the list ------------------------------------------------------------------ */

static const char *type_word(const struct disk_def *d)
{
    return d->type == DISK_BLOCK ? "block" : "file";
}

static const char *device_word(const struct disk_def *d)
{
    return d->device == DISK_CDROM ? "cdrom" : "disk";
}

static void list_json(const struct dom *d, const struct domain_def *def)
{
    json_object *o = out_object("DiskList"), *list = json_object_new_array();

    out_add(o, "name", d->name);
    for (size_t i = 0; i < def->nr_disks; i++) {
        const struct disk_def *disk = &def->disks[i];
        json_object *row = json_object_new_object();

        out_add(row, "target", disk->target);
        out_add(row, "source", disk->source);
        out_add(row, "type", type_word(disk));
        out_add(row, "device", device_word(disk));
        out_add(row, "format", disk->format);
        out_add_bool(row, "readonly", disk->readonly);
        json_object_array_add(list, row);
    }
    json_object_object_add(o, "disks", list);
    out_json(o);
}

static void list_text(struct ctl *c, const struct domain_def *def)
{
    if (!c->no_header) {
        printf(c->details ? "Type     Device   Target     Source\n"
                          : "Target     Source\n");
    }
    for (size_t i = 0; i < def->nr_disks; i++) {
        const struct disk_def *d = &def->disks[i];

        if (c->details) {
            printf("%-8s %-8s ", type_word(d), device_word(d));
        }
        printf("%-10s %s\n", d->target, d->source == NULL ? "-" : d->source);
    }
}

int cmd_domblklist(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct domain_def def;
    struct dom d;
    int rc = dom_find(c, argv[0], &d, e);

    if (rc != 0) {
        return rc;
    }
    def_init(&def);
    rc = dom_def(&d, &def, e);
    if (rc == 0 && c->json) {
        list_json(&d, &def);
    } else if (rc == 0 && !c->quiet) {
        list_text(c, &def);
    }
    def_fini(&def);
    return rc;
}

/* ---- size -------------------------------------------------------------------------- */

/* "20G": bytes with a suffix of 1024s; KiB without one, as virsh has it. */
static int parse_size(const char *text, uint64_t *bytes, struct err *e)
{
    static const char units[] = "bkmgt";
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end == '\0' ? units + 1
                       : strchr(units, tolower((unsigned char)*end));
    unsigned int shift;

    if (!isdigit((unsigned char)text[0]) || n == 0 || unit == NULL ||
        (*end != '\0' && end[1] != '\0' && strcasecmp(end + 1, "ib") != 0)) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a size", text,
                       "a number of KiB, or with b, k, m, g or t");
    }
    shift = 10 * (unsigned int)(unit - units);
    if (n > (unsigned long long)INT64_MAX >> shift || (n << shift) % 512 != 0) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a size", text,
                       "not whole sectors, or too large");
    }
    *bytes = (uint64_t)n << shift;
    return 0;
}

static int resize(struct change *live, struct domain_def *def, size_t i,
                  void *arg, struct err *e)
{
    if (def->disks[i].source == NULL || def->disks[i].readonly) {
        return err_set(e, -EROFS, ERR_STATE, "cannot change the size",
                       def->disks[i].target, "the disk is read-only or has "
                       "no medium");
    }
    return disk_resize(&live->devices, i, *(uint64_t *)arg, &live->wait, e);
}

int cmd_blockresize(struct ctl *c, int argc, char **argv, struct err *e)
{
    uint64_t bytes = 0;
    const struct scope_edit edit = {
        .element = "disk", .name = argv[1], .event = "resized",
        .action = "resized", .words = "has a disk of another size",
        .fn = resize, .arg = &bytes,
    };
    int rc = argc < 3 ? 0 : parse_size(argv[2], &bytes, e);

    c->live = true;
    return rc == 0 ? scope_change(c, argv[0], &edit, e) : rc;
}

/* ---- medium ------------------------------------------------------------------------ */

struct medium {
    struct ctl *c;
    const char *file;                  /* NULL: none */
};

static int check_drive(const struct medium *m, const struct disk_def *d,
                       struct err *e)
{
    if (d->device != DISK_CDROM) {
        return err_set(e, -EINVAL, ERR_STATE, "not a drive", d->target,
                       "only a cdrom has a medium that can change");
    }
    if (m->c->insert && d->source != NULL) {
        return err_set(e, -EEXIST, ERR_STATE, "the drive is not empty",
                       d->target, "%s is in it", d->source);
    }
    if (m->c->eject && d->source == NULL) {
        return err_set(e, -ENOENT, ERR_STATE, "the drive is empty",
                       d->target, "there is nothing to take out");
    }
    return 0;
}

static int change_medium(struct change *live, struct domain_def *def,
                         size_t i, void *arg, struct err *e)
{
    struct disk_def *d = &def->disks[i];
    const struct medium *m = arg;
    char *before = d->source;
    int rc = check_drive(m, d, e);

    if (rc != 0) {
        return rc;
    }
    d->source = m->file == NULL ? NULL : strdup(m->file);
    if (live != NULL) {
        rc = disk_medium(&live->devices, i, &live->wait, e);
    }
    if (rc != 0) {
        free(d->source);
        d->source = before;
        return rc;
    }
    free(before);
    return 0;
}

static int check_file(const char *file, struct err *e)
{
    if (file[0] != '/') {
        return err_set(e, -EINVAL, ERR_USAGE, "not an absolute path", file,
                       "a medium is an image with its whole path");
    }
    return access(file, R_OK) == 0
               ? 0 : err_errno(e, -errno, "cannot read the medium", "%s",
                               file);
}

int cmd_change_media(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct medium m = { .c = c, .file = argc > 2 ? argv[2] : NULL };
    const struct scope_edit edit = {
        .element = "disk", .name = argv[1], .event = "media-changed",
        .action = "media-changed",
        .words = m.file == NULL ? "has an empty drive" : "has a new medium",
        .fn = change_medium, .arg = &m,
    };
    int rc = 0;

    if (c->eject ? m.file != NULL : m.file == NULL) {
        return err_set(e, -EINVAL, ERR_USAGE, "change-media", argv[1],
                       "either --eject or a FILE");
    }
    if (m.file != NULL) {
        rc = check_file(m.file, e);
    }
    return rc == 0 ? scope_change(c, argv[0], &edit, e) : rc;
}
