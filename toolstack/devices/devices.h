/* SPDX-License-Identifier: MIT */
/*
 * devices/devices.h - give a domain its devices, take them away again.
 *
 * Owns    one row per kind: how many the configuration has, what they are
 *         called in the store, how one is attached.  All at the start and the
 *         end of a domain, one at a time while it runs.
 * Leaves  the processes that serve them to lifecycle/backend.h; locks, the
 *         configuration and its files to lifecycle/change.h.
 * Tests   tests/unit/toolstack/test_devices.c, tests/boot/dom0/vmctl.sh,
 *         hotplug.sh
 */
#ifndef DEVICES_DEVICES_H
#define DEVICES_DEVICES_H

#include <client/xs.h>
#include <config/def.h>
#include <store/device_entry.h>

struct err;

#define DEVICES_MAX_LOOPS 64u

struct devices {
    struct xs *xs;
    unsigned int domid;
    const struct domain_def *def;
    const char *run_dir;               /* of the VM on this host, or NULL */
    int loops[DEVICES_MAX_LOOPS];      /* open loop devices */
    unsigned int nr_loops;
};

void devices_init(struct devices *d, struct xs *xs, unsigned int domid,
                  const struct domain_def *def);

/* All of them, or none: what was attached is detached on failure. */
int devices_attach(struct devices *d, struct err *e);

/*
 * Waits for the back ends of all disks, before the guest's first instruction:
 * GRUB and other firmware look for a disk once.
 */
int devices_wait_disks(struct devices *d, const struct device_wait *wait,
                       struct err *e);

/* All of them, waiting at most @timeout_ms for each back end. */
void devices_detach(struct devices *d, unsigned int timeout_ms);

/*
 * The @i-th device of the XML element @element ("disk"), in a running domain:
 * attached and connected, or not there at all.
 */
int devices_plug(struct devices *d, const char *element, size_t i,
                 const struct device_wait *wait, struct err *e);

/*
 * The guest gives it back, or keeps it and nothing has changed (class
 * timeout).
 */
int devices_unplug(struct devices *d, const char *element, size_t i,
                   const struct device_wait *wait, struct err *e);

/* -EOPNOTSUPP for what the device model of a running guest has. */
int devices_changeable(const struct devices *d, const char *element, size_t i,
                       struct err *e);

/* What it is called in the store; false: it has no entry there. */
bool devices_id(const struct devices *d, const char *element, size_t i,
                struct device_id *id);

/* Loop devices live as long as a back end has them open, or these. */
void devices_close_loops(struct devices *d);

/* Is there a device that the back end program of ours serves? */
bool devices_need_blkd(const struct domain_def *def);
bool devices_need_netd(const struct domain_def *def);
bool devices_need_screend(const struct domain_def *def);

#endif
