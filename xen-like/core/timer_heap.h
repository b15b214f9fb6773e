/* SPDX-License-Identifier: MIT */
/*
 * core/timer_heap.h - for init/ and time/: the heaps' memory and clock.
 */
#ifndef CORE_TIMER_HEAP_H
#define CORE_TIMER_HEAP_H

#define TIMERS_PER_CPU 4096u

/* @array: room for @max pointers. */
void timer_cpu_init(unsigned int cpu, void *array, unsigned int max);
void timer_run(void);           /* handler of SOFTIRQ_TIMER */
void timer_interrupt(void);     /* the hardware deadline passed */

#endif
