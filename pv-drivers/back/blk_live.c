/* SPDX-License-Identifier: MIT */
/*
 * Grow and change of medium.  Growing only needs a number in the serving
 * process; another medium needs another process, which goes on in the ring
 * where the old one stopped.  Covered by tests/boot/dom0/disks.sh.
 */
#include <back/blk_live.h>

#include <back/blk_device.h>
#include <back/blk_image.h>
#include <back/device.h>
#include <back/device_child.h>
#include <back/serve.h>
#include <client/xs.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR  512u
#define LOOK_NS 5000000000ull

/* The frontend looks at "sectors" whenever "state" is written. */
static void announce(struct device *d)
{
    keys_write_u64(d->back->xs, d->path, "sectors", d->disk.sectors);
    keys_write_state(d->back->xs, d->path, XenbusStateConnected);
}

/* ---- size ------------------------------------------------------------------------ */

static int grow(struct device *d, struct blk_image *img, uint64_t bytes,
                struct err *e)
{
    uint64_t have = img->sectors * SECTOR;

    if (bytes == 0 || bytes == have) {
        return 0;
    }
    if (img->is_device) {
        return err_set(e, -EINVAL, ERR_STATE, "cannot change the size",
                       d->disk.image_path, "a host block device of %llu bytes"
                       " has a size of its own", (unsigned long long)have);
    }
    if (bytes < have) {
        return err_set(e, -EINVAL, ERR_STATE, "a disk in use can only grow",
                       d->disk.image_path, "it has %llu bytes",
                       (unsigned long long)have);
    }
    if (ftruncate(img->fd, (off_t)bytes) != 0) {
        return err_errno(e, -errno, "cannot make the image larger", "%s",
                         d->disk.image_path);
    }
    return blk_image_measure(img);
}

/* @bytes: in, what is wanted; out, what it has. */
static int resize_raw(struct device *d, uint64_t *bytes, struct err *e)
{
    struct blk_image img;
    int rc = blk_image_open(&img, d->disk.image_path,
                            d->disk.readonly || *bytes == 0, e);

    if (rc != 0) {
        return rc;
    }
    rc = grow(d, &img, *bytes, e);
    blk_image_close(&img);
    *bytes = img.sectors * SECTOR;
    return rc;
}

static int resize_qcow2(struct device *d, uint64_t *bytes, struct err *e)
{
    if (*bytes == 0) {
        *bytes = d->disk.daemon.bytes;
    }
    if (*bytes < d->disk.daemon.bytes) {
        return err_set(e, -EINVAL, ERR_STATE, "a disk in use can only grow",
                       d->disk.image_path, "it has %llu bytes",
                       (unsigned long long)d->disk.daemon.bytes);
    }
    return *bytes == d->disk.daemon.bytes
               ? 0 : storaged_resize(&d->disk.daemon, *bytes, e);
}

static int resize(struct device *d, uint64_t bytes, struct err *e)
{
    struct serve_order order = { .kind = SERVE_SIZE };
    int rc = d->disk.qcow2 ? resize_qcow2(d, &bytes, e)
                           : resize_raw(d, &bytes, e);

    if (rc == 0 && bytes / SECTOR != d->disk.sectors) {
        log_info("d%u: disk %u has %llu sectors", d->back->domid, d->id,
                 (unsigned long long)bytes / SECTOR);
        d->disk.sectors = order.sectors = bytes / SECTOR;
        device_child_order(d, &order); /* a successor measures itself */
        announce(d);
    }
    return rc;
}

static void take_resize(struct device *d)
{
    struct xs *xs = d->back->xs;
    char path[KEYS_PATH_MAX + 16], text[320] = "";
    struct err e = ERR_INIT;
    uint64_t bytes;

    snprintf(path, sizeof(path), "%s/resize", d->path);
    if (xs_read_number(xs, XS_TXN_NONE, path, &bytes) != 0) {
        return;                       /* our own removal */
    }
    if (resize(d, bytes, &e) != 0) {
        err_format(&e, text, sizeof(text));
        log_err("%s: %s", d->path, text);
    }
    keys_write_text(xs, d->path, "resize-error", text);
    xs_rm(xs, XS_TXN_NONE, path);
}

/* ---- medium ------------------------------------------------------------------------ */

/* Only when the new one can be read is the old one let go. */
static int try_medium(struct device *d, struct err *e)
{
    int rc = d->back->class->read(d, e);

    return rc == 0 ? blk_device_try(d, e) : rc;
}

static void take_medium(struct device *d)
{
    char before[sizeof(d->disk.image_path)];
    struct err e = ERR_INIT;
    char text[320] = "";
    bool was_qcow2 = d->disk.qcow2;

    memcpy(before, d->disk.image_path, sizeof(before));
    if (try_medium(d, &e) != 0) {
        memcpy(d->disk.image_path, before, sizeof(before));
        d->disk.qcow2 = was_qcow2;
        err_format(&e, text, sizeof(text));
        log_err("%s: %s", d->path, text);
    } else if (strcmp(before, d->disk.image_path) != 0) {
        device_child_stop(d);
        device_child_start(d);        /* blk_live_up() tells the frontend */
    }
    keys_write_text(d->back->xs, d->path, "medium-error", text);
}

/* ---- host block devices ---------------------------------------------------------- */

/* Their size changes without a word to us. */
static void look(void *arg)
{
    struct device *d = arg;
    struct err e = ERR_INIT;

    if (d->state == XenbusStateConnected && !d->connecting) {
        resize(d, 0, &e);             /* a device that has gone: later */
    }
}

static void begin_to_look(struct device *d)
{
    struct stat st;

    if (d->disk.look != NULL || d->disk.qcow2 ||
        stat(d->disk.image_path, &st) != 0 || !S_ISBLK(st.st_mode)) {
        return;
    }
    d->disk.look = evloop_timer(d->back->loop, look, d);
    if (d->disk.look != NULL) {
        evloop_timer_set(d->disk.look, LOOK_NS, LOOK_NS);
    }
}

void blk_live_release(struct device *d)
{
    evloop_del(d->disk.look);
    d->disk.look = NULL;
}

void blk_live_up(struct device *d)
{
    begin_to_look(d);
    if (d->state == XenbusStateConnected) {
        announce(d);
        keys_write_text(d->back->xs, d->path, "medium",
                        d->disk.image_path);
    }
}

bool blk_live_changed(struct device *d, const char *key)
{
    if (strcmp(key, "resize") == 0) {
        take_resize(d);
    } else if (strcmp(key, "params") == 0 && d->disk.cdrom) {
        take_medium(d);
    } else {
        return false;
    }
    return true;
}
