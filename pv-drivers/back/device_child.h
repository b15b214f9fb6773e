/* SPDX-License-Identifier: MIT */
/*
 * back/device_child.h - the serving process of a disk, seen from its parent.
 *
 * Owns    starting it (ring keys, image, lock, journal, fork), learning that
 *         it is up, replacing it when it dies, stopping it.
 * Tests   nested boots (kill -9 in a stream of writes)
 */
#ifndef BACK_DEVICE_CHILD_H
#define BACK_DEVICE_CHILD_H

#include <back/blk_image.h>
#include <back/device.h>

struct err;

int device_child_init(struct device *d);
void device_child_fini(struct device *d);

/* Start; failures are tried again for a while, then device_fail(). */
void device_child_start(struct device *d);
/* Ask it to finish, wait up to ten seconds, then kill it. */
void device_child_stop(struct device *d);
/* The same at the end of a connection: its journal goes too. */
void device_child_end(struct device *d);

/* device.c */
void device_fail(struct device *d, const struct err *e);
void device_set_state(struct device *d, enum xenbus_state state);

#endif
