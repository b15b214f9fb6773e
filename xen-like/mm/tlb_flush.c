/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes: locally, on a set of CPUs, and the clock that tells when one
 * is not needed.  The clock ticks before the flush it counts, so a stamp
 * taken in between asks for one flush too many, never too few.
 */
#include <arch/cpu.h>
#include <arch/paging.h>
#include <mm/tlb_flush.h>
#include <smp/call.h>

uint64_t tlb_clock = 1;
cpumask_t tlb_guest_cpus;
DEFINE_PER_CPU(uint64_t, tlb_flushed_at);
static DEFINE_PER_CPU(uint64_t, tables_here);     /* [a] CR3 */

void tlb_write_cr3(uint64_t cr3)
{
    uint64_t now = atomic_add(&tlb_clock, 1);

    write_cr3(cr3);
    this_cpu(tlb_flushed_at) = now;
    atomic_store_relaxed(&this_cpu(tables_here), cr3);
}

cpumask_t tlb_cpus_on(mfn_t l4)
{
    cpumask_t found = 0;
    unsigned int cpu;

    for_each_cpu(cpu, cpu_online_mask) {
        if (atomic_load(&per_cpu(tables_here, cpu)) >> PAGE_SHIFT ==
            mfn_x(l4)) {
            found |= cpumask_of(cpu);
        }
    }
    return found;
}

void tlb_flush_local(void)
{
    tlb_write_cr3(read_cr3());
}

void tlb_flush_va_local(uint64_t va)
{
    if (is_canonical(va)) {
        invlpg(va);
    }
}

cpumask_t tlb_filter(cpumask_t mask, uint32_t stamp)
{
    uint64_t clock = atomic_load(&tlb_clock);
    uint64_t when = clock - (uint32_t)((uint32_t)clock - stamp);
    cpumask_t stale = 0;
    unsigned int cpu;

    for_each_cpu(cpu, mask) {
        if (atomic_load(&per_cpu(tlb_flushed_at, cpu)) <= when) {
            stale |= cpumask_of(cpu);
        }
    }
    return stale;
}

static void flush_all_ipi(void *unused)
{
    tlb_flush_local();
}

static void flush_va_ipi(void *va)
{
    tlb_flush_va_local((uint64_t)va);
}

static void flush_global_ipi(void *unused)
{
    unsigned long flags = local_irq_save();
    uint64_t cr4 = read_cr4();

    write_cr4(cr4 & ~X86_CR4_PGE);
    tlb_flush_local();
    write_cr4(cr4);
    local_irq_restore(flags);
}

static void on_cpus(cpumask_t mask, void (*fn)(void *), void *arg)
{
    cpumask_t self = cpumask_of(smp_processor_id());

    if (mask & self) {
        fn(arg);
    }
    mask &= ~self & atomic_load(&cpu_online_mask);
    if (mask != 0) {
        smp_call(mask, fn, arg);
    }
}

void tlb_flush_mask(cpumask_t mask)
{
    on_cpus(mask, flush_all_ipi, NULL);
}

void tlb_flush_va_mask(cpumask_t mask, uint64_t va)
{
    on_cpus(mask, flush_va_ipi, (void *)va);
}

void tlb_flush_global_all(void)
{
    on_cpus(atomic_load(&cpu_online_mask), flush_global_ipi, NULL);
}
