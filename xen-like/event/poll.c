/* SPDX-License-Identifier: MIT */
/*
 * event/poll.c - vcpus that wait for ports without an upcall.
 * Tested by tests/unit/event/test_virq.c.
 */
#include <core/softirq.h>
#include <event/poll.h>
#include <event/table.h>
#include <sched/sched.h>
#include <hv/errno.h>

#define POLL_ANY 0u

static bool waits_for(const struct vcpu *v, evtchn_port_t port)
{
    uint32_t wanted = atomic_load(&v->poll_port);

    return atomic_load(&v->polling) && (wanted == POLL_ANY || wanted == port);
}

/* A bit of @pollers may be stale: clear it.  If the vcpu polls again, another
 * sender may have missed it meanwhile: it is to look for itself. */
static void drop_stale(struct domain *d, struct vcpu *v)
{
    clear_bit(v->vcpu_id, &d->evtchn->pollers);
    if (atomic_load(&v->polling)) {
        set_bit(v->vcpu_id, &d->evtchn->pollers);
        vcpu_unblock(v);
    }
}

void evtchn_wake_pollers(struct domain *d, evtchn_port_t port)
{
    uint64_t left = atomic_load(&d->evtchn->pollers);

    for (; left != 0; left &= left - 1) {
        struct vcpu *v = domain_vcpu(d, (unsigned int)__builtin_ctzll(left));

        if (!atomic_load(&v->polling)) {
            drop_stale(d, v);
        }
        if (waits_for(v, port)) {
            vcpu_unblock(v);
        }
    }
}

void poll_timer_expired(void *data)
{
    struct vcpu *v = data;

    if (atomic_load(&v->polling)) {
        vcpu_unblock(v);
    }
}

static bool anything_pending(struct vcpu *v, const evtchn_port_t *ports,
                             unsigned int nr)
{
    if (vcpu_event_deliverable(v)) {
        return true;
    }
    for (unsigned int i = 0; i < nr; i++) {
        if (bits2l_is_pending(v->domain, ports[i])) {
            return true;
        }
    }
    return false;
}

int evtchn_poll(const evtchn_port_t *ports, unsigned int nr,
                uint64_t timeout_ns)
{
    struct vcpu *v = current;

    for (unsigned int i = 0; i < nr; i++) {
        if (ports[i] >= EVTCHN_MAX_PORTS) {
            return -EINVAL;
        }
    }
    atomic_store(&v->poll_port, nr == 1 ? ports[0] : POLL_ANY);
    atomic_store(&v->polling, true);
    atomic_store(&v->blocked, 1);
    set_bit(v->vcpu_id, &v->domain->evtchn->pollers);

    if (anything_pending(v, ports, nr)) {
        atomic_store(&v->polling, false);
        atomic_store(&v->blocked, 0);
        clear_bit(v->vcpu_id, &v->domain->evtchn->pollers);
        return 0;
    }
    if (timeout_ns != 0) {
        timer_migrate(&v->evtchn->poll, smp_processor_id());
        timer_set(&v->evtchn->poll, timeout_ns);
    } else if (timer_armed(&v->evtchn->poll)) {
        timer_stop(&v->evtchn->poll);
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
    return 0;
}
