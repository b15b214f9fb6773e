/* SPDX-License-Identifier: MIT */
/*
 * back/net_tap.h - the tap of a card, in dom0's network.
 *
 * Owns    making it, its queues, its place in a bridge, its offloads; it is
 *         persistent, so that a process may be killed and continued.
 * Tests   tests/boot/dom0/net.sh, netx.sh
 */
#ifndef BACK_NET_TAP_H
#define BACK_NET_TAP_H

#include <stdbool.h>

struct device;
struct err;

/* What may be handed to the guest undone. */
#define NET_TAP_CSUM 1u
#define NET_TAP_TSO4 2u
#define NET_TAP_TSO6 4u

/* Fill d->net.fds, one a queue.  0 or -errno with @e filled. */
int net_tap_open(struct device *d, unsigned int nr_queues, struct err *e);

/* The guest serves the first @nr queues and takes @offloads. */
int net_tap_set(struct device *d, unsigned int nr, unsigned int offloads,
                struct err *e);

/* @gone: the card has left, and the tap with it. */
void net_tap_close(struct device *d, bool gone);

#endif
