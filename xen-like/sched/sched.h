/* SPDX-License-Identifier: MIT */
/*
 * sched/sched.h - who runs where.
 *
 * Owns    run queues (one per CPU), context switch, wake and block, pause.
 *         Policy (weight, cap, slices) is sched/credit.
 * Locks   run-queue lock per CPU (LOCK_SCHED, irqsave); two: lower CPU first.
 * Tests   tests/unit/sched/
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <domain/domain.h>

void sched_init(void);                       /* boot CPU, before domains */
void sched_init_cpu(unsigned int cpu);       /* creates the idle vcpu */
struct vcpu *sched_idle_vcpu(unsigned int cpu);
static inline bool is_idle_vcpu(const struct vcpu *v)
{
    return v->domain == NULL;
}

int sched_domain_init(struct domain *d);
void sched_domain_free(struct domain *d);
int sched_vcpu_init(struct vcpu *v);
void sched_vcpu_free(struct vcpu *v);

/* Runnable: initialised, up, not blocked, pause_count 0. */
bool sched_vcpu_runnable(const struct vcpu *v);
/* Re-evaluate after one of these changed. */
void sched_wake(struct vcpu *v);
void sched_sleep_nosync(struct vcpu *v);
void sched_sleep_sync(struct vcpu *v);       /* waits until off its CPU */

/* From the current vcpu's hypercalls. */
void sched_block(void);                      /* unless an event is pending */
void sched_yield(void);

/* SOFTIRQ_SCHEDULE: choose and switch; may not return to the same stack
 * contents: ends in guest_ops.resume of the next vcpu or idle loop. */
void sched_run(void);
noreturn void sched_start_this_cpu(void);    /* enter the idle loop */

/* vcpu must notice something soon: wake it or interrupt its CPU. */
void vcpu_kick(struct vcpu *v);
void vcpu_unblock(struct vcpu *v);
void vcpu_pause(struct vcpu *v);             /* sync */
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

int must_check sched_set_affinity(struct vcpu *v, cpumask_t hard, cpumask_t soft);
void sched_get_affinity(struct vcpu *v, cpumask_t *hard, cpumask_t *soft);
int must_check sched_set_params(struct domain *d, uint16_t weight, uint16_t cap);
void sched_get_params(struct domain *d, uint16_t *weight, uint16_t *cap);
uint64_t sched_cpu_idle_ns(unsigned int cpu);

#endif
