/* SPDX-License-Identifier: MIT */
/*
 * Event channels between a device model and the hypervisor: ports of ours in
 * the table of the guest that is served.
 * Tests  tests/unit/ioreq/test_ioreq.c
 */
#include <event/table.h>
#include <hv/errno.h>

static void (*consumer)(struct vcpu *v);

void evtchn_set_consumer(void (*fn)(struct vcpu *v))
{
    consumer = fn;
}

void evtchn_consume(struct vcpu *v)
{
    if (v != NULL && consumer != NULL) {
        consumer(v);
    }
}

int evtchn_xen_alloc(struct vcpu *v, domid_t remote, evtchn_port_t *port)
{
    struct domain *d = v->domain;
    struct evtchn *chn;
    int rc;

    spin_lock(&d->evtchn->lock);
    chn = evtchn_port_alloc(d, PORT_UNBOUND, &rc);
    if (chn != NULL) {
        chn->what = remote;
        chn->notify = (uint16_t)v->vcpu_id;
        chn->consumer = 1;
        *port = chn->port;
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

void evtchn_xen_close(struct domain *d, evtchn_port_t port)
{
    /* A port that is gone already went with its domain. */
    if (port != 0 && evtchn_close_any(d, port, true) != 0) {
        return;
    }
}

void evtchn_xen_send(struct domain *d, evtchn_port_t port)
{
    if (port != 0 && evtchn_send(d, port) != 0) {
        return;
    }
}
