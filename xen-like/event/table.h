/* SPDX-License-Identifier: MIT */
/*
 * event/table.h - the port table and what a vcpu has of events.
 * Private to event/ (control/sched_op polls through event/poll.h).
 *
 * INV-EV1  nr_ports only grows; buckets below it are filled and stay until
 *          the domain is freed: a struct evtchn never moves.
 * INV-EV2  peer != NULL  ->  a send on this port sets the peer's port; the
 *          peer of an interdomain port points back, that of an IPI at itself.
 * INV-EV3  evtchn_relinquish() ends with sched_quiesce(): afterwards no CPU
 *          holds a pointer into the table that it read from a peer.
 *
 * Sending reads peer, owner, port and notify without a lock; all other
 * fields change under the lock of the table ([L]).
 */
#ifndef EVENT_TABLE_H
#define EVENT_TABLE_H

#include <abi/info32.h>
#include <arch/nospec.h>
#include <core/timer.h>
#include <event/evtchn.h>
#include <event/poll.h>

#define EVTCHN_MAX_PORTS   4096u     /* 64 selector bits x 64 port bits */
#define PORTS_PER_BUCKET   128u
#define NR_BUCKETS         (EVTCHN_MAX_PORTS / PORTS_PER_BUCKET)

enum port_state {                    /* as EVTCHNSTAT_* */
    PORT_FREE = EVTCHNSTAT_closed, PORT_UNBOUND = EVTCHNSTAT_unbound,
    PORT_INTERDOMAIN = EVTCHNSTAT_interdomain, PORT_PIRQ = EVTCHNSTAT_pirq,
    PORT_VIRQ = EVTCHNSTAT_virq, PORT_IPI = EVTCHNSTAT_ipi,
};

struct evtchn {
    struct evtchn *peer;             /* [a] INV-EV2 */
    struct domain *owner;            /* [I] */
    uint16_t port;                   /* [I] */
    uint16_t notify;                 /* [a] vcpu that gets the upcall */
    uint8_t state;                   /* [L] enum port_state */
    uint8_t consumer;                /* [L] events go to the hypervisor */
    uint16_t what;                   /* [L] remote domid, virq or pirq */
};
_Static_assert(sizeof(struct evtchn) == 24, "128 ports in a page");

struct evtchn_table {
    spinlock_t lock;                 /* LOCK_EVTCHN; two: lower domid first */
    uint32_t nr_ports;               /* [a] INV-EV1 */
    uint32_t max_ports;              /* [I] quota: highest port + 1 */
    uint64_t pollers;                /* [a] vcpus that may be polling */
    struct evtchn *bucket[NR_BUCKETS];
    uint64_t in_use[EVTCHN_MAX_PORTS / 64];   /* [L] */
    uint16_t *pirq_port;             /* [L] by pirq, 0: none; NR_IRQS long */
};

struct evtchn_vcpu {
    uint16_t virq_port[NR_VIRQS];    /* [L] read without; 0: not bound */
    struct timer singleshot, periodic, poll;
    uint64_t period_ns;              /* [a] 0: no tick */
    struct vcpu_info *first_info;    /* [L] v->info before it moved */
};

/* The one way from a number to a port: NULL if there is none. */
static inline struct evtchn *evtchn_port(const struct domain *d,
                                         evtchn_port_t port)
{
    const struct evtchn_table *t = d->evtchn;
    uint32_t nr = atomic_load_acquire(&t->nr_ports);

    if (port >= nr) {
        return NULL;
    }
    port = (evtchn_port_t)index_clamp(port, nr);
    return &t->bucket[port / PORTS_PER_BUCKET][port % PORTS_PER_BUCKET];
}

/* The mask bits of @d's ports; the pending ones are at one place. */
static inline uint64_t *bits2l_masks(const struct domain *d)
{
    return likely(atomic_load(&d->info32) == 0)
         ? d->shared_info->evtchn_mask
         : ((struct shared_info32 *)d->shared_info)->evtchn_mask;
}

/* Port @port, pending and not masked, is news to @v. */
void bits2l_select(struct vcpu *v, evtchn_port_t port);

/* A port of ours in a guest's table (event/own_port): its vcpu is told. */
void evtchn_consume(struct vcpu *v);

/* @chn's event happened: set it pending for its owner. */
static inline void evtchn_notify(const struct evtchn *chn)
{
    struct domain *d = chn->owner;
    evtchn_port_t port = chn->port;

    if (unlikely(chn->consumer)) {
        evtchn_consume(domain_vcpu(d, chn->notify));
        return;
    }
    if (test_and_set_bit(port, d->shared_info->evtchn_pending)) {
        return;
    }
    if (!test_bit(port, bits2l_masks(d))) {
        struct vcpu *v = domain_vcpu(d, atomic_load(&chn->notify));

        if (likely(v != NULL)) {
            bits2l_select(v, port);
        }
    }
    if (unlikely(atomic_load(&d->evtchn->pollers) != 0)) {
        evtchn_wake_pollers(d, port);
    }
}

/* With the table locked: a free port in state @state, or NULL and -ENOSPC,
 * -ENOMEM, -EINVAL (dying) in *@rc; and back. */
struct evtchn *evtchn_port_alloc(struct domain *d, enum port_state state,
                                 int *rc);
void evtchn_port_free(struct evtchn *chn);

void virq_unbind(struct evtchn *chn);        /* table locked */
void pirq_unbind(struct evtchn *chn);        /* table locked */
void pirq_moved(struct evtchn *chn);         /* table locked */
bool virq_is_global(unsigned int virq);

#endif
