/* SPDX-License-Identifier: MIT */
/*
 * event/pirq.c - physical interrupts as events.
 * Tested by tests/unit/event/test_virq.c.
 */
#include <event/pirq.h>
#include <event/table.h>
#include <mm/heap.h>
#include <hv/errno.h>

static const struct pirq_ops *pirq_ops;

void pirq_set_ops(const struct pirq_ops *ops)
{
    pirq_ops = ops;
}

/* The array of ports by pirq, made at the first bind. */
static int need_map(struct evtchn_table *t)
{
    uint16_t *map;

    if (t->pirq_port != NULL) {
        return 0;
    }
    map = heap_new_array(uint16_t, NR_IRQS);
    if (map == NULL) {
        return -ENOMEM;
    }
    atomic_store_release(&t->pirq_port, map);
    return 0;
}

static uint16_t port_of(const struct domain *d, unsigned int pirq)
{
    const uint16_t *map = atomic_load_acquire(&d->evtchn->pirq_port);

    if (map == NULL || pirq >= NR_IRQS) {
        return 0;
    }
    return atomic_load_acquire(&map[index_clamp(pirq, NR_IRQS)]);
}

static int bind_locked(struct domain *d, unsigned int pirq, bool share,
                       evtchn_port_t *port)
{
    struct evtchn_table *t = d->evtchn;
    struct evtchn *chn;
    int rc = need_map(t);

    if (rc != 0) {
        return rc;
    }
    pirq = (unsigned int)index_clamp(pirq, NR_IRQS);
    if (t->pirq_port[pirq] != 0) {
        return -EEXIST;
    }
    chn = evtchn_port_alloc(d, PORT_PIRQ, &rc);
    if (chn == NULL) {
        return rc;
    }
    chn->what = (uint16_t)pirq;
    atomic_store_release(&t->pirq_port[pirq], chn->port);
    rc = pirq_ops->guest_bind(d, pirq, share);
    if (rc != 0) {
        atomic_store(&t->pirq_port[pirq], 0);
        evtchn_port_free(chn);
        return rc;
    }
    *port = chn->port;
    return 0;
}

int evtchn_bind_pirq(struct domain *d, unsigned int pirq, bool share,
                     evtchn_port_t *port)
{
    int rc;

    if (pirq >= NR_IRQS || pirq_ops == NULL) {
        return -EINVAL;
    }
    spin_lock(&d->evtchn->lock);
    rc = bind_locked(d, pirq, share, port);
    spin_unlock(&d->evtchn->lock);
    return rc;
}

void pirq_unbind(struct evtchn *chn)
{
    struct domain *d = chn->owner;

    pirq_ops->guest_unbind(d, chn->what);
    atomic_store(&d->evtchn->pirq_port[chn->what], 0);
}

void evtchn_send_pirq(struct domain *d, unsigned int pirq)
{
    uint16_t port = port_of(d, pirq);

    if (port != 0) {
        evtchn_notify(evtchn_port(d, port));
    }
}

void pirq_moved(struct evtchn *chn)
{
    struct vcpu *v = domain_vcpu(chn->owner, chn->notify);

    if (pirq_ops->guest_moved != NULL && v != NULL) {
        pirq_ops->guest_moved(chn->owner, chn->what, v);
    }
}
