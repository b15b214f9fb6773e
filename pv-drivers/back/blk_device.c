/* SPDX-License-Identifier: MIT */
/*
 * The class of disks: toolstack keys, features, image, lock, journal.  Each
 * start opens the image anew: its lock then waits for the last I/O of a
 * predecessor.  Serving is left to blk_serve.c.  Covered by
 * tests/unit/pvdrv/test_state.c and the nested boots.
 */
#include <back/blk_device.h>

#include <back/blk_live.h>
#include <back/blk_serve.h>
#include <back/device_child.h>
#include <back/qcow2.h>
#include <lib/err.h>
#include <ring/blk_msg.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QCOW2 "qcow2:"

const char *blk_device_image_path(const char *params)
{
    static const char *const prefixes[] = {
        "aio:", "raw:", "file:", "phy:", "qdisk:", QCOW2
    };
    size_t i;

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i]);

        if (strncmp(params, prefixes[i], len) == 0) {
            params += len;
            break;
        }
    }
    return params[0] == '/' ? params : NULL;
}

/* ---- the toolstack's keys ----------------------------------------------------------- */

static int read_params(struct device *d, struct err *e)
{
    char params[KEYS_PATH_MAX];
    const char *path;
    int rc = keys_read_text(d->back->xs, d->path, "params", params,
                            sizeof(params));

    if (rc != 0) {
        return err_errno(e, rc, "cannot set up the disk", "%s/params",
                         d->path);
    }
    path = params[0] == '\0' ? params : blk_device_image_path(params);
    if (path == NULL) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot set up the disk",
                       d->path, "params \"%s\" is not an image", params);
    }
    d->disk.qcow2 = strncmp(params, QCOW2, strlen(QCOW2)) == 0;
    snprintf(d->disk.image_path, sizeof(d->disk.image_path), "%s", path);
    return 0;
}

static int read_keys(struct device *d, struct err *e)
{
    struct xs *xs = d->back->xs;
    char text[16];
    uint32_t discard = 1;
    int rc = read_params(d, e);

    if (rc != 0) {
        return rc;
    }
    d->disk.readonly =
        keys_read_text(xs, d->path, "mode", text, sizeof(text)) != 0 ||
        text[0] != 'w';
    d->disk.cdrom = keys_read_text(xs, d->path, "device-type", text,
                                   sizeof(text)) == 0 &&
                    strcmp(text, "cdrom") == 0;
    keys_read_u32_or(xs, d->path, "discard-enable", 1, 1, &discard);
    d->disk.discard = discard != 0 && !d->disk.readonly;
    return 0;
}

int blk_device_try(struct device *d, struct err *e)
{
    struct qcow2_chain *chain;
    struct blk_image img;
    int rc;

    if (d->disk.image_path[0] == '\0') {
        return 0;                     /* a drive without a medium */
    }
    if (!d->disk.qcow2) {
        rc = blk_image_open(&img, d->disk.image_path, d->disk.readonly, e);
        if (rc == 0) {
            blk_image_close(&img);
        }
        return rc;
    }
    chain = calloc(1, sizeof(*chain));
    rc = chain == NULL ? -ENOMEM : qcow2_open(chain, d->disk.image_path, e);
    if (rc == 0) {
        qcow2_close(chain);
    }
    free(chain);
    return rc;
}

/* A daemon of its own for each connection: it ends with the old one. */
static int open_daemon(struct device *d, struct blk_image *img, struct err *e)
{
    const struct storaged_config c = {
        .image = d->disk.image_path, .readonly = d->disk.readonly,
        .run_dir = d->back->run_dir, .domid = d->back->domid, .vdev = d->id,
    };
    int rc = storaged_start(&d->disk.daemon, &c, e);

    if (rc == 0) {
        blk_image_remote(img, d->disk.daemon.request_fd,
                         d->disk.daemon.bytes, d->disk.readonly);
        d->disk.daemon.request_fd = -1;    /* the image's now */
    }
    return rc;
}

static int open_image(struct device *d, struct blk_image *img, struct err *e)
{
    storaged_stop(&d->disk.daemon, false);
    if (d->disk.image_path[0] == '\0') {
        return blk_image_empty(img, e);
    }
    return d->disk.qcow2
               ? open_daemon(d, img, e)
               : blk_image_open(img, d->disk.image_path, d->disk.readonly, e);
}

/* Say what we can, once the image is known to be usable. */
static int offer(struct device *d, struct err *e)
{
    const struct { const char *key; uint64_t value; } features[] = {
        { "feature-flush-cache", 1 },
        { "feature-persistent", 1 },
        { "feature-max-indirect-segments", BLK_INDIRECT_SEGS },
        { "max-ring-page-order", 4 },
        { "feature-barrier", 0 },
        { "feature-discard", d->disk.discard },
        { "discard-secure", 0 },
    };
    size_t i;
    int rc = blk_device_try(d, e);

    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        keys_write_u64(d->back->xs, d->path, features[i].key,
                       features[i].value);
    }
    return 0;
}

/* ---- what the frontend wrote ------------------------------------------------------ */

static int read_protocol(struct device *d, bool *narrow, struct err *e)
{
    char text[32];
    int rc = keys_read_text(d->back->xs, d->front, "protocol", text,
                            sizeof(text));

    *narrow = rc == 0 && strcmp(text, "x86_32-abi") == 0;
    if (rc == -ENOENT || *narrow ||
        (rc == 0 && strcmp(text, "x86_64-abi") == 0)) {
        return 0;
    }
    return err_set(e, -EPROTO, ERR_UNSUPPORTED, "cannot connect the disk",
                   d->front, "protocol \"%.24s\" is neither x86_64-abi nor "
                   "x86_32-abi", rc == 0 ? text : "?");
}

/* One page: "ring-ref"; more: "ring-ref0"... and "ring-page-order". */
static int read_refs(struct device *d, struct blk_config *c)
{
    struct xs *xs = d->back->xs;
    uint32_t order = 0, i;
    char key[24];
    int rc = keys_read_u32_or(xs, d->front, "ring-page-order", 4, 0, &order);

    if (rc != 0) {
        return rc;
    }
    c->nr_ring_pages = 1u << order;
    if (order == 0 && keys_read_u32(xs, d->front, "ring-ref", UINT32_MAX,
                                    &c->ring_refs[0]) == 0) {
        return 0;
    }
    for (i = 0; i < c->nr_ring_pages && rc == 0; i++) {
        snprintf(key, sizeof(key), "ring-ref%u", i);
        rc = keys_read_u32(xs, d->front, key, UINT32_MAX, &c->ring_refs[i]);
    }
    return rc;
}

static int read_ring(struct device *d, struct blk_serve *s, struct err *e)
{
    uint32_t persistent = 0;
    int rc = read_protocol(d, &s->config.narrow, e);

    if (rc != 0) {
        return rc;
    }
    rc = read_refs(d, &s->config);
    if (rc == 0) {
        rc = keys_read_u32(d->back->xs, d->front, "event-channel", UINT32_MAX,
                           &s->remote_port);
    }
    if (rc == 0) {
        rc = keys_read_u32_or(d->back->xs, d->front, "feature-persistent", 1,
                              0, &persistent);
    }
    if (rc != 0) {
        return err_errno(e, rc, "cannot read the frontend's keys", "%s",
                         d->front);
    }
    s->config.persistent = persistent != 0;
    s->config.discard = d->disk.discard;
    s->config.resume = d->resume;
    s->config.plain_io = d->back->plain_io;
    return 0;
}

/* ---- start --------------------------------------------------------------------------- */

static void publish_size(struct device *d, const struct blk_image *img)
{
    struct xs *xs = d->back->xs;

    d->disk.sectors = img->sectors;
    keys_write_u64(xs, d->path, "sectors", img->sectors);
    keys_write_u64(xs, d->path, "sector-size", BLK_SECTOR_SIZE);
    keys_write_u64(xs, d->path, "physical-sector-size", img->physical_sector);
    keys_write_u64(xs, d->path, "info", (d->disk.readonly ? 4u : 0u) |
                                        (d->disk.cdrom ? 1u : 0u));
    if (d->disk.discard) {
        keys_write_u64(xs, d->path, "discard-granularity",
                       img->discard_granularity);
        keys_write_u64(xs, d->path, "discard-alignment", 0);
    }
}

static void journal_path(const struct device *d, char *path, size_t size)
{
    snprintf(path, size, "%s/%u-%u.journal", d->back->run_dir, d->back->domid,
             d->id);
}

static int open_journal(struct device *d, struct err *e)
{
    char path[200];
    int fd;

    journal_path(d, path, sizeof(path));
    if (!d->resume) {
        unlink(path);
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? err_errno(e, -errno, "cannot open the journal", "%s", path)
                  : fd;
}

static void run(void *arg, int control_fd)
{
    struct blk_serve *s = arg;

    s->control_fd = control_fd;
    blk_serve(s);
}

/* -EAGAIN: the image is still locked, by a predecessor or a stranger. */
static int start(struct device *d, struct err *e)
{
    struct blk_serve s = { .domid = d->back->domid, .vdev = d->id,
                           .empty_dir = d->back->empty_dir };
    int rc = read_ring(d, &s, e);

    if (rc != 0) {
        return rc;
    }
    rc = open_image(d, &s.image, e);
    if (rc != 0) {
        return rc;
    }
    rc = blk_image_lock(&s.image);
    if (rc == 0) {
        publish_size(d, &s.image);
        s.journal_fd = open_journal(d, e);
        rc = s.journal_fd < 0 ? s.journal_fd : device_child_spawn(d, run, &s, e);
        if (s.journal_fd >= 0) {
            close(s.journal_fd);
        }
    } else {
        err_set(e, rc, ERR_STATE, "cannot lock the disk image", d->disk.image_path,
                "another program uses it");
    }
    blk_image_close(&s.image);    /* the child has its own descriptor */
    return rc;
}

static void end(struct device *d)
{
    char path[200];

    journal_path(d, path, sizeof(path));
    unlink(path);
    storaged_stop(&d->disk.daemon, true);
}

static void release(struct device *d, bool gone)
{
    blk_live_release(d);
    storaged_stop(&d->disk.daemon, true);
}

const struct device_class blk_device_class = {
    .program = "paravane-blkd", .type = "qdisk", .noun = "disk",
    .changed = blk_live_changed, .up = blk_live_up, .read = read_keys, .offer = offer, .start = start, .end = end,
    .sandbox = &blk_sandbox, .release = release, .plain_io_option = true,
};
