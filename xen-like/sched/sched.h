/* SPDX-License-Identifier: MIT */
/*
 * sched/sched.h - who runs where.
 *
 * Owns    run queues (one per CPU), context switch, wake and block, pause.
 *         Policy (weight, cap, slices) is sched/credit.
 * Locks   run-queue lock per CPU (LOCK_SCHED, irqsave), never two at once but
 *         by trylock.
 * Lazy    a vcpu that makes way for the idle vcpu keeps its registers on the
 *         CPU: coming back costs no switch_from and no switch_to.
 * Tests   tests/unit/sched/
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <domain/domain.h>
#include <domain/guest_ops.h>

/*
 * Boot CPU, before domains.  @load_idle loads the page tables of the
 * hypervisor alone, interrupts off: it is called when the state of a
 * descheduled vcpu must leave a CPU that stays idle (its page tables may be
 * freed next), after guest_ops.switch_from.
 */
void sched_init(void (*load_idle)(void));
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
void sched_sleep_sync(struct vcpu *v);       /* waits until off its CPU and
                                                its state is in memory */

/*
 * Wait until every CPU has left what it was doing when this was called (has
 * passed sched_run, or is idle): what was unlinked before cannot be in use
 * by a lock-free reader after.  Not from interrupts, no lock held.
 */
void sched_quiesce(void);

/*
 * Would @v, the current vcpu, be told of an event as soon as it runs?  Then it
 * has no reason to sleep.  A PV guest's flags say so; those of an HVM guest
 * mean nothing here: its own interrupt flag decides.
 */
static inline bool vcpu_event_deliverable(struct vcpu *v)
{
    if (unlikely(v->domain->ops != NULL &&
                 v->domain->ops->event_deliverable != NULL)) {
        return v->domain->ops->event_deliverable(v);
    }
    return atomic_load(&v->info->evtchn_upcall_pending) != 0 &&
           atomic_load(&v->info->evtchn_upcall_mask) == 0;
}

/* From the current vcpu's hypercalls. */
void sched_block(void);                      /* unless an event is pending */
void sched_yield_current(void);

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
/* Until VCPUOP_up or a SIPI; the last one up powers the domain off. */
void vcpu_down(struct vcpu *v);

int must_check sched_set_affinity(struct vcpu *v, cpumask_t hard, cpumask_t soft);
void sched_get_affinity(struct vcpu *v, cpumask_t *hard, cpumask_t *soft);
int must_check sched_set_params(struct domain *d, uint16_t weight, uint16_t cap);
void sched_get_params(struct domain *d, uint16_t *weight, uint16_t *cap);
uint64_t sched_cpu_idle_ns(unsigned int cpu);

/* Shut the domain down (SHUTDOWN_watchdog) unless poked in time.  @id 0:
 * a new one, its id >= 1 is returned; @timeout_s 0: stop it.
 * -EINVAL: no such id; -ENOSPC: all in use. */
int must_check sched_watchdog(struct domain *d, uint32_t id,
                              uint32_t timeout_s);

#endif
