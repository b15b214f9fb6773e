/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/keeper.h - keep the back ends of one VM running.
 *
 * Owns    starting one again when it has died, with growing delays; starting
 *         and stopping one when the configuration changed.
 * Leaves  the processes to backend.h.
 * Tests   tests/boot/dom0/vmctl.sh, hotplug.sh
 */
#ifndef LIFECYCLE_KEEPER_H
#define LIFECYCLE_KEEPER_H

#include <lib/evloop.h>
#include <lifecycle/backend.h>

struct keeper {
    struct evloop *loop;
    struct backend *backend;
    struct ev_source *event, *timer;
    unsigned int retry_ms;
    uint64_t since_ns;
};

/* Once, for a backend that lives as long as the keeper.  0 or -errno. */
int keeper_init(struct keeper *k, struct evloop *loop, struct backend *b);

/*
 * After a start, an adoption or a change: follow the process, start one that
 * @def needs, stop one that it does not.
 */
void keeper_follow(struct keeper *k, const struct domain_def *def);

/* Before the VM is stopped: its end is no surprise then. */
void keeper_unfollow(struct keeper *k);

#endif
