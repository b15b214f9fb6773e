/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/vm.h - one VM in the hands of its worker: start, adopt, stop.
 *
 * Owns    the order of the steps and their undoing.  A step that fails runs
 *         the undo of the steps before it, newest first; the store entry is
 *         the last thing removed.
 * Leaves  what to do when the guest ends to worker.c.
 * Tests   tests/boot/dom0/vmctl.sh, badinput.sh, leak.sh
 */
#ifndef LIFECYCLE_VM_H
#define LIFECYCLE_VM_H

#include <build/boot.h>
#include <devices/devices.h>
#include <lifecycle/backend.h>
#include <lifecycle/stream.h>
#include <signal.h>

struct vm {
    struct hyp *h;
    struct xs *xs;
    struct domain_def def;
    struct rundir run;
    unsigned int domid;
    unsigned int done;                 /* steps, as bits: see start.c */
    struct boot_files files;
    struct stream stream;              /* instead of files, if restored */
    struct guest_ends guest;
    struct devices devices;
    struct backend backends[NR_BACKENDS];
    struct backend emulator;           /* of an HVM guest */
    bool emulator_again;               /* it begins with saved state */
    volatile sig_atomic_t *cancel;     /* set by a signal: undo and leave */
};

/* Opens hypervisor and store; @run is initialised and locked by the caller. */
int vm_open(struct vm *vm, struct err *e);
void vm_close(struct vm *vm);

/* From configuration to a running guest, or back to nothing. */
int vm_start(struct vm *vm, bool paused, struct err *e);

/*
 * Take over the domain of this UUID.  -ESRCH: it has gone, and vm_stop() will
 * clear away what it left.  Other errors: nothing may be done.
 */
int vm_adopt(struct vm *vm, struct err *e);

/* Whatever its state: no domain, device, process or node is left. */
void vm_stop(struct vm *vm);

/* The domain of a UUID: 0, or -ESRCH.  Dying ones count. */
int vm_find_domid(struct hyp *h, const uint8_t uuid[16], unsigned int *domid,
                  uint32_t *flags);

#endif
