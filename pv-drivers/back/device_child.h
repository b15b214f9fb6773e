/* SPDX-License-Identifier: MIT */
/*
 * back/device_child.h - the serving process of a device, from its parent.
 *
 * Owns    forking it, learning that it is up, replacing it when it dies,
 *         stopping it.
 * Tests   nested boots (kill -9 in a stream of writes)
 */
#ifndef BACK_DEVICE_CHILD_H
#define BACK_DEVICE_CHILD_H

#include <back/device.h>

struct err;

int device_child_init(struct device *d);
void device_child_fini(struct device *d);

/* Start; failures are tried again for a while, then device_fail(). */
void device_child_start(struct device *d);
/* Ask it to finish, wait up to ten seconds, then kill it. */
void device_child_stop(struct device *d);

/* Tell a serving process something; false: there is none, or it died. */
struct serve_order;
bool device_child_order(struct device *d, const struct serve_order *order);

/* For the classes: fork and call @run, which does not return. */
typedef void device_run_fn(void *arg, int control_fd);
int device_child_spawn(struct device *d, device_run_fn *run, void *arg,
                       struct err *e);

#endif
