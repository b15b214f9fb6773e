/* SPDX-License-Identifier: MIT */
/*
 * core/timer.h - one-shot timers, a heap of deadlines per CPU.
 *
 * Units   nanoseconds of system time (time/systime.h: systime_ns()).
 * Locks   per-CPU timer lock (irqsave).  Handlers run from SOFTIRQ_TIMER
 *         with no lock held and may re-arm their own timer.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <hv/types.h>

struct timer {
    uint64_t deadline_ns;
    void (*fn)(void *data);
    void *data;
    unsigned int cpu;         /* whose heap it is in */
    int slot;                 /* place in the heap, -1: not armed */
};

void timer_init(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu);
/* Arm or move; a deadline in the past fires at the next softirq check. */
void timer_set(struct timer *t, uint64_t deadline_ns);
void timer_stop(struct timer *t);
/* Stop, and wait until the handler is not running anywhere. */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned int cpu);

static inline bool timer_armed(const struct timer *t)
{
    return t->slot >= 0;
}

#endif
