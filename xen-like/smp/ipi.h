/* SPDX-License-Identifier: MIT */
/*
 * smp/ipi.h - interrupt another CPU.
 *
 * Owns    the three vectors: event check (leave the guest or wake from hlt
 *         and look at softirqs), call function (smp/call), stop (panic).
 * Tests   tests/unit/core/test_stop.c
 */
#ifndef SMP_IPI_H
#define SMP_IPI_H

#include <hv/types.h>

void ipi_init(void);                             /* boot CPU, with the APIC */
void ipi_send_event_check(unsigned int cpu);
void ipi_send_call(cpumask_t mask);
/*
 * The others halt; interrupts are off here from now on.  Callable from a panic
 * and more than once.  Waits until all have answered the NMI, but not for ever
 * for one that cannot take it.  If another CPU was first, this one halts.
 */
void ipi_stop_others(void);
/* For the NMI handler of entry/: this CPU must halt, and the sender knows. */
bool ipi_must_stop(void);

#endif
