/* SPDX-License-Identifier: MIT */
/*
 * irq/lapic.h - the local APIC of each CPU.
 *
 * Owns    its registers (MMIO, or MSRs in x2APIC mode), EOI, IPIs, and its
 *         timer: one-shot counts or TSC deadlines.
 * Source  SDM vol. 3A, chapter 10.
 */
#ifndef IRQ_LAPIC_H
#define IRQ_LAPIC_H

#include <hv/types.h>

void lapic_init(uint64_t maddr);          /* boot CPU: map, choose the mode */
void lapic_init_cpu(void);                /* every CPU: enable */
void lapic_eoi(void);
void lapic_send_ipi(uint32_t apic_id, unsigned int vector);
void lapic_send_nmi(uint32_t apic_id);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, unsigned int page);

/* The timer's count-down, for calibration: start at the maximum and read. */
void lapic_timer_count_start(void);
uint32_t lapic_timer_count_elapsed(void);
/* Counter steps per 2^32 ns, from calibration. */
void lapic_timer_set_rate(uint64_t steps_per_ns_32);
bool lapic_has_tsc_deadline(void);
/* Interrupt in @ns from now / at TSC @tsc; ns 0: never. */
void lapic_timer_arm_ns(uint64_t ns);
void lapic_timer_arm_tsc(uint64_t tsc);

/* APIC ids of CPUs, filled by acpi/madt and smp/. */
extern uint32_t cpu_apic_id[];

#endif
