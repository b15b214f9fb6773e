/* SPDX-License-Identifier: MIT */
/*
 * Life of a server: its pages, its ports, who waits for it when it goes.
 */
#include <arch/atomic.h>
#include <domain/pages.h>
#include <event/evtchn.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <xen/memory.h>
#include <xen/hvm/hvm_op.h>

#define RANGE_ORDER 2u                    /* 3 arrays of 256 in 16 KiB */
_Static_assert(IOREQ_NR_TYPES * IOREQ_MAX_RANGES * sizeof(struct range) <=
               PAGE_SIZE << RANGE_ORDER, "ranges");
_Static_assert(MAX_VCPUS * sizeof(struct ioreq) <= PAGE_SIZE, "one page");

/* A page of ours that the emulator of @d may map. */
static void *share(struct domain *d)
{
    void *va = heap_alloc_pages(0);

    if (va != NULL) {
        pages_share_frame(virt_to_mfn(va), d->domid, true);
    }
    return va;
}

static void unshare(void *va)
{
    if (va != NULL) {
        pages_unshare_frame(virt_to_mfn(va));
    }
}

static void free_server(struct domain *d, struct ioreq_server *s)
{
    for (unsigned int i = 0; i < MAX_VCPUS; i++) {
        evtchn_xen_close(d, s->port[i]);
    }
    evtchn_xen_close(d, s->buf_port);
    unshare(s->slots);
    unshare(s->ring);
    heap_free_pages(s->ranges[0].r, RANGE_ORDER);
    heap_free(s);
}

static struct ioreq_server *alloc_server(struct domain *d,
                                         unsigned int bufmode)
{
    struct ioreq_server *s = heap_new(struct ioreq_server);
    struct range *r = heap_alloc_pages(RANGE_ORDER);

    if (s == NULL || r == NULL) {
        heap_free(s);
        if (r != NULL) {
            heap_free_pages(r, RANGE_ORDER);
        }
        return NULL;
    }
    for (unsigned int i = 0; i < IOREQ_NR_TYPES; i++) {
        rangeset_init(&s->ranges[i], r + i * IOREQ_MAX_RANGES,
                      IOREQ_MAX_RANGES);
    }
    s->bufmode = (uint8_t)bufmode;
    s->slots = share(d);
    s->ring = bufmode != HVM_IOREQSRV_BUFIOREQ_OFF ? share(d) : NULL;
    if (s->slots == NULL ||
        (s->ring == NULL && bufmode != HVM_IOREQSRV_BUFIOREQ_OFF)) {
        free_server(d, s);
        return NULL;
    }
    return s;
}

static int open_ports(struct domain *d, struct ioreq_server *s)
{
    struct vcpu *v;
    int rc = 0;

    for_each_vcpu(d, v) {
        if (rc == 0) {
            rc = evtchn_xen_alloc(v, s->emulator, &s->port[v->vcpu_id]);
        }
        ioreq_slot_init(s, v->vcpu_id);
    }
    if (rc == 0 && s->ring != NULL) {
        rc = d->max_vcpus == 0 || d->vcpu[0] == NULL ? -EINVAL
           : evtchn_xen_alloc(d->vcpu[0], s->emulator, &s->buf_port);
    }
    return rc;
}

int ioreq_server_create(struct domain *d, domid_t emulator,
                        unsigned int bufmode, ioservid_t *id)
{
    struct ioreq_server *s;
    unsigned int i = 0;
    int rc;

    if (bufmode > HVM_IOREQSRV_BUFIOREQ_ATOMIC) {
        return -EINVAL;
    }
    s = alloc_server(d, bufmode);
    if (s == NULL) {
        return -ENOMEM;
    }
    s->emulator = emulator;
    spin_lock(&d->ioreq->lock);
    while (i < IOREQ_MAX_SERVERS && d->ioreq->server[i] != NULL) {
        i++;
    }
    rc = atomic_load(&d->dying) ? -EINVAL
       : i == IOREQ_MAX_SERVERS ? -ENOSPC : open_ports(d, s);
    if (rc == 0) {
        d->ioreq->server[i] = s;
        atomic_store(&d->ioreq->ids, max(d->ioreq->ids, (uint8_t)(i + 1)));
        *id = (ioservid_t)i;
    }
    spin_unlock(&d->ioreq->lock);
    if (rc != 0) {
        free_server(d, s);
    }
    return rc;
}

/* The server @id, locked; NULL (and not locked): there is none. */
static struct ioreq_server *lock_server(struct domain *d, ioservid_t id)
{
    struct ioreq_server *s;

    spin_lock(&d->ioreq->lock);
    s = id < IOREQ_MAX_SERVERS ? d->ioreq->server[id] : NULL;
    if (s == NULL) {
        spin_unlock(&d->ioreq->lock);
    }
    return s;
}

/* Its requests are answered with all ones. */
static void let_go(struct domain *d, ioservid_t id)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (v->ioreq != NULL && v->ioreq->server == id + 1u) {
            v->ioreq->gone = true;
            ioreq_wake(v);
        }
    }
}

int ioreq_server_destroy(struct domain *d, ioservid_t id)
{
    struct ioreq_server *s = lock_server(d, id);

    if (s == NULL) {
        return -ENOENT;
    }
    d->ioreq->server[id] = NULL;
    let_go(d, id);
    spin_unlock(&d->ioreq->lock);
    free_server(d, s);
    return 0;
}

int ioreq_server_enable(struct domain *d, ioservid_t id, bool on)
{
    struct ioreq_server *s = lock_server(d, id);

    if (s == NULL) {
        return -ENOENT;
    }
    s->enabled = on;
    spin_unlock(&d->ioreq->lock);
    return 0;
}

int ioreq_server_info(struct domain *d, ioservid_t id, evtchn_port_t *port)
{
    struct ioreq_server *s = lock_server(d, id);

    if (s == NULL) {
        return -ENOENT;
    }
    *port = s->buf_port;
    spin_unlock(&d->ioreq->lock);
    return 0;
}

int ioreq_frame(struct domain *d, ioservid_t id, uint64_t nr, mfn_t *mfn)
{
    struct ioreq_server *s = lock_server(d, id);
    void *va;

    if (s == NULL) {
        return -ENOENT;
    }
    va = nr == XENMEM_resource_ioreq_server_frame_bufioreq ? (void *)s->ring
       : nr == XENMEM_resource_ioreq_server_frame_ioreq(0) ? (void *)s->slots
                                                           : NULL;
    if (va != NULL) {
        *mfn = virt_to_mfn(va);
    }
    spin_unlock(&d->ioreq->lock);
    return va != NULL ? 0 : -EINVAL;
}

/* ---- units -------------------------------------------------------------------------- */
int ioreq_domain_init(struct domain *d)
{
    if (!d->cfg_hvm) {
        return 0;
    }
    d->ioreq = heap_new(struct ioreq_domain);
    if (d->ioreq == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&d->ioreq->lock, LOCK_IOREQ);
    return 0;
}

int ioreq_vcpu_init(struct vcpu *v)
{
    if (v->domain->ioreq == NULL) {
        return 0;
    }
    v->ioreq = heap_new(struct ioreq_vcpu);
    return v->ioreq != NULL ? 0 : -ENOMEM;
}

int ioreq_relinquish(struct domain *d)
{
    for (ioservid_t id = 0; d->ioreq != NULL && id < IOREQ_MAX_SERVERS; id++) {
        int rc = ioreq_server_destroy(d, id);

        if (rc != 0 && rc != -ENOENT) {
            return rc;
        }
    }
    return 0;
}

void ioreq_vcpu_free(struct vcpu *v)
{
    heap_free(v->ioreq);
    v->ioreq = NULL;
}

void ioreq_domain_free(struct domain *d)
{
    heap_free(d->ioreq);
    d->ioreq = NULL;
}
