/* SPDX-License-Identifier: MIT */
/*
 * Front and back directories of one device.  The front belongs to the guest: its
 * state says whether it is ready, nothing else of it is read; the back is ours.
 * Tests: tests/unit/toolstack/test_devices.c.
 */
#include <errno.h>
#include <lib/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/device_entry.h>
#include <store/paths.h>
#include <string.h>
#include <time.h>

#define STATE_INIT_WAIT 2u
#define STATE_CONNECTED 4u
#define STATE_CLOSING   "5"
#define STATE_CLOSED    6u
#define POLL_MS         20u

struct half {
    struct store_path path;
    struct perm perms[2];
};

static struct half front_half(const struct device_entry *d)
{
    struct half f = {
        .path = store_path(PATH_FRONTEND, d->domid, d->front_kind, d->devid),
        .perms = { { .domid = d->domid, .access = PERM_NONE },
                   { .domid = 0, .access = PERM_READ } },
    };

    return f;
}

static struct half back_half(const struct device_entry *d)
{
    struct half b = {
        .path = store_path(PATH_BACKEND, d->back_kind, d->domid, d->devid),
        .perms = { { .domid = 0, .access = PERM_NONE },
                   { .domid = d->domid, .access = PERM_READ } },
    };

    return b;
}

static int write_half(struct xs *xs, xs_txn_t txn, const struct half *half,
                      const struct device_key *keys)
{
    int rc = xs_mkdir(xs, txn, half->path.s);

    if (rc == 0) {
        rc = xs_set_perms(xs, txn, half->path.s, half->perms, 2);
    }
    for (; rc == 0 && keys->key != NULL; keys++) {
        struct store_path p = store_path("%.180s/%.60s", half->path.s,
                                         keys->key);

        if (keys->value != NULL) {
            rc = xs_write_string(xs, txn, p.s, keys->value);
        }
    }
    return rc;
}

static int create_body(struct xs *xs, xs_txn_t txn, void *ctx)
{
    const struct device_entry *d = ctx;
    struct half front = front_half(d), back = back_half(d);
    struct store_path link = store_path("%.200s/backend", front.path.s);
    int rc = write_half(xs, txn, &back, d->back);

    if (rc == 0) {
        rc = xs_printf(xs, txn,
                       store_path("%.200s/frontend", back.path.s).s, "%s",
                       front.path.s);
    }
    if (rc == 0) {
        rc = write_half(xs, txn, &front, d->front);
    }
    return rc != 0 ? rc : xs_write_string(xs, txn, link.s, back.path.s);
}

int device_entry_create(struct xs *xs, const struct device_entry *d,
                        struct err *e)
{
    int rc = xs_txn_run(xs, create_body, (void *)(uintptr_t)d);

    return rc == 0 ? 0 : err_errno(e, rc, "cannot write a device to the store",
                                   "domain %u, %s %u", d->domid,
                                   d->front_kind, d->devid);
}

static void sleep_ms(unsigned int ms)
{
    struct timespec t = { .tv_nsec = (long)ms * 1000000 };

    nanosleep(&t, NULL);
}

static int wait_closed(struct xs *xs, const char *state, unsigned int ms)
{
    for (unsigned int waited = 0; ; waited += POLL_MS) {
        uint64_t value;
        int rc = xs_read_number(xs, XS_TXN_NONE, state, &value);

        if (rc == -ENOENT || (rc == 0 && value == STATE_CLOSED)) {
            return 0;
        }
        if (rc != 0 && rc != -EINVAL) {
            return rc;
        }
        if (waited >= ms) {
            return -ETIMEDOUT;
        }
        sleep_ms(POLL_MS);
    }
}

/* -ENOENT: no such device; -EALREADY: it has closed by itself. */
static int close_body(struct xs *xs, xs_txn_t txn, void *ctx)
{
    const char *back = ctx;
    struct store_path state = store_path("%.200s/state", back);
    uint64_t value = 0;
    int rc = xs_read_number(xs, txn, state.s, &value);

    if (rc == -ENOENT) {
        return rc;
    }
    if (rc == 0 && value == STATE_CLOSED) {
        return -EALREADY;
    }
    rc = xs_write_string(xs, txn, store_path("%.200s/online", back).s, "0");
    return rc != 0 ? rc : xs_write_string(xs, txn, state.s, STATE_CLOSING);
}

int device_entry_remove(struct xs *xs, unsigned int domid, unsigned int devid,
                        const char *front_kind, const char *back_kind,
                        unsigned int timeout_ms)
{
    struct store_path front = store_path(PATH_FRONTEND, domid, front_kind,
                                         devid);
    struct store_path back = store_path(PATH_BACKEND, back_kind, domid, devid);
    int rc = xs_txn_run(xs, close_body, back.s);

    store_remove(xs, front.s);
    if (rc == 0 && timeout_ms > 0) {
        rc = wait_closed(xs, store_path("%.200s/state", back.s).s, timeout_ms);
    }
    store_remove(xs, back.s);
    return rc == -ENOENT || rc == -EALREADY ? 0 : rc;
}

/* ---- while the guest runs -------------------------------------------------- */

static struct store_path back_path(const struct device_id *id)
{
    return store_path(PATH_BACKEND, id->back_kind, id->domid, id->devid);
}

static struct store_path front_path(const struct device_id *id)
{
    return store_path(PATH_FRONTEND, id->domid, id->front_kind, id->devid);
}

static bool alive(const struct device_wait *wait)
{
    return wait->alive == NULL || wait->alive(wait->arg);
}

/* 1: yes, 0: not yet, or -errno to give up. */
typedef int reached_fn(struct xs *xs, const struct device_id *id, void *arg);

static int wait_until(struct xs *xs, const struct device_id *id,
                      const struct device_wait *wait, reached_fn *reached,
                      void *arg)
{
    for (unsigned int waited = 0;; waited += POLL_MS) {
        int rc = reached(xs, id, arg);

        if (rc != 0) {
            return rc < 0 ? rc : 0;
        }
        if (!alive(wait)) {
            return -ESRCH;
        }
        if (waited >= wait->timeout_ms) {
            return -ETIMEDOUT;
        }
        sleep_ms(POLL_MS);
    }
}

static int back_state(struct xs *xs, const struct device_id *id,
                      uint64_t *value)
{
    struct store_path state = store_path("%.200s/state", back_path(id).s);
    int rc = xs_read_number(xs, XS_TXN_NONE, state.s, value);

    return rc == -ENOENT ? -ESRCH : rc;
}

/* -EIO: the back end reports an error, which goes to @why; 0: it does not. */
static int refused(struct xs *xs, const struct device_id *id, char *why)
{
    struct store_path error = store_path("%.200s/error", back_path(id).s);
    char *text = NULL;

    if (xs_read(xs, XS_TXN_NONE, error.s, &text, NULL) != 0) {
        return 0;
    }
    snprintf(why, 200, "%s", text);
    free(text);
    return -EIO;
}

static int connected(struct xs *xs, const struct device_id *id, void *arg)
{
    struct store_path front = store_path("%.200s/state", front_path(id).s);
    uint64_t value = 0;
    int rc = back_state(xs, id, &value);

    if (rc != 0) {
        return rc;
    }
    if (value == STATE_CONNECTED) {
        rc = xs_read_number(xs, XS_TXN_NONE, front.s, &value);
        return rc == 0 && value == STATE_CONNECTED;
    }
    return refused(xs, id, arg);
}

static int offered(struct xs *xs, const struct device_id *id, void *arg)
{
    uint64_t value = 0;
    int rc = back_state(xs, id, &value);

    if (rc != 0) {
        return rc;
    }
    return value >= STATE_INIT_WAIT && value <= STATE_CONNECTED
           ? 1 : refused(xs, id, arg);
}

int device_entry_wait(struct xs *xs, const struct device_id *id,
                      const struct device_wait *wait, char why[200])
{
    why[0] = '\0';
    return wait_until(xs, id, wait, connected, why);
}

int device_entry_wait_offer(struct xs *xs, const struct device_id *id,
                            const struct device_wait *wait, char why[200])
{
    why[0] = '\0';
    return wait_until(xs, id, wait, offered, why);
}

static int closed(struct xs *xs, const struct device_id *id, void *arg)
{
    struct store_path state = store_path("%.200s/state", back_path(id).s);
    uint64_t value = 0;
    int rc = xs_read_number(xs, XS_TXN_NONE, state.s, &value);

    return rc == -ENOENT || (rc == 0 && value == STATE_CLOSED) ? 1
           : rc == -EINVAL ? 0 : rc;
}

/* The guest's side has not begun to close: as if nobody had asked. */
static int withdraw_body(struct xs *xs, xs_txn_t txn, void *ctx)
{
    const struct device_id *id = ctx;
    struct store_path back = back_path(id), front = front_path(id);
    struct store_path state = store_path("%.200s/state", back.s);
    uint64_t theirs = 0, ours = 0;
    int rc;

    if (xs_read_number(xs, txn, store_path("%.200s/state", front.s).s,
                       &theirs) != 0 || theirs > STATE_CONNECTED ||
        xs_read_number(xs, txn, state.s, &ours) != 0 || ours != 5) {
        return -EINPROGRESS;
    }
    rc = xs_write_string(xs, txn, store_path("%.200s/online", back.s).s, "1");
    return rc != 0 ? rc : xs_write_string(xs, txn, state.s, "4");
}

int device_entry_unplug(struct xs *xs, const struct device_id *id,
                        const struct device_wait *wait)
{
    struct store_path back = back_path(id), front = front_path(id);
    int rc = xs_txn_run(xs, close_body, back.s);

    if (rc == 0) {
        rc = wait_until(xs, id, wait, closed, NULL);
    }
    if (rc == -ETIMEDOUT) {
        int undo = xs_txn_run(xs, withdraw_body, (void *)(uintptr_t)id);

        return undo == 0 ? rc : undo;
    }
    if (rc == 0 || rc == -ENOENT || rc == -EALREADY) {
        store_remove(xs, front.s);
        return store_remove(xs, back.s);
    }
    return rc;
}
