/* SPDX-License-Identifier: MIT */
/*
 * lib/netif.h - interfaces of the control domain: up, named, in a bridge.
 *
 * Owns    the few ioctls of linux/sockios.h that a virtual card and its bridge need, so that
 *         no script and no program takes part.
 * Leaves  taps to the network back end, vif devices to the kernel's.
 * Tests   tests/boot/dom0/net.sh, netx.sh
 */
#ifndef LIB_NETIF_H
#define LIB_NETIF_H

#include <stdbool.h>

struct err;

#define NETIF_NAME_ROOM 16             /* IFNAMSIZ */

bool netif_exists(const char *name);

/* Only an interface that is down can get another name. */
int netif_rename(const char *name, const char *new_name, struct err *e);

/* @mtu 0: as it is.  Idempotent. */
int netif_up(const char *name, unsigned int mtu, struct err *e);

/* Make @name a port of @bridge, which must exist.  Idempotent. */
int netif_join(const char *bridge, const char *name, struct err *e);

/* An IPv4 address "10.0.0.1/24".  Replaces the one it has. */
int netif_address(const char *name, const char *address, struct err *e);

/* A bridge, up; 0 also if there is one of that name. */
int netif_make_bridge(const char *bridge, struct err *e);

#endif
