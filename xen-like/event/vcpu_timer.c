/* SPDX-License-Identifier: MIT */
/*
 * event/vcpu_timer.c - the two timers of a vcpu; both raise VIRQ_TIMER.
 *
 * They live on the heap of the CPU where the vcpu last asked for them.  A
 * periodic tick does not wake a vcpu that blocks; a singleshot does.
 * Tested by tests/unit/event/test_virq.c.
 */
#include <event/table.h>
#include <sched/sched.h>
#include <time/systime.h>
#include <xen/vcpu.h>
#include <hv/errno.h>

#define MIN_PERIOD_NS 1000000ull
#define MAX_PERIOD_NS (1ull << 60)

static void singleshot_expired(void *data)
{
    virq_send_vcpu(data, VIRQ_TIMER);
}

static void periodic_expired(void *data)
{
    struct vcpu *v = data;
    struct evtchn_vcpu *ev = v->evtchn;
    uint64_t period = atomic_load(&ev->period_ns), next;

    if (period == 0) {
        return;
    }
    if (sched_vcpu_runnable(v)) {
        virq_send_vcpu(v, VIRQ_TIMER);
    }
    /* The next tick of the same row, or of a new one if too late for it. */
    next = ev->periodic.deadline_ns + period;
    timer_set(&ev->periodic, max(next, systime_ns() + period / 2));
}

int vcpu_timer_init(struct vcpu *v)
{
    timer_init(&v->evtchn->singleshot, singleshot_expired, v,
               smp_processor_id());
    timer_init(&v->evtchn->periodic, periodic_expired, v, smp_processor_id());
    return 0;
}

void vcpu_timer_free(struct vcpu *v)
{
    atomic_store(&v->evtchn->period_ns, 0);
    timer_kill(&v->evtchn->singleshot);
    timer_kill(&v->evtchn->periodic);
}

static void move_here(struct timer *t)
{
    if (t->cpu != smp_processor_id()) {
        timer_migrate(t, smp_processor_id());
    }
}

int vcpu_timer_set_singleshot(struct vcpu *v, uint64_t ns, uint32_t flags)
{
    if ((flags & VCPU_SSHOTTMR_future) != 0 && ns < systime_ns()) {
        return -ETIME;
    }
    move_here(&v->evtchn->singleshot);
    timer_set(&v->evtchn->singleshot, ns);
    return 0;
}

void vcpu_timer_stop_singleshot(struct vcpu *v)
{
    timer_stop(&v->evtchn->singleshot);
}

int vcpu_timer_set_periodic(struct vcpu *v, uint64_t period_ns)
{
    if (period_ns < MIN_PERIOD_NS || period_ns > MAX_PERIOD_NS) {
        return -EINVAL;
    }
    move_here(&v->evtchn->periodic);
    atomic_store(&v->evtchn->period_ns, period_ns);
    timer_set(&v->evtchn->periodic, systime_ns() + period_ns);
    return 0;
}

void vcpu_timer_stop_periodic(struct vcpu *v)
{
    atomic_store(&v->evtchn->period_ns, 0);
    timer_stop(&v->evtchn->periodic);
}
