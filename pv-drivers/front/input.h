/* SPDX-License-Identifier: MIT */
/*
 * front/input.h - keyboard and pointer, from the guest.
 *
 * Owns    the shared page and our position in its ring of events.
 * Leaves  what an event means to the caller.
 * ABI     xen/io/kbdif.h
 * Tests   tests/guests/frontend, with our backend
 *
 * Freestanding: no libc.
 */
#ifndef FRONT_INPUT_H
#define FRONT_INPUT_H

#include <front/device.h>

#include <xen/io/kbdif.h>

struct input_front {
    struct front_device dev;
    struct xenkbd_page *page;      /* kept over connections */
    uint32_t ref, port;
    uint32_t in_cons;
    bool broken;                   /* the backend's position cannot be */
};

/* Connect keyboard @id ("0"); pointer positions @absolute if offered. */
long input_front_connect(struct input_front *in, struct guest_store *store,
                         const char *id, bool absolute);
long input_front_disconnect(struct input_front *in);

/* The next event, a private copy.  False: there is none. */
bool input_front_take(struct input_front *in, union xenkbd_in_event *ev);
/* Sleep until something may have come. */
void input_front_wait(struct input_front *in, uint64_t deadline_ns);

#endif
