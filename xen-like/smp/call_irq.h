/* SPDX-License-Identifier: MIT */
/*
 * smp/call_irq.h - the receiving side of smp/call, for smp/ipi.
 */
#ifndef SMP_CALL_IRQ_H
#define SMP_CALL_IRQ_H

void call_interrupt(void);

#endif
