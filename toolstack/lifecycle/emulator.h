/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/emulator.h - the device model of an HVM guest.
 *
 * Owns    its command line, made from the configuration; waiting until the
 *         guest may run.
 * Leaves  the process itself to backend.h, what its end means to worker.c: a
 *         guest whose hardware has gone is stopped, nothing else is.
 * Tests   tests/unit/toolstack/test_emulator.c, tests/boot/dom0/hvm-kill.sh
 */
#ifndef LIFECYCLE_EMULATOR_H
#define LIFECYCLE_EMULATOR_H

#include <client/xs.h>
#include <config/def.h>
#include <lib/buf.h>
#include <lifecycle/backend.h>

#define EMULATOR_MAX_ARGS 64u

extern const struct backend_kind emulator_kind;

/*
 * Its arguments after "--domid N", each allocated, ended by NULL.
 * 0, or -errno with @e.
 */
int emulator_args(const struct domain_def *def, const struct rundir *run,
                  unsigned int domid, char *args[EMULATOR_MAX_ARGS],
                  struct err *e);
void emulator_free_args(char *args[EMULATOR_MAX_ARGS]);

#define EMULATOR_STATE "device-model.state"    /* in the run directory */

/*
 * Started, and the guest may be unpaused; or nothing is left of it.  @again:
 * it takes over the state that is in its file.
 */
int emulator_start(struct backend *b, struct xs *xs,
                   const struct domain_def *def, bool again, struct err *e);
/* It has ended: did it leave its state (SIGTERM)? */
bool emulator_left_state(const struct rundir *run);
/* What a guest was saved with, for emulator_start(). */
int emulator_put_state(const struct rundir *run, const struct buf *state,
                       struct err *e);
/*
 * The state of the one that runs, of a guest that stands still.  0, -EAGAIN:
 * a vCPU waits for an answer that it has not taken yet, others with @e.
 */
int emulator_get_state(const struct rundir *run, unsigned int domid,
                       struct buf *state, struct err *e);
/* After that: the guest's memory was copied, or will not be. */
void emulator_go_on(const struct rundir *run, unsigned int domid);
/*
 * Another process in place of the one that runs: the one there is shall save
 * its state and end, its worker starts the next.  0, or -errno with @e.
 */
int emulator_replace(const struct rundir *run, struct xs *xs,
                     unsigned int domid, unsigned int timeout_ms,
                     struct err *e);
void emulator_stop(struct backend *b, struct xs *xs);

#endif
