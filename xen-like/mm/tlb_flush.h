/* SPDX-License-Identifier: MIT */
/*
 * mm/tlb_flush.h - flush a set of CPUs, and know when that is not needed.
 *
 * A global clock ticks at each full flush of a CPU (every CR3 load is one:
 * guest mappings are never global).  A frame remembers the clock when its
 * type count fell to 0; a CPU that flushed since cannot hold a stale entry.
 *
 * Locks   flush lock around an IPI round; never held on return.  Callers may
 *         hold other locks but must have interrupts on.
 */
#ifndef MM_TLB_FLUSH_H
#define MM_TLB_FLUSH_H

#include <arch/atomic.h>
#include <core/percpu.h>
#include <hv/types.h>

extern uint64_t tlb_clock;                    /* [a] */
DECLARE_PER_CPU(uint64_t, tlb_flushed_at);    /* [C] clock of the last flush */

/* What a frame remembers: the low half of the clock.  Read back, it is taken
 * for the latest moment with that low half, so an old stamp can only cause a
 * flush too many. */
static inline uint32_t tlb_stamp(void)
{
    return (uint32_t)atomic_load(&tlb_clock);
}

void tlb_flush_local(void);
void tlb_flush_va_local(uint64_t va);
/* Flush everything, or one page, on all CPUs of @mask (self included). */
void tlb_flush_mask(cpumask_t mask);
void tlb_flush_va_mask(cpumask_t mask, uint64_t va);
/* Also hypervisor (global) entries, everywhere: vmap changes. */
void tlb_flush_global_all(void);

/* CPUs that may hold entries of some guest: set at each guest CR3 load,
 * cleared when the CPU flushes onto our own tables. */
extern cpumask_t tlb_guest_cpus;              /* [a] */

/* CPUs of @mask that have not flushed since @stamp was taken. */
cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp);

/* Load CR3 on this CPU and account the flush. */
void tlb_write_cr3(uint64_t cr3);
/* CPUs that run on the table @l4. */
cpumask_t tlb_cpus_on(mfn_t l4);

#endif
