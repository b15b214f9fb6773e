/* SPDX-License-Identifier: MIT */
/*
 * fake-arch/fake.h - a machine on the host, for unit tests of the hypervisor.
 *
 * Owns    several CPUs in one thread (one at a time is "this CPU"), a clock
 *         that the test moves, timers, softirqs, locks that notice misuse, a
 *         heap that counts and fails on demand, frames in an array whose
 *         references are counted, guest memory that faults on demand.
 * Leaves  domains to tests/lib/domains.h.
 */
#ifndef FAKE_H
#define FAKE_H

#include <domain/page_type.h>
#include <hv/types.h>

/* Everything back to the beginning, with @cpus CPUs; CPU 0 is this CPU. */
void fake_reset(unsigned int cpus);
void fake_use_cpu(unsigned int cpu);

extern uint64_t fake_now_ns;
extern uint64_t fake_read_ns;             /* passes at each look at the clock */
extern unsigned int fake_ipis;             /* event-check IPIs sent */
extern unsigned int fake_tlb_flushes;
/* Run the timers that have expired, each on its CPU. */
void fake_run_timers(void);
/* The next deadline of any CPU, or ~0. */
uint64_t fake_next_deadline(void);
bool fake_softirq_pending(unsigned int cpu);

/* Run this CPU's softirqs until none is pending.  true: one of them left its
 * stack (a context switch). */
bool fake_run_softirqs(void);
/* What cpu_relax() does while somebody waits; NULL: the wait is a bug. */
extern void (*fake_on_relax)(void);

/* Allocations alive, and which one from now fails (0: none). */
extern long fake_heap_live;
extern unsigned long fake_heap_fail_at;
/* Locks held now; must be 0 after each operation. */
extern int fake_locks_held;

/* Guest memory is host memory; this range of it faults (0: none). */
extern uint64_t fake_fault_va, fake_fault_len;
/* Copies to the guest from now on that succeed; then they fault. */
extern long fake_copies_until_fault;

#define FAKE_FRAMES 4096u
struct fake_frame {
    int owner;                             /* domid, -1: nobody's */
    int refs, writable_uses;
    bool is_table;                         /* may not be written */
    bool shared;
};
extern struct fake_frame fake_frames[FAKE_FRAMES];
/* A frame of @owner, not used by the fake heap. */
mfn_t fake_frame_of(domid_t owner);

#endif
