/* SPDX-License-Identifier: MIT */
/*
 * front/device.h - the handshake of a device, from the guest.
 *
 * Owns    the paths of one device, our state key, waiting for the other's.
 * Leaves  keys and rings of a class to blk.c, net.c, input.c.
 * Tests   tests/guests/frontend
 *
 * Freestanding: no libc.
 */
#ifndef FRONT_DEVICE_H
#define FRONT_DEVICE_H

#include <xenbus/guest_store.h>

#include <xen/io/xenbus.h>

#define FRONT_PATH 128u
#define FRONT_TIMEOUT_NS 60000000000ull

struct front_device {
    struct guest_store *store;
    char path[FRONT_PATH];         /* "device/vbd/51712" */
    char back[FRONT_PATH];
    domid_t back_domid;
};

/* Find @kind's @id: 0, -ENOENT: there is no such device, or -errno. */
long front_open(struct front_device *d, struct guest_store *store,
                const char *kind, const char *id);

/* The same, but wait until the toolstack has plugged it in. */
long front_appear(struct front_device *d, struct guest_store *store,
                  const char *kind, const char *id);

long front_set_state(struct front_device *d, enum xenbus_state state);
/* XenbusStateUnknown when it cannot be read. */
enum xenbus_state front_back_state(struct front_device *d);
/* Wait until the backend's state is one of @mask (1 << state). */
long front_wait_back(struct front_device *d, uint32_t mask);
long front_wait_back_until(struct front_device *d, uint32_t mask,
                           uint64_t deadline_ns);

/* A number of the backend, @def if it is absent or none. */
uint64_t front_back_number(struct front_device *d, const char *key,
                           uint64_t def);
long front_write(struct front_device *d, const char *key, uint64_t value);
long front_write_text(struct front_device *d, const char *key,
                      const char *text);

/* Closing, Closed; waits for the other side to be closed. */
long front_close(struct front_device *d);
/* After front_close(): begin anew, until the backend is in InitWait. */
long front_reopen(struct front_device *d);

#endif
