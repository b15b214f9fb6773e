/* SPDX-License-Identifier: MIT */
/*
 * bus/unplug.h - emulated devices that leave when PV drivers take over.
 *
 * Owns    the list of who wants to hear it.  Once unplugged, a device stays
 *         away until the machine is reset.
 * Leaves  the ports of the protocol to dev/xen_platform.
 * Source  Xen, docs/misc/hvm-emulated-unplug.pandoc
 * Tests   tests/unit/hvm-emu/frame/test_state.c
 */
#ifndef BUS_UNPLUG_H
#define BUS_UNPLUG_H

#include <stdbool.h>
#include <stdint.h>

struct machine;

#define UNPLUG_DISKS     1u            /* IDE, no CD drives */
#define UNPLUG_NICS      2u
#define UNPLUG_AUX_DISKS 4u            /* all but the first */

struct unplug {
    uint32_t mask;                     /* what it wants to hear of */
    void (*fn)(void *arg, uint32_t what);
    void *arg;
    struct unplug *next;
};

/* @u is a member of the device. */
void unplug_listen(struct machine *m, struct unplug *u);
void unplug_forget(struct machine *m, struct unplug *u);
void unplug_now(struct machine *m, uint32_t what);
/* IDE drive @i (a disk) leaves with @what. */
static inline bool unplug_takes_disk(uint32_t what, unsigned int i)
{
    return (what & UNPLUG_DISKS) || ((what & UNPLUG_AUX_DISKS) && i > 0);
}

#endif
