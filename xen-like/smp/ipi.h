/* SPDX-License-Identifier: MIT */
/*
 * smp/ipi.h - interrupt another CPU.
 *
 * Owns    the three vectors: event check (leave the guest or wake from hlt
 *         and look at softirqs), call function (smp/call), stop (panic).
 */
#ifndef SMP_IPI_H
#define SMP_IPI_H

#include <hv/types.h>

void ipi_init(void);                             /* boot CPU, with the APIC */
void ipi_send_event_check(unsigned int cpu);
void ipi_send_call(cpumask_t mask);
/* Others halt; waits a little; callable from a panic.  Sends an NMI: the NMI
 * handler of entry/ must halt when smp_stopping is set. */
void ipi_stop_others(void);
extern bool smp_stopping;                        /* [a] */

#endif
