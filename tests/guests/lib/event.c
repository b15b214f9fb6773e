/* SPDX-License-Identifier: MIT */
/*
 * lib/event.c - see event.h.  The bitmaps live in the shared_info page that
 * guest.c maps.  Covered by tests/guests/events.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>

unsigned int event_count[EVENT_PORTS];
unsigned int event_upcalls;
uint64_t event_tsc;

static uint64_t bit(evtchn_port_t port)
{
    return 1ul << (port % 64);
}

/* Take every pending, unmasked port of this vCPU. */
void event_upcall(void)
{
    struct vcpu_info *vi = this_vcpu_info();
    uint64_t words;

    event_tsc = rdtsc();
    event_upcalls++;
    WRITE_ONCE(vi->evtchn_upcall_pending, 0);
    words = __atomic_exchange_n(&vi->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    while (words != 0) {
        unsigned int w = (unsigned int)__builtin_ctzl(words);
        uint64_t ready;

        words &= words - 1;
        ready = READ_ONCE(shared_info->evtchn_pending[w]) &
                ~READ_ONCE(shared_info->evtchn_mask[w]);
        __atomic_fetch_and(&shared_info->evtchn_pending[w], ~ready,
                           __ATOMIC_SEQ_CST);
        for (; ready != 0; ready &= ready - 1) {
            event_count[w * 64 + (unsigned int)__builtin_ctzl(ready)]++;
        }
    }
}

bool event_pending(evtchn_port_t port)
{
    return READ_ONCE(shared_info->evtchn_pending[port / 64]) & bit(port);
}

bool event_masked(evtchn_port_t port)
{
    return READ_ONCE(shared_info->evtchn_mask[port / 64]) & bit(port);
}

void event_clear(evtchn_port_t port)
{
    __atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~bit(port),
                       __ATOMIC_SEQ_CST);
}

void event_mask(evtchn_port_t port)
{
    __atomic_fetch_or(&shared_info->evtchn_mask[port / 64], bit(port),
                      __ATOMIC_SEQ_CST);
}

long event_unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = { .port = port };

    return hc_event(EVTCHNOP_unmask, &op);
}

void events_on(void)
{
    struct vcpu_info *vi = this_vcpu_info();

    WRITE_ONCE(vi->evtchn_upcall_mask, 0);
    barrier();
    if (READ_ONCE(vi->evtchn_upcall_pending)) {
        hc_version(XENVER_version, 0); /* any hypercall delivers */
    }
}

void events_off(void)
{
    WRITE_ONCE(this_vcpu_info()->evtchn_upcall_mask, 1);
    barrier();
}

long event_alloc(domid_t dom, domid_t remote)
{
    struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };
    long rc = hc_event(EVTCHNOP_alloc_unbound, &op);

    return rc != 0 ? rc : (long)op.port;
}

long event_pair(evtchn_port_t *a, evtchn_port_t *b)
{
    struct evtchn_bind_interdomain op = { .remote_dom = DOMID_SELF };
    long rc = event_alloc(DOMID_SELF, DOMID_SELF);

    if (rc < 0) {
        return rc;
    }
    *a = (evtchn_port_t)rc;
    op.remote_port = *a;
    rc = hc_event(EVTCHNOP_bind_interdomain, &op);
    *b = op.local_port;
    return rc;
}

long event_close(evtchn_port_t port)
{
    struct evtchn_close op = { .port = port };

    return hc_event(EVTCHNOP_close, &op);
}

long event_send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    return hc_event(EVTCHNOP_send, &op);
}

long event_bind_virq(uint32_t virq, uint32_t vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
    long rc = hc_event(EVTCHNOP_bind_virq, &op);

    *port = op.port;
    return rc;
}

long event_bind_ipi(uint32_t vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_ipi op = { .vcpu = vcpu };
    long rc = hc_event(EVTCHNOP_bind_ipi, &op);

    *port = op.port;
    return rc;
}
