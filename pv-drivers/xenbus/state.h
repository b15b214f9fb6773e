/* SPDX-License-Identifier: MIT */
/*
 * xenbus/state.h - the handshake of two device ends, as a table.
 *
 * Owns    which pair of states means what for a backend.  A pair that is not
 *         in the table is not an event.
 * Leaves  reading and writing the keys to keys.h, acting to back/.
 * ABI     xen/io/xenbus.h
 * Tests   tests/unit/pvdrv/test_state.c tries every pair
 */
#ifndef XENBUS_STATE_H
#define XENBUS_STATE_H

#include <stdint.h>
#include <xen/io/xenbus.h>

enum back_action {
    BACK_NONE,                    /* only the state changes */
    BACK_SETUP,                   /* offer features */
    BACK_CONNECT,                 /* map the ring, serve */
    BACK_DISCONNECT,              /* finish, unmap */
};

struct back_step {
    enum xenbus_state ours, theirs;
    enum back_action action;
    enum xenbus_state next;
};

/* NULL: nothing to do. */
const struct back_step *back_state_step(enum xenbus_state ours,
                                        enum xenbus_state theirs);

const char *xenbus_state_name(enum xenbus_state state);

#endif
