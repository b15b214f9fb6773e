/* SPDX-License-Identifier: MIT */
/*
 * grant/map.c - map grants into the caller's page tables, and unmap them.
 *
 * A map takes a use per purpose asked for (host, device), so that unmapping
 * one of them gives back exactly that.  Unmapping goes in batches: entries
 * first, one TLB flush, then the references.  Leaves page tables to the
 * grant_map_ops.  Tested by tests/unit/grant/test_grant.c.
 */
#include <arch/paging.h>
#include <core/percpu.h>
#include <domain/continuation.h>
#include <domain/page_type.h>
#include <grant/table.h>
#include <mm/tlb_flush.h>
#include <hv/errno.h>

#define MAP_PURPOSES (GNTMAP_host_map | GNTMAP_device_map)

static uint64_t pte_flags(uint32_t flags)
{
    uint64_t avail = (uint64_t)(flags >> _GNTMAP_guest_avail0) * PTE_AVAIL0;

    return PTE_P | PTE_A | PTE_D | (avail & PTE_AVAIL) |
           ((flags & GNTMAP_readonly) != 0 ? 0 : PTE_RW) |
           ((flags & GNTMAP_application_map) != 0 ? PTE_US : 0);
}

/* ---- map ----------------------------------------------------------------------- */

static int map_host(struct grant_use *use, const struct domain *ld,
                    const struct gnttab_map_grant_ref *op)
{
    int rc = grant_pin(use, ld);

    if (rc != GNTST_okay) {
        return rc;
    }
    if (grant_map_ops->map(current, op->host_addr,
                           (op->flags & GNTMAP_contains_pte) != 0, use->mfn,
                           pte_flags(op->flags)) != 0) {
        grant_unpin(use);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

static int map_one(struct domain *ld, struct domain *rd,
                   struct gnttab_map_grant_ref *op)
{
    struct grant_use use = {
        .rd = rd, .gref = op->ref,
        .readonly = (op->flags & GNTMAP_readonly) != 0,
    };
    grant_handle_t handle;
    int rc;

    if (maptrack_alloc(ld, &handle) != 0) {
        return GNTST_no_space;
    }
    if ((op->flags & GNTMAP_device_map) != 0) {
        rc = grant_pin(&use, ld);
        if (rc != GNTST_okay) {
            goto free_track;
        }
    }
    if ((op->flags & GNTMAP_host_map) != 0) {
        rc = map_host(&use, ld, op);
        if (rc != GNTST_okay) {
            goto unpin_device;
        }
    }
    domain_ref(rd);                   /* INV-GR3 */
    maptrack_commit(ld, handle, &use, (uint16_t)op->flags);
    op->handle = handle;
    op->dev_bus_addr = mfn_to_maddr(use.mfn);
    return GNTST_okay;

unpin_device:
    if ((op->flags & GNTMAP_device_map) != 0) {
        grant_unpin(&use);
    }
free_track:
    maptrack_free(ld, handle);
    return rc;
}

/* The granter of the last operation, kept for the next one. */
struct granter {
    domid_t domid;
    struct domain *d;                 /* NULL: none kept */
};

static struct domain *granter_get(struct granter *g, domid_t domid)
{
    if (g->d != NULL && g->domid == domid) {
        return g->d;
    }
    if (g->d != NULL) {
        domain_put(g->d);
    }
    g->d = domain_get(domid);
    g->domid = domid;
    return g->d;
}

void grant_map_batch(struct domain *ld, struct gnttab_map_grant_ref *ops,
                     unsigned int nr)
{
    struct granter g = { 0, NULL };

    for (unsigned int i = 0; i < nr; i++) {
        struct gnttab_map_grant_ref *op = &ops[i];
        struct domain *rd;

        if ((op->flags & MAP_PURPOSES) == 0) {
            op->status = GNTST_bad_gntref;
            continue;
        }
        rd = granter_get(&g, op->dom);
        if (rd == NULL || atomic_load(&rd->dying) != DOMDYING_alive) {
            op->status = GNTST_bad_domain;
            continue;
        }
        op->status = (int16_t)map_one(ld, rd, op);
    }
    if (g.d != NULL) {
        domain_put(g.d);
    }
}

/* The caller could not be told its handles: take the mappings back. */
void grant_map_undo(struct domain *ld, struct gnttab_map_grant_ref *ops,
                    unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        struct grant_unmap_op u = {
            .host_addr = ops[i].host_addr,
            .dev_bus_addr = ops[i].dev_bus_addr,
            .handle = ops[i].handle,
        };

        if (ops[i].status == GNTST_okay) {
            grant_unmap_batch(ld, &u, 1);
        }
    }
}

/* ---- unmap ------------------------------------------------------------------------ */

/* An operation between its two halves. */
struct unmapping {
    struct grant_use use;
    uint16_t flags;                   /* of the handle, when claimed */
    uint16_t undone;                  /* purposes that are gone now */
    bool claimed;
};

static mfn_t pinned_mfn(const struct grant_use *use)
{
    struct grant_entry_v1 *shared;
    struct active *act;

    /* The handle's pin keeps act->mfn as it is (INV-GR1). */
    return grant_entry(use->rd->grant, use->gref, &shared, &act)
           ? act->mfn : INVALID_MFN;
}

static int unmap_host(const struct grant_unmap_op *op, struct unmapping *u,
                      bool *flush)
{
    bool is_pte = (u->flags & GNTMAP_contains_pte) != 0, cached = true;

    if (op->new_addr != 0 && is_pte) {
        return GNTST_general_error;
    }
    if (grant_map_ops->unmap(current, op->host_addr, is_pte, u->use.mfn,
                             u->use.readonly ? 0 : PTE_RW, op->new_addr,
                             &cached) != 0) {
        return GNTST_general_error;
    }
    u->undone |= GNTMAP_host_map;
    *flush |= cached;
    return GNTST_okay;
}

/* First half: entries go, references stay. */
static int unmap_begin(struct domain *ld, const struct grant_unmap_op *op,
                       struct unmapping *u, bool *flush)
{
    struct maptrack t;

    u->claimed = maptrack_claim(ld, op->handle, &t);
    u->undone = 0;
    if (!u->claimed) {
        return GNTST_bad_handle;
    }
    u->flags = t.flags;
    u->use = (struct grant_use){
        .rd = t.rd, .gref = t.gref,
        .readonly = (t.flags & GNTMAP_readonly) != 0,
    };
    u->use.mfn = pinned_mfn(&u->use);
    if (op->dev_bus_addr != 0 && (t.flags & GNTMAP_device_map) != 0) {
        if (op->dev_bus_addr != mfn_to_maddr(u->use.mfn)) {
            return GNTST_bad_dev_addr;
        }
        u->undone |= GNTMAP_device_map;
    }
    if (op->host_addr != 0 && (t.flags & GNTMAP_host_map) != 0) {
        return unmap_host(op, u, flush);
    }
    return GNTST_okay;
}

/* Second half: nobody can reach the frame through the entry any more. */
static void unmap_end(struct domain *ld, const struct grant_unmap_op *op,
                      struct unmapping *u)
{
    uint16_t left = (uint16_t)(u->flags & ~u->undone);

    if (!u->claimed) {
        return;
    }
    if ((u->undone & GNTMAP_host_map) != 0) {
        grant_unpin(&u->use);
    }
    if ((u->undone & GNTMAP_device_map) != 0) {
        grant_unpin(&u->use);
    }
    maptrack_release(ld, op->handle, left);
    if ((left & MAP_PURPOSES) == 0) {
        domain_put(u->use.rd);
    }
}

/* At most GRANT_BATCH operations. */
void grant_unmap_batch(struct domain *ld, struct grant_unmap_op *ops,
                       unsigned int nr)
{
    struct unmapping u[GRANT_BATCH];
    bool flush = false;

    for (unsigned int i = 0; i < nr; i++) {
        ops[i].status = (int16_t)unmap_begin(ld, &ops[i], &u[i], &flush);
    }
    if (flush) {
        tlb_flush_mask(atomic_load(&ld->dirty_cpus));
    }
    for (unsigned int i = 0; i < nr; i++) {
        unmap_end(ld, &ops[i], &u[i]);
    }
}

/* ---- the mapper dies ---------------------------------------------------------------- */

/* One handle of a dying domain.  The reference of a host mapping went, or
 * goes, with its page-table entry (INV-GR2). */
static void forget(struct domain *d, grant_handle_t handle)
{
    struct maptrack t;
    struct grant_use use;

    if (!maptrack_claim(d, handle, &t)) {
        return;
    }
    use = (struct grant_use){
        .rd = t.rd, .gref = t.gref,
        .readonly = (t.flags & GNTMAP_readonly) != 0,
    };
    use.mfn = pinned_mfn(&use);
    if ((t.flags & GNTMAP_host_map) != 0) {
        grant_unpin_only(&use);
    }
    if ((t.flags & GNTMAP_device_map) != 0) {
        grant_unpin(&use);
    }
    maptrack_release(d, handle, 0);
    domain_put(t.rd);
}

int grant_relinquish(struct domain *d)
{
    struct grant_table *gt = d->grant;

    while (gt != NULL && gt->relinquished < gt->nr_tracks) {
        forget(d, gt->relinquished++);
        if (gt->relinquished % 64 == 0 && hypercall_preempt()) {
            return -ERESTART;
        }
    }
    return 0;
}
