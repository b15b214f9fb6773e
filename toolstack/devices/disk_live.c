/* SPDX-License-Identifier: MIT */
/*
 * Orders to a back end while the guest runs.  Our process gets them as keys of
 * its directory and answers there; the kernel's looks at the device's size by
 * itself whenever a request comes.  Tests: tests/boot/dom0/disks.sh.
 */
#include <devices/claim.h>
#include <devices/disk.h>
#include <devices/disk_live.h>
#include <devices/drive.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/paths.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/io/xenbus.h>

#define POLL_MS       20u
#define LOOP_MAJOR_NR 7u

/* ---- our back end: an order and its answer ------------------------------------- */

struct order {
    struct devices *d;
    const struct device_wait *wait;
    struct store_path back;
};

static char *read_key(const struct order *o, const char *key)
{
    char *value = NULL;

    if (xs_read(o->d->xs, XS_TXN_NONE,
                store_path("%.200s/%s", o->back.s, key).s, &value, NULL) != 0) {
        return NULL;
    }
    return value;
}

static void remove_key(const struct order *o, const char *key)
{
    xs_rm(o->d->xs, XS_TXN_NONE, store_path("%.200s/%s", o->back.s, key).s);
}

static int write_key(const struct order *o, const char *key,
                     const char *value)
{
    return xs_write_string(o->d->xs, XS_TXN_NONE,
                           store_path("%.200s/%s", o->back.s, key).s, value);
}

static bool connected(const struct order *o)
{
    char *state = read_key(o, "state");
    bool yes = state != NULL && atoi(state) == XenbusStateConnected;

    free(state);
    return yes;
}

/* Until @key has come with an answer; NULL: it did not. */
static char *answer(const struct order *o, const char *key)
{
    struct timespec t = { .tv_nsec = POLL_MS * 1000000 };

    for (unsigned int ms = 0; ms < o->wait->timeout_ms; ms += POLL_MS) {
        char *value = read_key(o, key);

        if (value != NULL) {
            return value;
        }
        if (o->wait->alive != NULL && !o->wait->alive(o->wait->arg)) {
            return NULL;
        }
        nanosleep(&t, NULL);
    }
    return NULL;
}

/* @order is written, @reply awaited: empty, or what went wrong. */
static int give_order(const struct order *o, const char *order,
                      const char *value, const char *reply, struct err *e)
{
    char *text;
    int rc;

    remove_key(o, reply);
    rc = write_key(o, order, value);
    if (rc != 0) {
        return err_errno(e, rc, "cannot reach the back end", "%s", o->back.s);
    }
    text = answer(o, reply);
    if (text == NULL) {
        return err_set(e, -ETIMEDOUT, ERR_TIMEOUT, "the back end does not "
                       "answer", o->back.s, "%s", order);
    }
    if (*text != '\0') {
        rc = err_set(e, -EINVAL, ERR_STATE, "the back end refuses", NULL,
                     "%s", text);
    }
    free(text);
    return rc;
}

static void begin(struct order *o, struct devices *d, size_t i,
                  const struct device_wait *wait)
{
    o->d = d;
    o->wait = wait;
    o->back = store_path(PATH_BACKEND, disk_back_kind(&d->def->disks[i]),
                         d->domid, d->def->disks[i].vdev);
}

/* ---- the kernel's ------------------------------------------------------------------ */

static int grow_file(const char *path, uint64_t bytes, struct err *e)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return err_errno(e, -errno, "cannot look at the image", "%s", path);
    }
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > bytes) {
        return err_set(e, -EINVAL, ERR_STATE, "a disk in use can only grow",
                       path, S_ISREG(st.st_mode)
                       ? "the image is larger than that"
                       : "a host block device has a size of its own");
    }
    return truncate(path, (off_t)bytes) == 0
               ? 0 : err_errno(e, -errno, "cannot make the image larger",
                               "%s", path);
}

/* The loop device between the image and the kernel's back end. */
static int tell_loop(const struct order *o, struct err *e)
{
    char *physical = read_key(o, "physical-device"), name[32];
    unsigned int major, minor;
    int fd, rc;

    rc = physical != NULL && sscanf(physical, "%x:%x", &major, &minor) == 2
             ? 0 : -ENOENT;
    free(physical);
    if (rc != 0 || major != LOOP_MAJOR_NR) {
        return rc;
    }
    snprintf(name, sizeof(name), "/dev/loop%u", minor);
    fd = open(name, O_RDWR | O_CLOEXEC);
    rc = fd >= 0 && ioctl(fd, LOOP_SET_CAPACITY) == 0 ? 0 : -errno;
    if (fd >= 0) {
        close(fd);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot tell the new size", "%s",
                                   name);
}

static int resize_kernel(const struct order *o, const struct disk_def *disk,
                         uint64_t bytes, struct err *e)
{
    int rc = bytes == 0 ? 0 : grow_file(disk->source, bytes, e);

    return rc == 0 ? tell_loop(o, e) : rc;
}

/* ---- both ------------------------------------------------------------------------------ */

static int not_connected(const char *target, struct err *e)
{
    return err_set(e, -EAGAIN, ERR_STATE, "the guest does not use the disk",
                   target, "its driver has not connected");
}

int disk_resize(struct devices *d, size_t i, uint64_t bytes,
                const struct device_wait *wait, struct err *e)
{
    const struct disk_def *disk = &d->def->disks[i];
    struct order o;
    char text[24];

    begin(&o, d, i, wait);
    if (!connected(&o)) {
        return not_connected(disk->target, e);
    }
    if (disk->backend == BACKEND_KERNEL) {
        return resize_kernel(&o, disk, bytes, e);
    }
    snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
    return give_order(&o, "resize", text, "resize-error", e);
}

/* The device model's drive, if the disk is in one; -EOPNOTSUPP: there is none
 * that could change. */
static int put_emulated(struct order *o, const struct disk_def *disk,
                        struct err *e)
{
    int unit = def_disk_ide_unit(o->d->def, disk);

    if (unit >= 0) {
        return drive_medium(o->d->run_dir, (unsigned int)unit, disk->target,
                            disk->source, e);
    }
    return disk->backend != BACKEND_KERNEL ? 0
           : err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "cannot change the "
                     "medium", disk->target, "the kernel's back end (driver "
                     "phy) serves it");
}

/* What the store says of it excludes other users, also of a drive's medium. */
static int put_medium(struct order *o, const struct disk_def *disk,
                      struct err *e)
{
    char params[4200] = "";
    int rc;

    if (disk->source != NULL) {
        rc = claim_check(o->d->xs, o->d->domid, disk, e);
        if (rc != 0) {
            return rc;
        }
        disk_params(disk, params, sizeof(params));
    }
    rc = put_emulated(o, disk, e);
    if (rc != 0 || disk->backend == BACKEND_KERNEL) {
        return rc;
    }
    if (connected(o)) {
        return give_order(o, "params", params, "medium-error", e);
    }
    rc = write_key(o, "params", params);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot reach the back end", "%s",
                                   o->back.s);
}

int disk_medium(struct devices *d, size_t i, const struct device_wait *wait,
                struct err *e)
{
    const struct disk_def *disk = &d->def->disks[i];
    struct order o;
    int claim, rc;

    begin(&o, d, i, wait);
    claim = claim_begin();
    rc = put_medium(&o, disk, e);
    claim_end(claim);
    return rc;
}
