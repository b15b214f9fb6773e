/* SPDX-License-Identifier: MIT */
/*
 * physdev/pirq_map.c - see pirq_map.h.  Tested by every boot of a kernel with
 * devices (GSI), and on q35 with a network card (MSI, MSI-X).
 */
#include <arch/nospec.h>
#include <domain/pages.h>
#include <event/pirq.h>
#include <hv/errno.h>
#include <irq/irq.h>
#include <mm/heap.h>
#include <physdev/io_perm.h>
#include <physdev/msix.h>
#include <physdev/pirq_map.h>

struct pirq {
    struct domain *d;            /* [I] */
    struct msi_dev *msi;         /* [L] NULL: a GSI */
    uint16_t nr;                 /* [I] */
    uint16_t irq;                /* [L] */
    bool mapped, bound;          /* [L] */
};

struct pirq_table {
    spinlock_t lock;
    uint64_t *eoi_bits;          /* [L] in the domain's frame, or NULL */
    mfn_t eoi_mfn;
    struct pirq p[NR_IRQS];
};

int pirq_domain_init(struct domain *d)
{
    struct pirq_table *t;

    if (!d->is_hardware) {
        return 0;
    }
    t = heap_new(struct pirq_table);
    if (t == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&t->lock, LOCK_PIRQ);
    for (unsigned int i = 0; i < NR_IRQS; i++) {
        t->p[i].d = d;
        t->p[i].nr = (uint16_t)i;
    }
    d->pirq = t;
    return 0;
}

/* The one way from a number to an entry: NULL if there is none. */
static struct pirq *find(struct domain *d, unsigned int pirq)
{
    if (d->pirq == NULL || pirq >= NR_IRQS) {
        return NULL;
    }
    return &d->pirq->p[index_clamp(pirq, NR_IRQS)];
}

int pirq_map_gsi(struct domain *d, unsigned int gsi)
{
    struct pirq *p = find(d, gsi);

    if (p == NULL || gsi >= NR_GSIS || irq_desc_of(gsi) == NULL) {
        return -EINVAL;
    }
    if (!io_irq_permitted(d, gsi) && gsi != 0) {
        return -EPERM;
    }
    spin_lock(&d->pirq->lock);
    p->irq = (uint16_t)gsi;
    p->mapped = true;
    spin_unlock(&d->pirq->lock);
    return 0;
}

static struct pirq *free_msi_pirq(struct domain *d)
{
    for (unsigned int i = NR_IRQS - 1; i >= NR_GSIS; i--) {
        if (!d->pirq->p[i].mapped) {
            return &d->pirq->p[i];
        }
    }
    return NULL;
}

int pirq_map_msi(struct domain *d, uint8_t bus, uint8_t devfn, unsigned int nr,
                 uint64_t table_maddr, unsigned int *pirq)
{
    struct msi_dev *m;
    struct pirq *p;
    int rc;

    if (d->pirq == NULL) {
        return -EINVAL;
    }
    rc = msi_create(bus, devfn, nr, table_maddr, &m);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&d->pirq->lock);
    p = free_msi_pirq(d);
    if (p != NULL) {
        p->msi = m;
        p->irq = (uint16_t)m->irq;
        p->mapped = true;
    }
    spin_unlock(&d->pirq->lock);
    if (p == NULL) {
        msi_destroy(m);
        return -ENOSPC;
    }
    *pirq = p->nr;
    return 0;
}

int pirq_unmap(struct domain *d, unsigned int pirq)
{
    struct pirq *p = find(d, pirq);
    struct msi_dev *m = NULL;
    int rc = -EINVAL;

    if (p == NULL) {
        return -EINVAL;
    }
    spin_lock(&d->pirq->lock);
    if (p->mapped) {
        rc = p->bound ? -EBUSY : 0;
    }
    if (rc == 0) {
        m = p->msi;
        p->msi = NULL;
        p->mapped = false;
    }
    spin_unlock(&d->pirq->lock);
    if (m != NULL) {
        msi_destroy(m);
    }
    return rc;
}

int pirq_relinquish(struct domain *d)
{
    for (unsigned int i = 0; d->pirq != NULL && i < NR_IRQS; i++) {
        (void)!pirq_unmap(d, i);     /* ports are closed by now */
    }
    return 0;
}

void pirq_domain_free(struct domain *d)
{
    if (d->pirq != NULL && d->pirq->eoi_bits != NULL) {
        page_put_writable(mfn_to_page(d->pirq->eoi_mfn));
    }
    heap_free(d->pirq);
    d->pirq = NULL;
}

/* ---- end of interrupt --------------------------------------------------------- */

bool pirq_needs_eoi(struct domain *d, unsigned int pirq)
{
    struct pirq *p = find(d, pirq);

    return p != NULL && p->mapped && irq_needs_eoi(p->irq);
}

int pirq_eoi(struct domain *d, unsigned int pirq)
{
    struct pirq *p = find(d, pirq);

    if (p == NULL || !p->mapped) {
        return -EINVAL;
    }
    if (p->bound) {
        irq_guest_eoi(p->irq);
    }
    return 0;
}

/* With the table locked. */
static void show_eoi(struct pirq_table *t, const struct pirq *p)
{
    if (t->eoi_bits == NULL) {
        return;
    }
    if (p->mapped && irq_needs_eoi(p->irq)) {
        set_bit(p->nr, t->eoi_bits);
    } else {
        clear_bit(p->nr, t->eoi_bits);
    }
}

int pirq_set_eoi_page(struct domain *d, mfn_t mfn)
{
    struct pirq_table *t = d->pirq;
    int rc = 0;

    if (t == NULL || !page_get_writable(mfn, d->domid)) {
        return -EINVAL;
    }
    spin_lock(&t->lock);
    if (t->eoi_bits != NULL) {
        rc = -EBUSY;
    } else {
        t->eoi_bits = mfn_to_virt(mfn);
        t->eoi_mfn = mfn;
        for (unsigned int i = 0; i < NR_IRQS; i++) {
            show_eoi(t, &t->p[i]);
        }
    }
    spin_unlock(&t->lock);
    if (rc != 0) {
        page_put_writable(mfn_to_page(mfn));
    }
    return rc;
}

/* ---- seam to event/pirq --------------------------------------------------------- */

/* The interrupt itself: interrupts off, no lock held. */
static void fire(void *data)
{
    struct pirq *p = data;

    evtchn_send_pirq(p->d, p->nr);
}

static int guest_bind(struct domain *d, unsigned int pirq, bool share)
{
    struct pirq *p = find(d, pirq);
    int rc;

    if (p == NULL) {
        return -EINVAL;
    }
    spin_lock(&d->pirq->lock);
    rc = !p->mapped ? -EINVAL : p->bound ? -EBUSY
       : irq_bind_guest(p->irq, fire, p);
    if (rc == 0) {
        p->bound = true;
        show_eoi(d->pirq, p);
    }
    spin_unlock(&d->pirq->lock);
    return rc;
}

static void guest_unbind(struct domain *d, unsigned int pirq)
{
    struct pirq *p = find(d, pirq);

    spin_lock(&d->pirq->lock);
    if (p->bound) {
        irq_unbind_guest(p->irq);
        p->bound = false;
    }
    spin_unlock(&d->pirq->lock);
}

static void guest_moved(struct domain *d, unsigned int pirq, struct vcpu *v)
{
    struct pirq *p = find(d, pirq);

    if (p != NULL && p->bound) {
        irq_set_affinity(p->irq, cpumask_of(v->processor));
    }
}

static const struct pirq_ops ops = { guest_bind, guest_unbind, guest_moved };

void pirq_map_init(void)
{
    pirq_set_ops(&ops);
}
