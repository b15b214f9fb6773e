/* SPDX-License-Identifier: MIT */
/*
 * smp/call.h - run a function on other CPUs and wait for it.
 *
 * Locks   one call at a time (LOCK_FLUSH).  A caller may hold no lock that
 *         another CPU waits for with interrupts off.  @fn runs with
 *         interrupts off.
 */
#ifndef SMP_CALL_H
#define SMP_CALL_H

#include <hv/types.h>

/* On each online CPU of @mask, also this one if it is in the set. */
void smp_call(cpumask_t mask, void (*fn)(void *), void *arg);

#endif
