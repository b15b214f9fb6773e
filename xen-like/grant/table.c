/* SPDX-License-Identifier: MIT */
/*
 * grant/table.c - the frames of a grant table, and pins on its entries.
 *
 * The shared entry is the guest's to rewrite at any time: flags and domid
 * are read and changed as one word by compare-and-swap, the frame number is
 * read once, afterwards, and checked by taking a reference.
 * Tested by tests/unit/grant/test_grant.c.
 */
#include <domain/pages.h>
#include <grant/table.h>
#include <mm/heap.h>
#include <p2m/p2m.h>
#include <hv/errno.h>

const struct grant_map_ops *grant_map_ops;

void grant_set_map_ops(const struct grant_map_ops *ops)
{
    grant_map_ops = ops;
}

/* ---- frames ------------------------------------------------------------------ */

static uint32_t quota(uint32_t asked, uint32_t by_default, uint32_t most)
{
    return asked == 0 || asked == ~0u ? by_default : min(asked, most);
}

int grant_domain_init(struct domain *d)
{
    struct grant_table *gt = heap_new(struct grant_table);

    if (gt == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&gt->lock, LOCK_GRANT);
    spin_lock_init(&gt->maptrack_lock, LOCK_MAPTRACK);
    gt->max_frames = quota(d->cfg_max_grant_frames, DEFAULT_GRANT_FRAMES,
                           MAX_GRANT_FRAMES);
    gt->max_track_frames = quota(d->cfg_max_maptrack_frames,
                                 DEFAULT_MAPTRACK_FRAMES, MAX_MAPTRACK_FRAMES);
    gt->free_track = NO_HANDLE;
    d->grant = gt;
    return 0;
}

void grant_domain_free(struct domain *d)
{
    struct grant_table *gt = d->grant;

    if (gt == NULL) {
        return;
    }
    for (uint32_t i = 0; i < gt->nr_frames; i++) {
        pages_unshare_frame(virt_to_mfn(gt->shared[i]));
        heap_free_pages(gt->active[i], ACTIVE_ORDER);
    }
    maptrack_fini(gt);
    heap_free(gt);
    d->grant = NULL;
}

static int add_frame(struct domain *d, struct grant_table *gt)
{
    struct active *act = heap_alloc_pages(ACTIVE_ORDER);
    struct grant_entry_v1 *shared = heap_alloc_pages(0);

    if (act == NULL || shared == NULL) {
        if (act != NULL) {
            heap_free_pages(act, ACTIVE_ORDER);
        }
        if (shared != NULL) {
            heap_free_pages(shared, 0);
        }
        return -ENOMEM;
    }
    pages_share_frame(virt_to_mfn(shared), d->domid, true);
    gt->shared[gt->nr_frames] = shared;
    gt->active[gt->nr_frames] = act;
    atomic_store_release(&gt->nr_frames, gt->nr_frames + 1);
    return 0;
}

/* At least @nr_frames.  What was added stays when memory runs out. */
static int grow_locked(struct domain *d, uint32_t nr_frames)
{
    struct grant_table *gt = d->grant;
    int rc = 0;

    if (nr_frames > gt->max_frames) {
        return -EINVAL;
    }
    while (rc == 0 && gt->nr_frames < nr_frames) {
        rc = add_frame(d, gt);
    }
    return rc;
}

int grant_resource_frames(struct domain *d, uint32_t first, uint32_t nr,
                          mfn_t *mfns)
{
    struct grant_table *gt = d->grant;
    uint32_t end;
    int rc;

    if (ckd_add(&end, first, nr)) {
        return -EINVAL;
    }
    spin_lock(&gt->lock);
    rc = grow_locked(d, end);
    for (uint32_t i = 0; rc == 0 && i < nr; i++) {
        mfns[i] = virt_to_mfn(gt->shared[first + i]);
    }
    spin_unlock(&gt->lock);
    return rc;
}

uint32_t grant_max_frames(const struct domain *d)
{
    return atomic_load(&d->grant->max_frames);
}

uint32_t grant_nr_frames(const struct domain *d)
{
    return atomic_load(&d->grant->nr_frames);
}

/* ---- pins ---------------------------------------------------------------------- */

static void clear_in_use(struct grant_entry_v1 *shared,
                         const struct active *act)
{
    uint16_t gone = act->wpins == 0 ? GTF_writing : 0;

    if (act->pins == 0) {
        gone |= GTF_reading;
    }
    atomic_and(&shared->flags, (uint16_t)~gone);
}

static int pin_locked(struct grant_use *use, domid_t mapper,
                      struct grant_entry_v1 *shared, struct active *act)
{
    mfn_t mfn = act->mfn;
    int rc;

    if (act->pins != 0 && (act->domid != mapper || act->pins > MAX_PINS)) {
        return GNTST_general_error;
    }
    if (act->pins == 0 || (!use->readonly && act->wpins == 0)) {
        rc = grant_mark_in_use(shared, mapper, use->readonly);
        if (unlikely(rc != GNTST_okay)) {
            return rc;
        }
    }
    if (likely(act->pins == 0)) {
        mfn = guest_frame(use->rd, READ_ONCE(shared->frame));
    }
    use->mfn = mfn;
    rc = grant_take_frame(mfn, use->rd->domid, use->readonly);
    if (unlikely(rc != GNTST_okay)) {
        clear_in_use(shared, act);
        return rc;
    }
    act->domid = mapper;
    act->mfn = mfn;
    act->pins++;
    act->wpins = (uint16_t)(act->wpins + !use->readonly);
    return GNTST_okay;
}

int grant_pin(struct grant_use *use, const struct domain *ld)
{
    struct grant_table *gt = use->rd->grant;
    struct grant_entry_v1 *shared;
    struct active *act;
    int rc;

    if (unlikely(!grant_entry(gt, use->gref, &shared, &act))) {
        return GNTST_bad_gntref;
    }
    spin_lock(&gt->lock);
    rc = pin_locked(use, ld->domid, shared, act);
    spin_unlock(&gt->lock);
    if (unlikely(rc == FRAME_IS_TABLE)) {
        page_put(mfn_to_page(use->mfn));
        rc = GNTST_general_error;
    }
    return rc;
}

void grant_unpin_only(const struct grant_use *use)
{
    struct grant_table *gt = use->rd->grant;
    struct grant_entry_v1 *shared;
    struct active *act;

    if (!grant_entry(gt, use->gref, &shared, &act)) {
        return;                       /* cannot be: it was pinned (INV-GR4) */
    }
    spin_lock(&gt->lock);
    act->pins--;
    act->wpins = (uint16_t)(act->wpins - !use->readonly);
    if (act->pins == 0 || (!use->readonly && act->wpins == 0)) {
        clear_in_use(shared, act);
    }
    spin_unlock(&gt->lock);
}

void grant_unpin(const struct grant_use *use)
{
    grant_drop_frame(use->mfn, use->readonly);
    grant_unpin_only(use);
}

struct domain *granter_get(struct granter *g, domid_t domid)
{
    if (g->d != NULL) {
        if (g->domid == domid) {
            return g->d;
        }
        domain_put(g->d);
    }
    g->d = domain_get(domid);
    g->domid = domid;
    return g->d;
}

void granter_put(struct granter *g)
{
    if (g->d != NULL) {
        domain_put(g->d);
    }
}
