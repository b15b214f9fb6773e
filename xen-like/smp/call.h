/* SPDX-License-Identifier: MIT */
/*
 * smp/call.h - run a function on other CPUs and wait for it.
 *
 * Locks   one call at a time (LOCK_FLUSH), interrupts on while waiting: a
 *         caller with interrupts off would deadlock with a CPU that calls us.
 *         @fn runs in interrupt context there.
 */
#ifndef SMP_CALL_H
#define SMP_CALL_H

#include <hv/types.h>

/* On each online CPU of @mask, also this one if it is in the set. */
void smp_call(cpumask_t mask, void (*fn)(void *), void *arg);

#endif
