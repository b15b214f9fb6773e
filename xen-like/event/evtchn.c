/* SPDX-License-Identifier: MIT */
/*
 * event/evtchn.c - the port table: allocate, bind, send, close.
 *
 * Owns struct evtchn_table and the states of its ports.  Leaves the guest's
 * bitmaps to bits2l.c, VIRQs to virq.c, physical interrupts to pirq.c and
 * guest pointers to evtchn_op.c.  Tested by tests/unit/event/test_evtchn.c.
 */
#include <core/panic.h>
#include <domain/continuation.h>
#include <event/table.h>
#include <event/vcpu_info.h>
#include <mm/heap.h>
#include <sched/sched.h>
#include <hv/errno.h>

#define CLOSE_BATCH 64u        /* ports closed between preemption checks */

int evtchn_domain_init(struct domain *d)
{
    struct evtchn_table *t = heap_new(struct evtchn_table);

    if (t == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&t->lock, LOCK_EVTCHN);
    t->max_ports = d->cfg_max_evtchn != 0 ? d->cfg_max_evtchn
                                          : DEFAULT_EVTCHN_PORTS;
    if (t->max_ports > EVTCHN_MAX_PORTS) {
        t->max_ports = EVTCHN_MAX_PORTS;
    }
    t->in_use[0] = 1;                 /* port 0 is never handed out */
    d->evtchn = t;
    return 0;
}

void evtchn_domain_free(struct domain *d)
{
    struct evtchn_table *t = d->evtchn;

    if (t == NULL) {
        return;
    }
    for (unsigned int i = 0; i < NR_BUCKETS; i++) {
        heap_free(t->bucket[i]);
    }
    heap_free(t->pirq_port);
    heap_free(t);
    d->evtchn = NULL;
}

/* ---- ports ---------------------------------------------------------------- */

/* INV-EV1: fill the bucket, then let readers in. */
static int add_bucket(struct domain *d, struct evtchn_table *t)
{
    struct evtchn *b = heap_new_array(struct evtchn, PORTS_PER_BUCKET);

    if (b == NULL) {
        return -ENOMEM;
    }
    for (unsigned int i = 0; i < PORTS_PER_BUCKET; i++) {
        b[i].owner = d;
        b[i].port = (uint16_t)(t->nr_ports + i);
    }
    t->bucket[t->nr_ports / PORTS_PER_BUCKET] = b;
    atomic_store_release(&t->nr_ports, t->nr_ports + PORTS_PER_BUCKET);
    return 0;
}

static uint32_t first_unused(const struct evtchn_table *t)
{
    for (uint32_t w = 0; w < ARRAY_SIZE(t->in_use); w++) {
        if (~t->in_use[w] != 0) {
            return w * 64 + (uint32_t)__builtin_ctzll(~t->in_use[w]);
        }
    }
    return EVTCHN_MAX_PORTS;
}

struct evtchn *evtchn_port_alloc(struct domain *d, enum port_state state,
                                 int *rc)
{
    struct evtchn_table *t = d->evtchn;
    uint32_t port = first_unused(t);
    struct evtchn *chn;

    if (atomic_load(&d->dying) != DOMDYING_alive) {
        *rc = -EINVAL;
        return NULL;
    }
    if (port >= t->max_ports ||
        (port >= INFO32_PORTS && atomic_load(&d->info32) != 0)) {
        *rc = -ENOSPC;
        return NULL;
    }
    if (port >= t->nr_ports) {
        *rc = add_bucket(d, t);
        if (*rc != 0) {
            return NULL;
        }
    }
    chn = evtchn_port(d, port);
    BUG_ON(chn == NULL || chn->state != PORT_FREE);
    t->in_use[port / 64] |= 1ull << (port % 64);
    chn->state = state;
    chn->notify = 0;
    chn->what = 0;
    chn->consumer = 0;
    *rc = 0;
    return chn;
}

void evtchn_port_free(struct evtchn *chn)
{
    struct domain *d = chn->owner;

    chn->state = PORT_FREE;
    chn->notify = 0;
    chn->what = 0;
    chn->consumer = 0;
    d->evtchn->in_use[chn->port / 64] &= ~(1ull << (chn->port % 64));
    /* The next user of the number must not find an old event. */
    clear_bit(chn->port, d->shared_info->evtchn_pending);
}

/* ---- two tables -------------------------------------------------------------- */

static void lock_pair(struct domain *a, struct domain *b)
{
    bool a_first = a->domid <= b->domid;

    spin_lock_pair(a_first ? &a->evtchn->lock : &b->evtchn->lock,
                   a_first ? &b->evtchn->lock : &a->evtchn->lock);
}

static void unlock_pair(struct domain *a, struct domain *b)
{
    bool a_first = a->domid <= b->domid;

    spin_unlock_pair(a_first ? &a->evtchn->lock : &b->evtchn->lock,
                     a_first ? &b->evtchn->lock : &a->evtchn->lock);
}

/* ---- operations ---------------------------------------------------------------- */

int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    struct evtchn *chn;
    int rc;

    spin_lock(&d->evtchn->lock);
    chn = evtchn_port_alloc(d, PORT_UNBOUND, &rc);
    if (chn != NULL) {
        chn->what = remote;
        *port = chn->port;
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

static int bind_locked(struct domain *ld, struct domain *rd,
                       evtchn_port_t remote_port, evtchn_port_t *port)
{
    struct evtchn *rchn = evtchn_port(rd, remote_port), *lchn;
    int rc;

    if (rchn == NULL || rchn->state != PORT_UNBOUND ||
        rchn->what != ld->domid || atomic_load(&rd->dying)) {
        return -EINVAL;
    }
    lchn = evtchn_port_alloc(ld, PORT_INTERDOMAIN, &rc);
    if (lchn == NULL) {
        return rc;
    }
    lchn->what = rd->domid;
    rchn->state = PORT_INTERDOMAIN;
    atomic_store_release(&lchn->peer, rchn);
    atomic_store_release(&rchn->peer, lchn);
    *port = lchn->port;
    return 0;
}

int evtchn_bind_interdomain(struct domain *ld, struct domain *rd,
                            evtchn_port_t remote_port, evtchn_port_t *port)
{
    int rc;

    lock_pair(ld, rd);
    rc = bind_locked(ld, rd, remote_port, port);
    if (rc == 0) {
        /* What was sent to the unbound port is not lost. */
        evtchn_notify(evtchn_port(ld, *port));
    }
    unlock_pair(ld, rd);
    return rc;
}

int evtchn_bind_ipi(struct vcpu *v, evtchn_port_t *port)
{
    struct domain *d = v->domain;
    struct evtchn *chn;
    int rc;

    spin_lock(&d->evtchn->lock);
    chn = evtchn_port_alloc(d, PORT_IPI, &rc);
    if (chn != NULL) {
        chn->notify = (uint16_t)v->vcpu_id;
        atomic_store_release(&chn->peer, chn);
        *port = chn->port;
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

int evtchn_send(struct domain *d, evtchn_port_t port)
{
    const struct evtchn *chn = evtchn_port(d, port);
    const struct evtchn *peer;

    if (chn == NULL) {
        return -EINVAL;
    }
    peer = atomic_load_acquire(&chn->peer);   /* INV-EV2, INV-EV3 */
    if (likely(peer != NULL)) {
        evtchn_notify(peer);
        return 0;
    }
    return atomic_load(&chn->state) == PORT_UNBOUND ? 0 : -EINVAL;
}

/* With the tables of both ends locked. */
static void close_locked(struct evtchn *chn)
{
    struct evtchn *peer = chn->peer;

    atomic_store(&chn->peer, NULL);
    switch ((enum port_state)chn->state) {
    case PORT_INTERDOMAIN:
        if (peer != chn) {
            atomic_store(&peer->peer, NULL);
            peer->state = PORT_UNBOUND;
            peer->what = chn->owner->domid;
        }
        break;
    case PORT_VIRQ:
        virq_unbind(chn);
        break;
    case PORT_PIRQ:
        pirq_unbind(chn);
        break;
    case PORT_FREE:
    case PORT_UNBOUND:
    case PORT_IPI:
        break;
    }
    evtchn_port_free(chn);
}

/* Close a port with no other domain at its end; -EAGAIN: it has one, whose
 * domid is in *@other. */
static int close_alone(struct domain *d, struct evtchn *chn, bool ours,
                       domid_t *other)
{
    int rc = 0;

    spin_lock(&d->evtchn->lock);
    if (chn->state == PORT_FREE || (chn->consumer && !ours)) {
        rc = -EINVAL;
    } else if (chn->state == PORT_INTERDOMAIN && chn->peer->owner != d) {
        *other = chn->peer->owner->domid;
        rc = -EAGAIN;
    } else {
        close_locked(chn);
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

/* The same with @rd at the other end; -EAGAIN: not any more. */
static int close_pair(struct domain *d, struct evtchn *chn, struct domain *rd)
{
    int rc = -EAGAIN;

    lock_pair(d, rd);
    if (chn->state == PORT_INTERDOMAIN && chn->peer->owner == rd) {
        close_locked(chn);
        rc = 0;
    }
    unlock_pair(d, rd);
    return rc;
}

int evtchn_close_any(struct domain *d, evtchn_port_t port, bool ours)
{
    struct evtchn *chn = evtchn_port(d, port);
    domid_t other = 0;
    int rc;

    if (chn == NULL || port == 0) {
        return -EINVAL;
    }
    /* The other end may close between the two looks: then look again. */
    for (;;) {
        struct domain *rd;

        rc = close_alone(d, chn, ours, &other);
        if (rc != -EAGAIN) {
            return rc;
        }
        rd = domain_get(other);
        if (rd == NULL) {
            continue;
        }
        rc = close_pair(d, chn, rd);
        domain_put(rd);
        if (rc != -EAGAIN) {
            return rc;
        }
    }
}

int evtchn_close(struct domain *d, evtchn_port_t port)
{
    return evtchn_close_any(d, port, false);
}

int evtchn_bind_vcpu(struct domain *d, evtchn_port_t port,
                     unsigned int vcpu_id)
{
    struct evtchn *chn = evtchn_port(d, port);
    int rc = 0;

    if (domain_vcpu(d, vcpu_id) == NULL) {
        return -ENOENT;
    }
    if (chn == NULL) {
        return -EINVAL;
    }
    spin_lock(&d->evtchn->lock);
    if (chn->state == PORT_FREE || chn->consumer || chn->state == PORT_IPI ||
        (chn->state == PORT_VIRQ && !virq_is_global(chn->what))) {
        rc = -EINVAL;
    } else {
        atomic_store(&chn->notify, (uint16_t)vcpu_id);
        if (chn->state == PORT_PIRQ) {
            pirq_moved(chn);
        }
    }
    spin_unlock(&d->evtchn->lock);
    return rc;
}

int evtchn_status(struct domain *d, struct evtchn_status *st)
{
    struct evtchn *chn = evtchn_port(d, st->port);

    if (chn == NULL) {
        return -EINVAL;
    }
    spin_lock(&d->evtchn->lock);
    st->status = chn->consumer ? PORT_FREE : chn->state;
    st->vcpu = chn->notify;
    switch ((enum port_state)st->status) {
    case PORT_UNBOUND:
        st->u.unbound.dom = chn->what;
        break;
    case PORT_INTERDOMAIN:
        st->u.interdomain.dom = chn->peer->owner->domid;
        st->u.interdomain.port = chn->peer->port;
        break;
    case PORT_PIRQ:
        st->u.pirq = chn->what;
        break;
    case PORT_VIRQ:
        st->u.virq = chn->what;
        break;
    case PORT_FREE:
    case PORT_IPI:
        break;
    }
    spin_unlock(&d->evtchn->lock);
    return 0;
}

/* ---- all of them ----------------------------------------------------------------- */

/* The lowest port in use from @from on, or 0. */
static evtchn_port_t next_used(const struct evtchn_table *t, uint32_t from)
{
    for (uint32_t port = from; port < t->nr_ports; port++) {
        uint64_t word = READ_ONCE(t->in_use[port / 64]) >> (port % 64);

        if (word != 0) {
            return port + (evtchn_port_t)__builtin_ctzll(word);
        }
        port |= 63;                   /* nothing in the rest of this word */
    }
    return 0;
}

int evtchn_reset(struct domain *d)
{
    evtchn_port_t port = 0;
    unsigned int nr = 0;
    bool dying = atomic_load(&d->dying) != DOMDYING_alive;

    while ((port = next_used(d->evtchn, port + 1)) != 0) {
        if (evtchn_close_any(d, port, dying) == 0 && ++nr % CLOSE_BATCH == 0 &&
            hypercall_preempt()) {
            return -ERESTART;
        }
    }
    return 0;
}

int evtchn_relinquish(struct domain *d)
{
    int rc = d->evtchn != NULL ? evtchn_reset(d) : 0;

    if (rc == 0) {
        vcpu_info_detach_all(d);
        sched_quiesce();              /* INV-EV3 */
        vcpu_info_put_all(d);
    }
    return rc;
}
