/* SPDX-License-Identifier: MIT */
/*
 * smp/ipi.c - event check, call function, stop.
 */
#include <smp/ipi.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

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

/* An NMI reaches CPUs with interrupts off; its handler sees smp_stopping. */
void ipi_stop_others(void)
{
    unsigned int cpu;

    atomic_store(&smp_stopping, true);
    for_each_cpu(cpu, cpu_online_mask & ~cpumask_of(smp_processor_id())) {
        lapic_send_nmi(cpu_apic_id[cpu]);
    }
    for (unsigned int i = 0; i < 1000; i++) {
        cpu_relax();
    }
}
