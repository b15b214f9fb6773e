/* SPDX-License-Identifier: MIT */
/*
 * sched/pause.c - pause counts, unblock and kick, affinity, and the
 * scheduler's part in the life of domains and vcpus.
 * Tested by tests/unit/sched/test_sched_state.c.
 */
#include <core/panic.h>
#include <core/softirq.h>
#include <mm/heap.h>
#include <sched/runq.h>
#include <smp/ipi.h>
#include <xen/sched.h>
#include <hv/errno.h>

/* End of SCHEDOP_block or SCHEDOP_poll, whatever the vcpu waited for. */
void vcpu_unblock(struct vcpu *v)
{
    /* Pairs with sched_block(): what woke us was written before this. */
    if (atomic_load(&v->blocked) == 0) {
        return;
    }
    atomic_store_relaxed(&v->polling, false);
    if (atomic_xchg(&v->blocked, 0) != 0) {
        sched_wake(v);
    }
}

void vcpu_kick(struct vcpu *v)
{
    vcpu_unblock(v);
    if (v != current && atomic_load(&v->is_running)) {
        ipi_send_event_check(READ_ONCE(v->processor));
    }
}

static bool others_up(const struct vcpu *v)
{
    struct vcpu *o;

    for_each_vcpu(v->domain, o) {
        if (o != v && atomic_load(&o->is_up)) {
            return true;
        }
    }
    return false;
}

/* Down first, then the look: of two that go at once the later one sees it. */
void vcpu_down(struct vcpu *v)
{
    atomic_store(&v->is_up, 0);       /* a full barrier */
    if (!others_up(v)) {
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
    }
    sched_sleep_nosync(v);
}

void vcpu_pause_nosync(struct vcpu *v)
{
    atomic_add(&v->pause_count, 1);
    sched_sleep_nosync(v);
}

void vcpu_pause(struct vcpu *v)
{
    atomic_add(&v->pause_count, 1);
    sched_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
    if (atomic_sub(&v->pause_count, 1) == 0) {
        sched_wake(v);
    }
}

int sched_set_affinity(struct vcpu *v, cpumask_t hard, cpumask_t soft)
{
    struct sched_vcpu *s = v->sched;
    unsigned long flags;
    struct runq *rq;
    bool running, moves;
    unsigned int cpu;

    if ((hard & atomic_load(&cpu_online_mask)) == 0) {
        return -EINVAL;
    }
    rq = sched_lock_vcpu(v, &flags);
    cpu = rq->cpu;
    s->hard = hard;
    s->soft = soft;
    moves = (hard & cpumask_of(cpu)) == 0;
    running = v == rq->curr;
    if (moves && s->queued) {
        sched_dequeue(rq, s);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
    if (moves && running) {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
    } else if (moves) {
        sched_wake(v);
    }
    return 0;
}

void sched_get_affinity(struct vcpu *v, cpumask_t *hard, cpumask_t *soft)
{
    unsigned long flags;
    struct runq *rq = sched_lock_vcpu(v, &flags);

    *hard = v->sched->hard;
    *soft = v->sched->soft;
    spin_unlock_irqrestore(&rq->lock, flags);
}

int sched_domain_init(struct domain *d)
{
    struct sched_domain *sd = heap_new(struct sched_domain);

    if (sd == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&sd->lock, LOCK_SCHED);
    sd->domain = d;
    credit_domain_init(sd);
    watchdog_domain_init(sd);
    d->sched = sd;
    return 0;
}

void sched_domain_free(struct domain *d)
{
    if (d->sched == NULL) {
        return;
    }
    credit_stop_domain(d->sched);
    watchdog_domain_free(d->sched);
    heap_free(d->sched);
    d->sched = NULL;
}

/* The CPU where a new vcpu starts: spread by number. */
static unsigned int first_cpu(const struct vcpu *v)
{
    unsigned int skip = (v->domain->domid + v->vcpu_id) % nr_cpus_online;
    unsigned int cpu;

    for_each_cpu(cpu, atomic_load(&cpu_online_mask)) {
        if (skip-- == 0) {
            return cpu;
        }
    }
    return smp_processor_id();
}

int sched_vcpu_init(struct vcpu *v)
{
    struct sched_vcpu *s = heap_new(struct sched_vcpu);

    if (s == NULL) {
        return -ENOMEM;
    }
    s->vcpu = v;
    s->hard = ~0ull;
    s->soft = ~0ull;
    s->loaded_on = CPU_NONE;
    v->processor = first_cpu(v);
    v->sched = s;
    return 0;
}

void sched_vcpu_free(struct vcpu *v)
{
    if (v->sched == NULL) {
        return;
    }
    /* It was paused before its domain died, or never ran. */
    BUG_ON(v->sched->queued || v->is_running);
    sched_wait_unloaded(v);
    heap_free(v->sched);
    v->sched = NULL;
}
