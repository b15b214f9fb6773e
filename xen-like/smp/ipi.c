/* SPDX-License-Identifier: MIT */
/*
 * smp/ipi.c - event check, call function, stop.
 */
#include <smp/ipi.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

#include <core/machine.h>
#include <core/percpu.h>
#include <irq/irq.h>
#include <irq/lapic.h>
#include <irq/vector.h>
#include <smp/call_irq.h>

/* Softirq bits are already set; returning to the loop is what is wanted. */
static void event_check(void)
{
    lapic_eoi();
}

void boot_text ipi_init(void)
{
    irq_set_direct(VECTOR_EVENT_CHECK, event_check);
    irq_set_direct(VECTOR_CALL, call_interrupt);
}

void ipi_send_event_check(unsigned int cpu)
{
    lapic_send_ipi(cpu_apic_id[cpu], VECTOR_EVENT_CHECK);
}

void ipi_send_call(cpumask_t mask)
{
    unsigned int cpu;

    for_each_cpu(cpu, mask) {
        lapic_send_ipi(cpu_apic_id[cpu], VECTOR_CALL);
    }
}

/* ---- stop ------------------------------------------------------------- */

#define PATIENCE_NS 100000000ull         /* for CPUs that may hang */

static uint32_t stopper;                 /* [a] who stops the others, plus 1 */
static cpumask_t stopped;                /* [a] */

static void answer(void)
{
    atomic_or(&stopped, cpumask_of(smp_processor_id()));
}

bool ipi_must_stop(void)
{
    uint32_t by = atomic_load(&stopper);

    if (by == 0 || by == smp_processor_id() + 1) {
        return false;                    /* an NMI from elsewhere */
    }
    answer();
    return true;
}

static void wait_until_stopped(cpumask_t others)
{
    uint64_t end = machine.now_ns() + PATIENCE_NS;

    while ((others & ~atomic_load(&stopped)) != 0 && machine.now_ns() < end) {
        cpu_relax();
    }
}

/* An NMI reaches CPUs with interrupts off; what they do is half done then:
 * whoever goes on takes no locks. */
void ipi_stop_others(void)
{
    unsigned int cpu, self = smp_processor_id();
    cpumask_t others = cpu_online_mask & ~cpumask_of(self);
    uint32_t first = 0;

    local_irq_disable();
    if (!atomic_cmpxchg(&stopper, &first, self + 1)) {
        if (first != self + 1) {
            answer();
            cpu_halt_forever();
        }
        return;                          /* done before */
    }
    for_each_cpu(cpu, others) {
        lapic_send_nmi(cpu_apic_id[cpu]);
    }
    wait_until_stopped(others);
}
