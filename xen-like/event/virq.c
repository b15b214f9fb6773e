/* SPDX-License-Identifier: MIT */
/*
 * event/virq.c - virtual interrupts: the hypervisor's own events.
 *
 * A VIRQ is per vcpu (timer, debug, profiling) or global: those have one
 * handler, the hardware domain, and are bound on its vcpu 0.
 * Tested by tests/unit/event/test_virq.c.
 */
#include <event/table.h>
#include <event/poll.h>
#include <mm/heap.h>
#include <hv/errno.h>

bool virq_is_global(unsigned int virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG &&
           virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

int evtchn_vcpu_init(struct vcpu *v)
{
    v->evtchn = heap_new(struct evtchn_vcpu);
    if (v->evtchn == NULL) {
        return -ENOMEM;
    }
    timer_init(&v->evtchn->poll, poll_timer_expired, v, smp_processor_id());
    return vcpu_timer_init(v);
}

void evtchn_vcpu_free(struct vcpu *v)
{
    if (v->evtchn == NULL) {
        return;
    }
    timer_kill(&v->evtchn->poll);
    vcpu_timer_free(v);
    heap_free(v->evtchn);
    v->evtchn = NULL;
}

int evtchn_bind_virq(struct vcpu *v, unsigned int virq, evtchn_port_t *port)
{
    struct domain *d = v->domain;
    struct evtchn *chn;
    int rc;

    if (virq >= NR_VIRQS || (virq_is_global(virq) && v->vcpu_id != 0)) {
        return -EINVAL;
    }
    virq = (unsigned int)index_clamp(virq, NR_VIRQS);
    spin_lock(&d->evtchn->lock);
    if (v->evtchn->virq_port[virq] != 0) {
        rc = -EEXIST;
        goto unlock;
    }
    chn = evtchn_port_alloc(d, PORT_VIRQ, &rc);
    if (chn == NULL) {
        goto unlock;
    }
    chn->what = (uint16_t)virq;
    chn->notify = (uint16_t)v->vcpu_id;
    atomic_store_release(&v->evtchn->virq_port[virq], chn->port);
    *port = chn->port;

unlock:
    spin_unlock(&d->evtchn->lock);
    return rc;
}

void virq_unbind(struct evtchn *chn)
{
    struct vcpu *v;

    /* bind_vcpu may have moved a global one: it is vcpu 0 that owns it. */
    v = domain_vcpu(chn->owner, virq_is_global(chn->what) ? 0 : chn->notify);
    if (v != NULL && v->evtchn->virq_port[chn->what] == chn->port) {
        atomic_store(&v->evtchn->virq_port[chn->what], 0);
    }
}

void virq_send_vcpu(struct vcpu *v, unsigned int virq)
{
    uint16_t port = atomic_load_acquire(&v->evtchn->virq_port[virq]);

    if (port != 0) {
        evtchn_notify(evtchn_port(v->domain, port));
    }
}

void virq_send_global(unsigned int virq)
{
    struct vcpu *v = dom0 != NULL ? domain_vcpu(dom0, 0) : NULL;

    if (v != NULL && v->evtchn != NULL) {
        virq_send_vcpu(v, virq);
    }
}
