/* SPDX-License-Identifier: MIT */
/*
 * The chain of files of a qcow2 image.  Only the first cluster is read, once,
 * into memory of our own; every offset is checked against what was read.
 * Covered by tests/unit/pvdrv/test_qcow2.c.
 */
#include <back/qcow2.h>

#include <lib/err.h>
#include <lib/imglock.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC           0x514649fbu   /* "QFI\xfb" */
#define HEAD_BYTES      65536u
#define V2_BYTES        72u
#define EXT_BACKING     0xe2792acau
#define EXT_DATA_FILE   0x44415441u
#define INCOMPAT_DATA   (1ull << 2)
#define NAME_MAX_BYTES  1023u

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return be32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return be64toh(v);
}

struct head {
    uint8_t  bytes[HEAD_BYTES];
    size_t   len;
    char     name[NAME_MAX_BYTES + 1]; /* of the backing file; "": none */
    char     format[32];               /* its format, "": not said */
    uint64_t size;
};

static int bad(const char *path, const char *why, struct err *e)
{
    return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the qcow2 image", path,
                   "%s", why);
}

/* The area between the fixed header and the backing file's name. */
static void read_extensions(struct head *h, size_t at)
{
    while (at + 8 <= h->len) {
        uint32_t type = get32(h->bytes + at), len = get32(h->bytes + at + 4);

        at += 8;
        if (type == 0 || len > h->len - at) {
            return;
        }
        if (type == EXT_BACKING && len < sizeof(h->format)) {
            memcpy(h->format, h->bytes + at, len);
            h->format[len] = '\0';
        }
        at += (len + 7) & ~(size_t)7;
    }
}

static int read_name(struct head *h, const char *path, struct err *e)
{
    uint64_t at = get64(h->bytes + 8);
    uint32_t len = get32(h->bytes + 16);

    if (at == 0) {
        return 0;
    }
    if (len == 0 || len > NAME_MAX_BYTES || at > h->len ||
        len > h->len - at || memchr(h->bytes + at, 0, len) != NULL) {
        return bad(path, "the name of its backing file is out of place", e);
    }
    memcpy(h->name, h->bytes + at, len);
    h->name[len] = '\0';
    return 0;
}

static int parse(struct head *h, const char *path, struct err *e)
{
    uint32_t version;

    if (h->len < V2_BYTES || get32(h->bytes) != MAGIC) {
        return bad(path, "it is not one", e);
    }
    version = get32(h->bytes + 4);
    h->size = get64(h->bytes + 24);
    if (version != 2 && version != 3) {
        return bad(path, "not version 2 or 3", e);
    }
    if (get32(h->bytes + 32) != 0) {
        return bad(path, "encryption is not supported", e);
    }
    if (version == 3 && h->len >= 104) {
        if ((get64(h->bytes + 72) & INCOMPAT_DATA) != 0) {
            return bad(path, "an external data file is not supported", e);
        }
        read_extensions(h, get32(h->bytes + 100));
    } else {
        read_extensions(h, V2_BYTES);
    }
    return read_name(h, path, e);
}

/* ---- the chain ---------------------------------------------------------------- */

static int open_file(struct qcow2_file *f, bool backing, struct err *e)
{
    struct stat st;
    int rc;

    f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0) {
        return err_errno(e, -errno, "cannot open the disk image", "%s",
                         f->path);
    }
    if (fstat(f->fd, &st) != 0 ||
        (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))) {
        return bad(f->path, "neither a file nor a block device", e);
    }
    rc = backing ? imglock_take(f->fd, false) : 0;
    return rc == 0 ? 0 : err_set(e, rc, ERR_STATE, "cannot lock the backing "
                                 "file", f->path, "another program writes it");
}

/* Relative to the image that names it, as QEMU has it. */
static int backing_path(const struct qcow2_file *f, const struct head *h,
                        char path[PATH_MAX], struct err *e)
{
    char copy[PATH_MAX];

    if (strncmp(h->name, "json:", 5) == 0 ||
        strcspn(h->name, ":") < strcspn(h->name, "/")) {
        return bad(f->path, "its backing file is not a plain path", e);
    }
    snprintf(copy, sizeof(copy), "%s", f->path);
    if (snprintf(path, PATH_MAX, "%s%s%s", h->name[0] == '/' ? "" :
                 dirname(copy), h->name[0] == '/' ? "" : "/", h->name) >=
        PATH_MAX) {
        return bad(f->path, "the path of its backing file is too long", e);
    }
    return 0;
}

static int next_file(struct qcow2_chain *c, const struct head *h,
                     struct err *e)
{
    const struct qcow2_file *f = &c->files[c->nr - 1];
    struct qcow2_file *b = &c->files[c->nr];

    if (c->nr == QCOW2_MAX_CHAIN) {
        return bad(f->path, "more than 16 files, or one of them twice", e);
    }
    if (strcmp(h->format, "raw") != 0 && strcmp(h->format, "qcow2") != 0) {
        return bad(f->path, "it does not say that its backing file is raw or "
                   "qcow2 (qemu-img rebase -u -b FILE -F FORMAT)", e);
    }
    b->qcow2 = strcmp(h->format, "qcow2") == 0;
    c->nr++;
    b->fd = -1;
    return backing_path(f, h, b->path, e);
}

static int look(struct qcow2_chain *c, struct head *h, struct err *e)
{
    struct qcow2_file *f = &c->files[c->nr - 1];
    ssize_t len;
    int rc = open_file(f, c->nr > 1, e);

    if (rc != 0 || !f->qcow2) {
        return rc;
    }
    memset(h, 0, sizeof(*h));
    len = pread(f->fd, h->bytes, sizeof(h->bytes), 0);
    if (len < 0) {
        return err_errno(e, -errno, "cannot read the disk image", "%s",
                         f->path);
    }
    h->len = (size_t)len;
    rc = parse(h, f->path, e);
    f->bytes = h->size;
    return rc;
}

int qcow2_open(struct qcow2_chain *c, const char *path, struct err *e)
{
    struct head *h = malloc(sizeof(*h));
    bool more = true;
    int rc = h == NULL ? err_errno(e, -ENOMEM, "cannot open", "%s", path) : 0;

    c->nr = 1;
    c->files[0].qcow2 = true;
    c->files[0].fd = -1;
    snprintf(c->files[0].path, sizeof(c->files[0].path), "%s", path);
    while (rc == 0 && more) {
        rc = look(c, h, e);
        more = c->files[c->nr - 1].qcow2 && rc == 0 && h->name[0] != '\0';
        if (more) {
            rc = next_file(c, h, e);
        }
    }
    free(h);
    if (rc != 0) {
        qcow2_close(c);
    }
    return rc;
}

void qcow2_close(struct qcow2_chain *c)
{
    for (unsigned int i = 0; i < c->nr; i++) {
        if (c->files[i].fd >= 0) {
            close(c->files[i].fd);
        }
        c->files[i].fd = -1;
    }
    c->nr = 0;
}
