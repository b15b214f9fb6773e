/* SPDX-License-Identifier: MIT */
/*
 * grant/map.c - map grants into the caller's page tables, and unmap them.
 *
 * A map takes a use per purpose asked for (host, device), so that unmapping
 * one of them gives back exactly that.  Unmapping goes in batches: entries
 * first, one TLB flush, then the references.  Leaves page tables to the
 * grant_map_ops; a translated guest has entries of its p2m instead.  Tested by tests/unit/grant/test_grant.c.
 */
#include <arch/paging.h>
#include <core/percpu.h>
#include <domain/continuation.h>
#include <domain/page_type.h>
#include <grant/table.h>
#include <mm/tlb_flush.h>
#include <p2m/p2m.h>
#include <hv/errno.h>

static uint64_t pte_flags(uint32_t flags)
{
    uint64_t avail = (uint64_t)(flags >> _GNTMAP_guest_avail0) * PTE_AVAIL0;

    return PTE_P | PTE_A | PTE_D | (avail & PTE_AVAIL) |
           ((flags & GNTMAP_readonly) != 0 ? 0 : PTE_RW) |
           ((flags & GNTMAP_application_map) != 0 ? PTE_US : 0);
}

static enum p2m_type held_type(const struct grant_use *use)
{
    return use->readonly ? P2M_FOREIGN_RO : P2M_FOREIGN;
}

/* ---- map ----------------------------------------------------------------------- */

/* A translated guest names a page of its own address space, where nothing is
 * yet: the entry takes the references. */
static int map_gfn(struct domain *ld, const struct grant_use *use,
                   const struct gnttab_map_grant_ref *op)
{
    uint64_t gfn = op->host_addr >> PAGE_SHIFT;
    enum p2m_type t;

    (void)p2m_lookup(ld, gfn, &t);
    if ((op->host_addr & ~PAGE_MASK) != 0 || t != P2M_NONE ||
        (op->flags & GNTMAP_contains_pte) != 0) {
        return -EINVAL;
    }
    return p2m_set(ld, gfn, use->mfn, 0, held_type(use));
}

static int map_host(struct grant_use *use, struct domain *ld,
                    struct grant_map_cache *cache,
                    const struct gnttab_map_grant_ref *op)
{
    int rc = grant_pin(use, ld);

    if (rc != GNTST_okay) {
        return rc;
    }
    if (unlikely(ld->p2m != NULL)) {
        rc = map_gfn(ld, use, op);
    } else {
        rc = grant_map_ops->map(current, cache, op->host_addr,
                                (op->flags & GNTMAP_contains_pte) != 0,
                                use->mfn, pte_flags(op->flags));
    }
    if (rc != 0) {
        grant_unpin(use);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

static int map_one(struct domain *ld, struct domain *rd,
                   struct grant_map_cache *cache, grant_handle_t handle,
                   struct gnttab_map_grant_ref *op)
{
    struct grant_use use = {
        .rd = rd, .gref = op->ref,
        .readonly = (op->flags & GNTMAP_readonly) != 0,
    };
    int rc;

    if ((op->flags & GNTMAP_device_map) != 0) {
        rc = grant_pin(&use, ld);
        if (rc != GNTST_okay) {
            return rc;
        }
    }
    if ((op->flags & GNTMAP_host_map) != 0) {
        rc = map_host(&use, ld, cache, op);
        if (rc != GNTST_okay) {
            goto unpin_device;
        }
    }
    domain_ref(rd);                   /* INV-GR3 */
    maptrack_commit(ld, handle, &use, (uint16_t)op->flags);
    op->handle = handle;
    op->dev_bus_addr = likely(ld->p2m == NULL || ld->is_hardware)
                       ? mfn_to_maddr(use.mfn) : 0;
    return GNTST_okay;

unpin_device:
    if ((op->flags & GNTMAP_device_map) != 0) {
        grant_unpin(&use);
    }
    return rc;
}

static int map_checked(struct domain *ld, struct granter *g,
                       struct grant_map_cache *cache, grant_handle_t handle,
                       struct gnttab_map_grant_ref *op)
{
    struct domain *rd;

    if ((op->flags & MAP_PURPOSES) == 0) {
        return GNTST_bad_gntref;
    }
    rd = granter_get(g, op->dom);
    if (rd == NULL || atomic_load(&rd->dying) != DOMDYING_alive) {
        return GNTST_bad_domain;
    }
    return map_one(ld, rd, cache, handle, op);
}

/* At most GRANT_BATCH operations. */
void grant_map_batch(struct domain *ld, struct gnttab_map_grant_ref *ops,
                     unsigned int nr)
{
    GRANT_SCRATCH grant_handle_t handles[GRANT_BATCH];
    unsigned int have = maptrack_alloc(ld, handles, nr), used_ = 0;
    struct grant_map_cache cache = { 0 };
    struct granter g = { 0, NULL };

    for (unsigned int i = 0; i < nr; i++) {
        int rc = GNTST_no_space;

        if (likely(used_ < have)) {
            rc = map_checked(ld, &g, &cache, handles[used_], &ops[i]);
            used_ += rc == GNTST_okay;
        }
        ops[i].status = (int16_t)rc;
    }
    grant_map_ops->done(&cache);
    maptrack_free(ld, handles + used_, have - used_);
    granter_put(&g);
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

/* The use that a handle stands for; its pin keeps act->mfn (INV-GR1). */
static struct grant_use use_of(const struct maptrack *t)
{
    struct grant_use use = {
        .rd = t->rd, .gref = t->gref, .mfn = INVALID_MFN,
        .readonly = (t->flags & GNTMAP_readonly) != 0,
    };
    struct grant_entry_v1 *shared;
    struct active *act;

    if (likely(grant_entry(t->rd->grant, t->gref, &shared, &act))) {
        use.mfn = act->mfn;
    }
    return use;
}

static int unmap_gfn(struct domain *ld, const struct grant_unmap_op *op,
                     struct claim *c, const struct grant_use *use)
{
    if (op->new_addr != 0 ||
        p2m_take(ld, op->host_addr >> PAGE_SHIFT, use->mfn,
                 held_type(use)) != 0) {
        return GNTST_general_error;
    }
    c->undone |= GNTMAP_host_map;
    return GNTST_okay;                /* the entry was flushed */
}

static int unmap_host(const struct grant_unmap_op *op, struct claim *c,
                      const struct grant_use *use,
                      struct grant_map_cache *cache, bool *flush)
{
    bool is_pte = (c->track.flags & GNTMAP_contains_pte) != 0, cached = true;

    if (op->new_addr != 0 && is_pte) {
        return GNTST_general_error;
    }
    if (grant_map_ops->unmap(current, cache, op->host_addr, is_pte,
                             use->mfn, use->readonly ? 0 : PTE_RW, op->new_addr,
                             &cached) != 0) {
        return GNTST_general_error;
    }
    c->undone |= GNTMAP_host_map;
    *flush |= cached;
    return GNTST_okay;
}

/* First half: entries go, references stay. */
static int unmap_begin(struct domain *ld, const struct grant_unmap_op *op,
                       struct claim *c,
                       struct grant_use *use, struct grant_map_cache *cache,
                       bool *flush)
{
    if (!c->valid) {
        return GNTST_bad_handle;
    }
    *use = use_of(&c->track);
    if (op->dev_bus_addr != 0 && (c->track.flags & GNTMAP_device_map) != 0) {
        if (op->dev_bus_addr != mfn_to_maddr(use->mfn)) {
            return GNTST_bad_dev_addr;
        }
        c->undone |= GNTMAP_device_map;
    }
    if (op->host_addr != 0 && (c->track.flags & GNTMAP_host_map) != 0) {
        return unlikely(ld->p2m != NULL)
               ? unmap_gfn(ld, op, c, use)
               : unmap_host(op, c, use, cache, flush);
    }
    return GNTST_okay;
}

/* Second half: nobody can reach the frame through the entry any more. */
static void unmap_end(const struct claim *c, const struct grant_use *use)
{
    if (!c->valid) {
        return;
    }
    if ((c->undone & GNTMAP_host_map) != 0) {
        grant_unpin(use);
    }
    if ((c->undone & GNTMAP_device_map) != 0) {
        grant_unpin(use);
    }
}

/* At most GRANT_BATCH operations. */
void grant_unmap_batch(struct domain *ld, struct grant_unmap_op *ops,
                       unsigned int nr)
{
    GRANT_SCRATCH struct claim claims[GRANT_BATCH];
    GRANT_SCRATCH struct grant_use uses[GRANT_BATCH];
    struct grant_map_cache cache = { 0 };
    bool flush = false;

    for (unsigned int i = 0; i < nr; i++) {
        claims[i].handle = ops[i].handle;
    }
    maptrack_claim(ld, claims, nr);
    for (unsigned int i = 0; i < nr; i++) {
        ops[i].status = (int16_t)unmap_begin(ld, &ops[i], &claims[i],
                                             &uses[i], &cache, &flush);
    }
    grant_map_ops->done(&cache);
    if (flush) {
        tlb_flush_mask(atomic_load(&ld->dirty_cpus));
    }
    for (unsigned int i = 0; i < nr; i++) {
        unmap_end(&claims[i], &uses[i]);
    }
    maptrack_release(ld, claims, nr);
    for (unsigned int i = 0; i < nr; i++) {
        if (claim_is_over(&claims[i])) {
            domain_put(claims[i].track.rd);
        }
    }
}

/* ---- the mapper dies ---------------------------------------------------------------- */

/* One handle of a dying domain.  The reference of a host mapping went, or
 * goes, with its page-table entry (INV-GR2). */
static void forget(struct domain *d, grant_handle_t handle)
{
    struct claim c = { .handle = handle };
    struct grant_use use;

    maptrack_claim(d, &c, 1);
    if (!c.valid) {
        return;
    }
    use = use_of(&c.track);
    if ((c.track.flags & GNTMAP_host_map) != 0) {
        grant_unpin_only(&use);
    }
    if ((c.track.flags & GNTMAP_device_map) != 0) {
        grant_unpin(&use);
    }
    c.undone = MAP_PURPOSES;
    maptrack_release(d, &c, 1);
    domain_put(c.track.rd);
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
