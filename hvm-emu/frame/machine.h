/* SPDX-License-Identifier: MIT */
/*
 * frame/machine.h - one emulated machine: what every device is given.
 *
 * Owns    the numbers fixed at start and the pointers to the parts; each part
 *         is defined by the room that owns it (bus/, guest/, frame/timer).
 * Leaves  who makes it to run/main (a guest) and its tests/ (frame/bench.c, a
 *         test): neither devices nor buses know which.
 * Tests   tests/unit/hvm-emu/
 *
 * Everything runs on one thread.  The guest is hostile: whatever it wrote is
 * checked where it is used.
 */
#ifndef FRAME_MACHINE_H
#define FRAME_MACHINE_H

#include <frame/hv.h>

#include <stdbool.h>
#include <stdint.h>

struct emu_config;
struct evloop;
struct fwcfg;
struct guest_mem;
struct irq_lines;
struct pci_bus;
struct range_table;
struct timers;
struct unplug;

/* Guest RAM ends below this; above it are BARs, APICs, firmware. */
#define MACHINE_HOLE_START 0xf0000000ull
#define MACHINE_HOLE_END   0xfc000000ull   /* BARs end here */
#define MACHINE_4G         0x100000000ull

struct machine {
    unsigned int domid;
    unsigned int nr_vcpus;
    uint64_t low_end;                  /* RAM: 0 .. low_end (video hole aside) */
    uint64_t high_end;                 /* and 4 GiB .. high_end, if above */
    uint64_t next_park;                /* where new windows are made, bus/pci */
    bool restored;                     /* memory of windows is there already */
    bool frozen;                       /* nothing from outside reaches memory */
    const struct emu_config *config;
    const struct hv_ops *hv;           /* the hypervisor, or a test */
    void *hv_arg;
    struct evloop *loop;               /* lib/evloop.h; NULL in tests */
    struct timers *timers;
    struct guest_mem *mem;
    struct range_table *ranges;
    struct irq_lines *irq;
    struct pci_bus *pci;
    struct fwcfg *fwcfg;               /* dev/fwcfg.h; NULL: a BIOS */
    struct unplug *unplug;             /* bus/unplug.h */
    void (*reset)(struct machine *m, const char *by);  /* the guest asks */
    uint32_t unplugged;                /* what has left: its bits */
    unsigned long faults;              /* accesses nobody answered */
};

/* SHUTDOWN_poweroff, _reboot, _crash of xen/sched.h: the guest is over. */
void machine_shutdown(struct machine *m, unsigned int reason);

#endif
