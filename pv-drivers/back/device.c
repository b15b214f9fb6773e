/* SPDX-License-Identifier: MIT */
/*
 * The handshake of a device.  Rights are needed here (the store); requests of
 * the guest are read in blk_serve.c and net_serve.c only, after the rights are
 * gone.  Covered by
 * tests/unit/pvdrv/test_state.c and the nested boots.
 */
#include <back/device.h>

#include <back/device_child.h>
#include <client/xs.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 8

static void say_error(struct device *d, const struct err *e)
{
    char text[320];

    err_format(e, text, sizeof(text));
    log_guest(LOG_LVL_ERR, &d->log, d->back->domid, "%s %u: %s",
              d->back->class->noun, d->id, text);
    keys_write_text(d->back->xs, d->path, "error", text);
}

void device_fail(struct device *d, const struct err *e)
{
    say_error(d, e);
    d->failed = true;
}

void device_give_up(struct device *d, const struct err *e)
{
    d->connecting = false;
    say_error(d, e);
    device_set_state(d, XenbusStateClosing);
}

void device_set_state(struct device *d, enum xenbus_state state)
{
    if (d->state == state) {
        return;
    }
    glog_info(&d->log, d->back->domid, "%s %u %s", d->back->class->noun,
              d->id, xenbus_state_name(state));
    d->state = state;
    if (keys_write_state(d->back->xs, d->path, state) != 0) {
        log_warn("%s: state not written", d->path);
    }
}

/* BACK_SETUP */
static int set_up(struct device *d)
{
    struct err e = ERR_INIT;
    const struct device_class *class = d->back->class;

    if (class->read(d, &e) != 0 || class->offer(d, &e) != 0) {
        device_fail(d, &e);
        return -EIO;
    }
    d->resume = false;
    return 0;
}

/* ---- the table --------------------------------------------------------------------- */

static bool wants_abort(enum xenbus_state theirs)
{
    return theirs == XenbusStateClosing || theirs == XenbusStateClosed ||
           theirs == XenbusStateUnknown;
}

static void end_connection(struct device *d)
{
    device_child_stop(d);
    d->back->class->end(d);
    d->resume = false;
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
        end_connection(d);
        return 0;
    }
    return 0;
}

/*
 * The toolstack takes away what the guest never connected to: nobody at the
 * front will ever say that it is closed.
 */
static bool withdrawn(const struct device *d)
{
    uint32_t online = 1;

    return (d->state == XenbusStateInitialising ||
            d->state == XenbusStateInitWait) &&
           keys_read_u32(d->back->xs, d->path, "online", 1, &online) == 0 &&
           online == 0 &&
           keys_read_state(d->back->xs, d->front) == XenbusStateUnknown;
}

void device_step(struct device *d)
{
    int i;

    if (!d->connecting && withdrawn(d)) {
        device_set_state(d, XenbusStateClosed);
        return;
    }

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
    static const char *const toolstack[] = {
        "params", "mode", "bridge", "mac", "online", "frontend"
    };
    size_t i;

    if (d->state == XenbusStateConnected && d->back->class->changed != NULL &&
        d->back->class->changed(d, key)) {
        return;
    }
    for (i = 0; i < sizeof(toolstack) / sizeof(toolstack[0]); i++) {
        if (strcmp(key, toolstack[i]) == 0) {
            d->failed = false;    /* the toolstack tried again */
            device_step(d);
            return;
        }
    }
}

static void on_front(void *ctx, const char *path)
{
    device_step(ctx);
}

/* ---- appear and disappear ------------------------------------------------------------ */

/*
 * A device that is Connected in the store lost its process: take it up where it
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
    if (d->back->class->read(d, &e) != 0) {
        device_fail(d, &e);
        return;
    }
    d->resume = true;
    if (!wants_abort(keys_read_state(d->back->xs, d->front))) {
        log_info("d%u: %s %u was connected, taking it up", d->back->domid,
                 d->back->class->noun, d->id);
        device_child_start(d);
    }
}

struct device *device_new(struct back *back, const char *base,
                          unsigned int id)
{
    struct device *d = calloc(1, sizeof(*d));
    char state_path[KEYS_PATH_MAX + 8];

    if (d == NULL) {
        return NULL;
    }
    d->back = back;
    d->id = id;
    d->control_fd = -1;
    d->log = (struct log_rate)LOG_RATE(30);
    snprintf(d->path, sizeof(d->path), "%s/%u", base, id);
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

static void let_go(struct device *d, bool gone)
{
    xs_unwatch(d->watch);
    device_child_stop(d);
    if (gone) {
        d->back->class->end(d);
    }
    device_child_fini(d);
    d->back->class->release(d, gone);
    free(d);
}

void device_gone(struct device *d)
{
    let_go(d, true);
}

void device_free(struct device *d)
{
    let_go(d, false);
}
