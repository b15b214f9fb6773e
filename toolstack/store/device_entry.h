/* SPDX-License-Identifier: MIT */
/*
 * store/device_entry.h - a device: the pair of a front and a back directory.
 *
 * Owns    creation of both in one transaction with the right owners, their
 *         removal in the order that makes a kernel back end let go, and the
 *         unplugging that a running guest has to agree to.
 * Leaves  which keys a kind has to devices/.
 * Tests   tests/unit/toolstack/test_devices.c
 */
#ifndef STORE_DEVICE_ENTRY_H
#define STORE_DEVICE_ENTRY_H

#include <client/xs.h>

struct err;

struct device_key {
    const char *key;
    const char *value;         /* NULL: leave it out */
};

struct device_entry {
    unsigned int domid;
    unsigned int devid;
    const char *front_kind;    /* vbd */
    const char *back_kind;     /* qdisk, vbd */
    const struct device_key *front;    /* ended by a NULL key */
    const struct device_key *back;
};

int device_entry_create(struct xs *xs, const struct device_entry *d,
                        struct err *e);

/*
 * Ask the back end to close, take the front end away and wait for the back
 * end's state 6, at most @timeout_ms; then remove its directory.
 * 0, or -ETIMEDOUT when it had to be removed without an answer.
 */
int device_entry_remove(struct xs *xs, unsigned int domid, unsigned int devid,
                        const char *front_kind, const char *back_kind,
                        unsigned int timeout_ms);

/* A device that is there already. */
struct device_id {
    unsigned int domid;
    unsigned int devid;
    const char *front_kind;
    const char *back_kind;
};

/* How long to wait; @alive (may be NULL) says whether it makes sense. */
struct device_wait {
    unsigned int timeout_ms;
    bool (*alive)(void *arg);
    void *arg;
};

/*
 * Until both ends are connected.  -ETIMEDOUT; -EIO: it reports an error,
 * which is in @why; -ESRCH: the domain ended meanwhile.
 */
int device_entry_wait(struct xs *xs, const struct device_id *id,
                      const struct device_wait *wait, char why[200]);

/*
 * Until the back end has said what it offers: a guest's firmware may look for
 * that once.  Errors as above.
 */
int device_entry_wait_offer(struct xs *xs, const struct device_id *id,
                            const struct device_wait *wait, char why[200]);

/*
 * Ask a running guest to give the device back, then remove both directories.
 * -ETIMEDOUT: it has not moved, and the request is taken back: nothing has
 * changed.  -EINPROGRESS: it has begun to close and has not finished.
 */
int device_entry_unplug(struct xs *xs, const struct device_id *id,
                        const struct device_wait *wait);

#endif
