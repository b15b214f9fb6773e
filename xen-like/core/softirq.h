/* SPDX-License-Identifier: MIT */
/*
 * core/softirq.h - work a CPU does before it returns to a guest.
 *
 * Owns    one bit per kind in cpu_info.softirq_pending; handlers run with
 *         interrupts on, on the CPU whose bit is set.
 */
#ifndef CORE_SOFTIRQ_H
#define CORE_SOFTIRQ_H

#include <arch/atomic.h>
#include <core/percpu.h>

enum softirq {
    SOFTIRQ_TIMER,       /* core/timer: run expired timers */
    SOFTIRQ_SCHEDULE,    /* sched/: choose who runs next */
    SOFTIRQ_TASK,        /* core/softirq: queued functions */
    NR_SOFTIRQS
};

/* Run with interrupts on, on this CPU. */
void softirq_set_handler(enum softirq nr, void (*fn)(void));
void softirq_run(void);

static inline void softirq_raise(enum softirq nr)
{
    atomic_or(&get_cpu_info()->softirq_pending, 1u << nr);
}

/* Raise on @cpu; sends an IPI when it is another one. */
void softirq_raise_on(unsigned int cpu, enum softirq nr);

/* A function to run once, soon, on this CPU with interrupts on; raised from
 * any context, again only after it has begun. */
struct softirq_task {
    void (*fn)(void);            /* [I] */
    uint32_t queued;             /* [a] */
    struct softirq_task *next;   /* [C] */
};
void softirq_task_raise(struct softirq_task *t);
void softirq_init(void);         /* boot: handler of SOFTIRQ_TASK */

static inline bool softirq_pending(void)
{
    return atomic_load(&get_cpu_info()->softirq_pending) != 0;
}

#endif
