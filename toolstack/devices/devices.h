/* SPDX-License-Identifier: MIT */
/*
 * devices/devices.h - give a domain its devices, take them away again.
 *
 * Owns    one row per kind: how many the configuration has, attach, detach.
 * Leaves  the processes that serve them to lifecycle/backend.h.
 * Tests   tests/unit/toolstack/test_store.c, tests/boot/dom0/vmctl.sh
 */
#ifndef DEVICES_DEVICES_H
#define DEVICES_DEVICES_H

#include <client/xs.h>
#include <config/def.h>

struct err;

#define DEVICES_MAX_LOOPS 64u

struct devices {
    struct xs *xs;
    unsigned int domid;
    const struct domain_def *def;
    int loops[DEVICES_MAX_LOOPS];      /* open loop devices */
    unsigned int nr_loops;
};

void devices_init(struct devices *d, struct xs *xs, unsigned int domid,
                  const struct domain_def *def);

/* All of them, or none: what was attached is detached on failure. */
int devices_attach(struct devices *d, struct err *e);

/* All of them, waiting at most @timeout_ms for each back end. */
void devices_detach(struct devices *d, unsigned int timeout_ms);

/* Is there a device that our own block back end serves? */
bool devices_need_blkd(const struct domain_def *def);

#endif
