/* SPDX-License-Identifier: MIT */
/*
 * The handshake of a disk and the supervision of its serving process.  Rights
 * are needed here (open images, the store); requests of the guest are read in
 * blk_serve.c only, after the rights are gone.  Covered by
 * tests/unit/pvdrv/test_state.c and the nested boots.
 */
#include <back/device.h>

#include <back/device_child.h>
#include <client/xs.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>
#include <ring/blk_msg.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 8

const char *device_image_path(const char *params)
{
    static const char *const prefixes[] = {
        "aio:", "raw:", "file:", "phy:", "qdisk:"
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

void device_fail(struct device *d, const struct err *e)
{
    char text[320];

    err_format(e, text, sizeof(text));
    log_err("%s: %s", d->path, text);
    keys_write_text(d->back->xs, d->path, "error", text);
    d->failed = true;
}

void device_set_state(struct device *d, enum xenbus_state state)
{
    if (d->state == state) {
        return;
    }
    log_info("d%u: disk %u %s", d->back->domid, d->vdev,
             xenbus_state_name(state));
    d->state = state;
    if (keys_write_state(d->back->xs, d->path, state) != 0) {
        log_warn("%s: state not written", d->path);
    }
}

/* ---- reading our own directory -------------------------------------------------- */

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
    path = device_image_path(params);
    if (path == NULL) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot set up the disk",
                       d->path, "params \"%s\" is not a raw image", params);
    }
    snprintf(d->image_path, sizeof(d->image_path), "%s", path);
    return 0;
}

static int read_keys(struct device *d, struct err *e)
{
    struct xs *xs = d->back->xs;
    char text[16];
    uint32_t discard;
    int rc = read_params(d, e);

    if (rc != 0) {
        return rc;
    }
    d->readonly = keys_read_text(xs, d->path, "mode", text, sizeof(text)) != 0
                  || text[0] != 'w';
    d->cdrom = keys_read_text(xs, d->path, "device-type", text,
                              sizeof(text)) == 0 && strcmp(text, "cdrom") == 0;
    keys_read_u32_or(xs, d->path, "discard-enable", 1, 1, &discard);
    d->discard = discard != 0 && !d->readonly;
    return 0;
}

static void offer_features(struct device *d)
{
    const struct { const char *key; uint64_t value; } features[] = {
        { "feature-flush-cache", 1 },
        { "feature-persistent", 1 },
        { "feature-max-indirect-segments", BLK_INDIRECT_SEGS },
        { "max-ring-page-order", 4 },
        { "feature-barrier", 0 },
        { "feature-discard", d->discard },
        { "discard-secure", 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        keys_write_u64(d->back->xs, d->path, features[i].key,
                       features[i].value);
    }
}

/* BACK_SETUP: say what we can, once the image is known to be usable. */
static int set_up(struct device *d)
{
    struct err e = ERR_INIT;
    struct blk_image image;

    if (read_keys(d, &e) != 0 ||
        blk_image_open(&image, d->image_path, d->readonly, &e) != 0) {
        device_fail(d, &e);
        return -EIO;
    }
    blk_image_close(&image);
    offer_features(d);
    d->resume = false;
    return 0;
}

/* ---- the table --------------------------------------------------------------------- */

static bool wants_abort(enum xenbus_state theirs)
{
    return theirs == XenbusStateClosing || theirs == XenbusStateClosed ||
           theirs == XenbusStateUnknown;
}

/* 0: the state follows now; 1: it follows when the process is up. */
static int act(struct device *d, enum back_action action)
{
    switch (action) {
    case BACK_NONE:
        return 0;
    case BACK_SETUP:
        return set_up(d);
    case BACK_CONNECT:
        device_child_start(d);
        return 1;
    case BACK_DISCONNECT:
        device_child_end(d);
        return 0;
    }
    return 0;
}

void device_step(struct device *d)
{
    int i;

    for (i = 0; i < MAX_STEPS && !d->failed; i++) {
        enum xenbus_state theirs = keys_read_state(d->back->xs, d->front);
        const struct back_step *step;

        if (d->connecting) {
            if (!wants_abort(theirs)) {
                return;
            }
            device_child_stop(d);
        }
        step = back_state_step(d->state, theirs);
        if (step == NULL || act(d, step->action) != 0) {
            return;
        }
        device_set_state(d, step->next);
    }
}

void device_key_changed(struct device *d, const char *key)
{
    if (strcmp(key, "params") == 0 || strcmp(key, "mode") == 0) {
        d->failed = false;        /* the toolstack tried again */
    }
    if (strcmp(key, "params") == 0 || strcmp(key, "mode") == 0 ||
        strcmp(key, "online") == 0 || strcmp(key, "frontend") == 0) {
        device_step(d);
    }
}

static void on_front(void *ctx, const char *path)
{
    device_step(ctx);
}

/* ---- appear and disappear ------------------------------------------------------------ */

/*
 * A disk that is Connected in the store lost its process: take it up where it
 * was.  Anything before that begins again.
 */
static void adopt_state(struct device *d)
{
    struct err e = ERR_INIT;
    enum xenbus_state ours = keys_read_state(d->back->xs, d->path);

    if (ours != XenbusStateConnected) {
        d->state = ours == XenbusStateClosing || ours == XenbusStateClosed
                   ? ours : XenbusStateInitialising;
        return;
    }
    d->state = XenbusStateConnected;
    if (read_keys(d, &e) != 0) {
        device_fail(d, &e);
        return;
    }
    d->resume = true;
    if (!wants_abort(keys_read_state(d->back->xs, d->front))) {
        log_info("d%u: disk %u was connected, taking it up", d->back->domid,
                 d->vdev);
        device_child_start(d);
    }
}

struct device *device_new(struct back *back, const char *base,
                          unsigned int vdev)
{
    struct device *d = calloc(1, sizeof(*d));
    char state_path[KEYS_PATH_MAX + 8];

    if (d == NULL) {
        return NULL;
    }
    d->back = back;
    d->vdev = vdev;
    d->control_fd = -1;
    snprintf(d->path, sizeof(d->path), "%s/%u", base, vdev);
    if (keys_read_text(back->xs, d->path, "frontend", d->front,
                       sizeof(d->front)) != 0 || device_child_init(d) != 0) {
        free(d);                  /* not complete yet: an event will tell */
        return NULL;
    }
    adopt_state(d);
    snprintf(state_path, sizeof(state_path), "%s/state", d->front);
    if (xs_watch(back->xs, state_path, on_front, d, &d->watch) != 0) {
        log_warn("%s: no watch", state_path);
    }
    device_step(d);
    return d;
}

void device_gone(struct device *d)
{
    device_child_end(d);
    device_free(d);
}

void device_free(struct device *d)
{
    if (d == NULL) {
        return;
    }
    xs_unwatch(d->watch);
    device_child_stop(d);
    device_child_fini(d);
    free(d);
}
