/* SPDX-License-Identifier: MIT */
/*
 * control/memory_physmap.c - where a translated guest finds the frames that
 * it shares with us (shared_info, grant table), moving its own, and frames of
 * others for a control domain.  Tests: make boot NAME=pvh, NAME=dom0-pvh.
 */
#include <control/memory_op.h>
#include <domain/continuation.h>
#include <domain/pages.h>
#include <grant/grant.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <p2m/m2p.h>
#include <p2m/p2m.h>

/* The guest's own memory at @gfn goes, if there is any. */
static void drop_ram(struct domain *d, uint64_t gfn)
{
    enum p2m_type t;
    mfn_t mfn = p2m_lookup(d, gfn, &t);

    if (t != P2M_RAM || !page_get(mfn, d->domid)) {
        return;
    }
    if (p2m_remove(d, gfn, mfn) == 0) {
        (void)pages_release(d, mfn_to_page(mfn));
    }
    page_put(mfn_to_page(mfn));
}

/* @mfn, a frame of ours that @d may use or its own one, is at @gfn now and
 * nowhere else. */
static long place(struct domain *d, mfn_t mfn, uint64_t gfn)
{
    uint64_t old = m2p_get(mfn);
    long rc;

    if (gfn >= p2m_limit) {
        return -EINVAL;
    }
    if (old != M2P_INVALID && old != gfn) {
        p2m_remove(d, old, mfn);
    }
    if (old != gfn) {
        drop_ram(d, gfn);
    }
    rc = p2m_set(d, gfn, mfn, 0, P2M_RAM);
    m2p_set(mfn, rc == 0 ? gfn : M2P_INVALID);
    return rc;
}

static long add_grant_frame(struct domain *d, uint64_t idx, uint64_t gfn)
{
    mfn_t mfn;
    long rc = -EOPNOTSUPP;               /* status frames are of version 2 */

    if (!(idx & XENMAPIDX_grant_table_status)) {
        rc = idx > UINT32_MAX ? -EINVAL
             : grant_resource_frames(d, (uint32_t)idx, 1, &mfn);
    }
    return rc == 0 ? place(d, mfn, gfn) : rc;
}

static long move_own(struct domain *d, uint64_t from, uint64_t to)
{
    enum p2m_type t;
    mfn_t mfn = p2m_lookup(d, from, &t);
    long rc = -EINVAL;

    if (t == P2M_RAM && page_get(mfn, d->domid)) {
        m2p_set(mfn, from);
        rc = place(d, mfn, to);
        page_put(mfn_to_page(mfn));
    }
    return rc;
}

/* A frame of @fd at @gfn of @d, writable unless it must not be written (a
 * page table of a PV guest). */
static long place_foreign(struct domain *d, const struct domain *fd, mfn_t mfn,
                          uint64_t gfn)
{
    enum p2m_type t = page_get_writable(mfn, fd->domid) ? P2M_FOREIGN
                    : page_get(mfn, fd->domid) ? P2M_FOREIGN_RO : P2M_NONE;
    long rc;

    if (t == P2M_NONE) {
        return -EINVAL;
    }
    drop_ram(d, gfn);
    rc = p2m_set(d, gfn, mfn, 0, t);
    if (rc != 0 && t == P2M_FOREIGN) {
        page_put_writable(mfn_to_page(mfn));
    } else if (rc != 0) {
        page_put(mfn_to_page(mfn));
    }
    return rc;
}

/* Frame @idx as @from means it; the caller may act on both domains. */
static long add_foreign(struct domain *d, domid_t from, uint64_t idx,
                        uint64_t gfn)
{
    struct domain *fd;
    long rc = domain_get_for(current->domain, from, &fd);

    if (rc != 0) {
        return rc;
    }
    rc = fd == d ? -EINVAL : place_foreign(d, fd, guest_frame(fd, idx), gfn);
    domain_put(fd);
    return rc;
}

static long add_one(struct domain *d, unsigned int space, uint64_t idx,
                    uint64_t gfn)
{
    long rc = -EOPNOTSUPP;

    if (d->p2m == NULL) {
        return -EACCES;                  /* machine frames are its own */
    }
    spin_lock(&d->lock);
    switch (space) {
    case XENMAPSPACE_shared_info:
        rc = idx == 0 ? place(d, d->shared_info_mfn, gfn) : -EINVAL;
        break;
    case XENMAPSPACE_grant_table:
        rc = add_grant_frame(d, idx, gfn);
        break;
    case XENMAPSPACE_gmfn:
    case XENMAPSPACE_gmfn_range:
        rc = move_own(d, idx, gfn);
        break;
    default:
        break;
    }
    spin_unlock(&d->lock);
    return rc;
}

long memory_physmap_move(struct domain *d, uint64_t from, uint64_t to)
{
    return add_one(d, XENMAPSPACE_gmfn, from, to);
}

long memory_physmap_add(struct domain *caller, uint64_t start,
                        guest_handle_t arg)
{
    struct xen_add_to_physmap op;
    uint64_t nr = 1;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, op.domid, &d);
    if (rc != 0) {
        return rc;
    }
    if (op.space == XENMAPSPACE_gmfn_range) {
        nr = op.size;
    }
    for (uint64_t i = start; rc == 0 && i < nr; i++) {
        rc = add_one(d, op.space, op.idx + i, op.gpfn + i);
        if (rc == 0 && i + 1 < nr && hypercall_preempt()) {
            domain_put(d);
            return HYPERCALL_CONTINUE(__HYPERVISOR_memory_op,
                                      XENMEM_add_to_physmap |
                                      (i + 1) << MEMOP_EXTENT_SHIFT, arg.va);
        }
    }
    domain_put(d);
    return rc;
}

/* One entry of the lists: its error goes back to the guest. */
static long batch_entry(struct domain *d,
                        const struct xen_add_to_physmap_batch *b, uint64_t i)
{
    uint64_t idx, gfn;
    int err;

    if (copy_from_guest(&idx, guest_handle_index(HANDLE(b->idxs), i, 8),
                        8) != 0 ||
        copy_from_guest(&gfn, guest_handle_index(HANDLE(b->gpfns), i, 8),
                        8) != 0) {
        return -EFAULT;
    }
    err = (int)(b->space == XENMAPSPACE_gmfn_foreign
                ? add_foreign(d, b->u.foreign_domid, idx, gfn)
                : add_one(d, b->space, idx, gfn));
    return copy_to_guest(guest_handle_index(HANDLE(b->errs), i, sizeof(err)),
                         &err, sizeof(err));
}

long memory_physmap_batch(struct domain *caller, uint64_t start,
                          guest_handle_t arg)
{
    struct xen_add_to_physmap_batch b;
    struct domain *d;
    long rc;

    if (copy_from_guest(&b, arg, sizeof(b)) != 0) {
        return -EFAULT;
    }
    if (b.space == XENMAPSPACE_gmfn_foreign && !caller->is_control) {
        return -EPERM;
    }
    rc = domain_get_for(caller, b.domid, &d);
    if (rc == 0 && d->p2m == NULL) {
        rc = -EACCES;
        domain_put(d);
    }
    if (rc != 0) {
        return rc;
    }
    for (uint64_t i = start; rc == 0 && i < b.size; i++) {
        rc = batch_entry(d, &b, i);
        if (rc == 0 && i + 1u < b.size && hypercall_preempt()) {
            domain_put(d);
            return HYPERCALL_CONTINUE(__HYPERVISOR_memory_op,
                                      XENMEM_add_to_physmap_batch |
                                      (i + 1) << MEMOP_EXTENT_SHIFT, arg.va);
        }
    }
    domain_put(d);
    return rc;
}

long memory_physmap_remove(struct domain *caller, uint64_t start,
                           guest_handle_t arg)
{
    struct xen_remove_from_physmap op;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, op.domid, &d);
    if (rc != 0) {
        return rc;
    }
    rc = d->p2m == NULL ? -EACCES : p2m_remove(d, op.gpfn, INVALID_MFN);
    if (rc == 0) {
        ioreq_invalidate(d);
    }
    domain_put(d);
    return rc == -ENOENT ? -EINVAL : rc;
}
