/* SPDX-License-Identifier: MIT */
/*
 * sched/credit.c - the policy: proportional share by weight, caps, slices.
 *
 * Each vcpu has a virtual time that runs slower the more its domain weighs;
 * the runnable vcpu with the least of it runs.  A capped domain has a budget
 * per period; who finds it empty is parked until the refill.  No tick: the
 * slice timer is armed only while somebody waits or a cap has to be kept,
 * and an armed timer is left alone by a switch, because firing early is
 * harmless and re-arming costs more.
 * Tested by tests/unit/sched/test_sched.c.
 */
#include <core/softirq.h>
#include <sched/runq.h>
#include <time/systime.h>
#include <hv/errno.h>

#define SCALE_SHIFT 10

static uint32_t weight_to_scale(uint16_t weight)
{
    return (DEFAULT_WEIGHT << SCALE_SHIFT) / weight;
}

static uint64_t scaled(const struct vcpu *v, uint64_t ns)
{
    return (ns * v->domain->sched->scale) >> SCALE_SHIFT;
}

static int64_t cap_quota_ns(uint16_t cap)
{
    return (int64_t)(CAP_PERIOD_NS * cap / 100);
}

static void charge_cap(struct sched_domain *sd, uint64_t ran, uint64_t now)
{
    atomic_sub(&sd->budget_ns, (int64_t)ran);
    if (!timer_armed(&sd->refill)) {
        timer_set(&sd->refill, now + CAP_PERIOD_NS);
    }
}

/* @v ran on @rq until @now. */
void credit_charge(struct runq *rq, struct vcpu *v, uint64_t now)
{
    struct sched_vcpu *s = v->sched;
    uint64_t ran = now > s->start_ns ? now - s->start_ns : 0;

    s->start_ns = now;
    if (is_idle_vcpu(v)) {
        rq->idle_ns += ran;
        return;
    }
    s->vtime += scaled(v, ran);
    if (v->domain->sched->cap != 0) {
        charge_cap(v->domain->sched, ran, now);
    }
}

uint64_t credit_vtime_now(const struct vcpu *v, uint64_t now)
{
    const struct sched_vcpu *s = v->sched;
    uint64_t start = READ_ONCE(s->start_ns);

    return READ_ONCE(s->vtime) + (now > start ? scaled(v, now - start) : 0);
}

/* The queue's clock is the least virtual time of those who want to run. */
static void advance_clock(struct runq *rq, uint64_t now)
{
    uint64_t least = rq->head != NULL ? rq->head->vtime : ~0ull;

    if (!is_idle_vcpu(rq->curr)) {
        least = min(least, credit_vtime_now(rq->curr, now));
    }
    if (least != ~0ull && least > rq->clock) {
        rq->clock = least;
    }
}

/* @s is about to be queued.  If it slept, or comes from another CPU, it
 * neither owns the next second nor waits for one. */
void credit_clamp(struct runq *rq, struct sched_vcpu *s, uint64_t now)
{
    advance_clock(rq, now);
    if (s->vtime + WINDOW_NS < rq->clock) {
        s->vtime = rq->clock - WINDOW_NS;
    } else if (s->vtime > rq->clock + WINDOW_NS && rq->clock != 0) {
        s->vtime = rq->clock + WINDOW_NS;
    }
}

static void arm_at(struct runq *rq, uint64_t at)
{
    if (!timer_armed(&rq->slice) || rq->slice.deadline_ns > at) {
        timer_set(&rq->slice, at);
    }
}

/*
 * May @s, which woke, go first?  Who runs may have more to say: a guest rings
 * for each of the requests it makes, and if it is stopped at the first, its
 * back end wakes up for each alone.  So it goes on for MIN_RUN_NS in all.
 * Unless that was of no use the last time: it only went to sleep, which it
 * is spared when its back end answers at once.
 */
bool credit_preempts(struct runq *rq, const struct sched_vcpu *s,
                     uint64_t now)
{
    struct sched_vcpu *c = rq->curr->sched;

    if (s->vtime + PREEMPT_LAG_NS >= credit_vtime_now(rq->curr, now)) {
        return false;
    }
    if (now >= rq->since_ns + MIN_RUN_NS) {
        return true;
    }
    if (c->hasty > 0) {
        c->hasty--;
        return true;
    }
    if (c->kept_ns == 0) {
        c->kept_ns = now;
    }
    arm_at(rq, rq->since_ns + MIN_RUN_NS);
    return false;
}

/* @v leaves its CPU: was it of use that it was not stopped before? */
void credit_turn_ends(struct vcpu *v, uint64_t now)
{
    struct sched_vcpu *s = v->sched;

    if (s->kept_ns != 0) {
        s->hasty = !is_runnable(v) && now < s->kept_ns + NO_USE_NS ? NR_HASTY
                                                                   : 0;
        s->kept_ns = 0;
    }
}

/* See to it that somebody looks when the slice of rq->curr ends. */
void credit_arm(struct runq *rq, uint64_t now)
{
    const struct sched_domain *sd = rq->curr->domain->sched;
    uint64_t run_ns = SLICE_NS;

    if (sd->cap != 0) {
        int64_t left = atomic_load(&sd->budget_ns);

        run_ns = left < (int64_t)CAP_MIN_RUN_NS ? CAP_MIN_RUN_NS
                 : min((uint64_t)left, run_ns);
    }
    arm_at(rq, now + run_ns);
}

void credit_slice_end(void *data)
{
    struct runq *rq = data;
    const struct vcpu *v = READ_ONCE(rq->curr);

    /* Only this CPU changes rq->curr, and it is here now. */
    if (!is_idle_vcpu(v) && (atomic_load(&rq->nr_queued) != 0 ||
                             v->domain->sched->cap != 0)) {
        softirq_raise_on(rq->cpu, SOFTIRQ_SCHEDULE);
    }
}

static void wake_parked(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (v->sched != NULL && READ_ONCE(v->sched->parked)) {
            sched_wake(v);
        }
    }
}

/* A new cap period: what was overdrawn stays owed. */
static void refill(void *data)
{
    struct sched_domain *sd = data;
    int64_t quota = cap_quota_ns(sd->cap);
    int64_t left = atomic_load(&sd->budget_ns);

    if (sd->cap == 0 || left >= quota) {
        return;                       /* nobody ran: armed again on use */
    }
    atomic_add(&sd->budget_ns, min(quota, quota - left));
    timer_set(&sd->refill, systime_ns() + CAP_PERIOD_NS);
    wake_parked(sd->domain);
}

void credit_domain_init(struct sched_domain *sd)
{
    sd->weight = DEFAULT_WEIGHT;
    sd->scale = weight_to_scale(DEFAULT_WEIGHT);
    timer_init(&sd->refill, refill, sd, smp_processor_id());
}

void credit_stop_domain(struct sched_domain *sd)
{
    timer_kill(&sd->refill);
}

int sched_set_params(struct domain *d, uint16_t weight, uint16_t cap)
{
    struct sched_domain *sd = d->sched;
    unsigned long flags;

    if (weight == 0) {
        return -EINVAL;
    }
    flags = spin_lock_irqsave(&sd->lock);
    atomic_store(&sd->scale, weight_to_scale(weight));
    sd->weight = weight;
    if (cap != sd->cap) {
        atomic_store(&sd->budget_ns, cap_quota_ns(cap));
        atomic_store(&sd->cap, cap);
    }
    spin_unlock_irqrestore(&sd->lock, flags);
    wake_parked(d);
    return 0;
}

void sched_get_params(struct domain *d, uint16_t *weight, uint16_t *cap)
{
    struct sched_domain *sd = d->sched;
    unsigned long flags;

    flags = spin_lock_irqsave(&sd->lock);
    *weight = sd->weight;
    *cap = sd->cap;
    spin_unlock_irqrestore(&sd->lock, flags);
}
