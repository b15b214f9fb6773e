/* SPDX-License-Identifier: MIT */
/*
 * Frames of a domain: given, released, stolen, and taken back when it dies.
 * There is no list of a domain's frames: the frame table is the list, and
 * min_mfn/max_mfn bound the walk of a dying domain.
 */
#include <core/panic.h>
#include <domain/continuation.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/tlb_flush.h>

/* use.progress of a frame that the hypervisor shares with a guest. */
#define SHARED_FRAME 0xffffu
#define NOBODY (PGO_NONE << PG_OWNER_SHIFT)

static uint64_t owner_word(const struct domain *d)
{
    return (uint64_t)d->domid << PG_OWNER_SHIFT;
}

static void tot_pages_sub(struct domain *d, uint32_t nr)
{
    if (atomic_sub(&d->tot_pages, nr) == 0) {
        domain_put(d);           /* the reference its frames held */
    }
}

static int assign_locked(struct domain *d, mfn_t mfn, uint64_t nr)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (atomic_load(&d->dying) != DOMDYING_alive) {
        return -EINVAL;
    }
    if (nr > d->max_pages || d->tot_pages > d->max_pages - nr) {
        return -E2BIG;
    }
    if (atomic_add(&d->tot_pages, (uint32_t)nr) == nr) {
        domain_ref(d);
    }
    d->min_mfn = min(d->min_mfn, mfn_x(mfn));
    d->max_mfn = max(d->max_mfn, mfn_x(mfn) + nr);
    for (uint64_t i = 0; i < nr; i++) {
        pg[i].use.progress = 0;
        pg[i].use.dropping = 0;
        pg[i].use.abroad = 0;
        atomic_store_release(&pg[i].word,
                             owner_word(d) | PG_ALLOCATED | PGT_NONE | 1);
    }
    return 0;
}

int pages_assign(struct domain *d, mfn_t mfn, uint64_t nr)
{
    int rc;

    spin_lock(&d->page_lock);
    rc = assign_locked(d, mfn, nr);
    spin_unlock(&d->page_lock);
    return rc;
}

mfn_t pages_alloc(struct domain *d, unsigned int order, unsigned int addr_bits)
{
    uint64_t claim = atomic_load(&d->claim);
    mfn_t mfn = buddy_alloc_claimed(order, addr_bits,
                                    claim != 0 ? &d->claim : NULL);

    if (mfn_eq(mfn, INVALID_MFN)) {
        return mfn;
    }
    memset(mfn_to_virt(mfn), 0, PAGE_SIZE << order);
    if (pages_assign(d, mfn, 1ul << order) != 0) {
        buddy_free(mfn, order);
        return INVALID_MFN;
    }
    return mfn;
}

/* The last reference is gone: nothing maps the frame any more. */
void pages_free_last(struct page_info *pg, uint64_t word)
{
    uint64_t owner = page_owner_id(word);
    bool shared = pg->use.progress == SHARED_FRAME;

    BUG_ON((word & (PG_TCOUNT_MASK | PG_COUNT_MASK)) != 0);
    BUG_ON(owner >= MAX_DOMID && owner != PGO_XEN);
    atomic_store(&pg->word, NOBODY);
    buddy_free(page_to_mfn(pg), 0);
    if (!shared && owner < MAX_DOMID) {
        tot_pages_sub(domain_of_owner(owner), 1);
    }
}

bool pages_release(const struct domain *d, struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);

    do {
        if (page_owner_id(w) != d->domid || !(w & PG_ALLOCATED)) {
            return false;
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w & ~PG_ALLOCATED));
    page_put(pg);
    return true;
}

int pages_steal(struct domain *d, struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);

    do {
        if (page_owner_id(w) != d->domid || !(w & PG_ALLOCATED) ||
            (w & (PG_COUNT_MASK | PG_TCOUNT_MASK)) != 1) {
            return -EBUSY;
        }
    } while (!atomic_cmpxchg(&pg->word, &w, NOBODY));
    tot_pages_sub(d, 1);
    return 0;
}

void pages_share_frame(mfn_t mfn, domid_t owner, bool writable)
{
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t type = writable ? PGT_WRITABLE | PG_VALIDATED : PGT_NONE;

    BUG_ON(page_owner_id(pg->word) != PGO_NONE);
    pg->use.progress = SHARED_FRAME;
    pg->use.dropping = 0;
    /* The use that never ends keeps the type as it is. */
    atomic_store_release(&pg->word, (uint64_t)owner << PG_OWNER_SHIFT | type |
                                    PG_TCOUNT_ONE | 1);
}

void pages_unshare_frame(mfn_t mfn)
{
    page_put_writable(mfn_to_page(mfn));    /* the use and the reference */
}

/* ---- a dying domain -------------------------------------------------------- */

/*
 * Frames that the domain released already may go any moment, with their last
 * user, and be another domain's the next: who owns a frame is seen in the
 * same word that is exchanged.
 *
 * First walk: drop what a frame holds by itself, a pin or the anchor of an
 * interrupted validation.  With the tables gone, data is held by its owner
 * only, and the second walk frees it in runs.
 */
static bool take_pin(const struct domain *d, struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);

    do {
        if (page_owner_id(w) != d->domid) {
            return false;
        }
        if (!(w & PG_PINNED)) {
            return (w & PG_PARTIAL) && !pg->use.dropping;   /* its anchor */
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w & ~PG_PINNED));
    return true;
}

static int unpin_frame(struct domain *d, struct page_info *pg)
{
    if (!d->relinquish_busy) {
        d->relinquish_busy = take_pin(d, pg);
    }
    if (d->relinquish_busy) {
        if (page_put_type_preemptible(pg) != 0) {
            return -ERESTART;
        }
        d->relinquish_busy = false;
        page_put(pg);
    }
    return 0;
}

/* A run of frames that have become nobody's, not given back yet. */
struct run {
    uint64_t first, nr;
};

static void run_free(struct domain *d, struct run *r)
{
    if (r->nr != 0) {
        buddy_add_range(_mfn(r->first), _mfn(r->first + r->nr));
        tot_pages_sub(d, (uint32_t)r->nr);
        r->nr = 0;
    }
}

/* Into the run, if the owner's reference is the last one. */
static void free_frame(struct domain *d, uint64_t mfn, struct run *r)
{
    struct page_info *pg = &frame_table[mfn];
    uint64_t w = atomic_load(&pg->word);

    while ((w & (PG_OWNER_MASK | PG_ALLOCATED | PG_COUNT_MASK |
                 PG_TCOUNT_MASK)) == (owner_word(d) | PG_ALLOCATED | 1)) {
        if (!atomic_cmpxchg(&pg->word, &w, NOBODY)) {
            continue;
        }
        if (r->first + r->nr != mfn) {
            run_free(d, r);
            r->first = mfn;
        }
        r->nr++;
        return;
    }
    (void)pages_release(d, pg);      /* its last user frees it */
}

/* The first frame of @d from @pos on, or @end. */
static uint64_t next_frame_of(const struct domain *d, uint64_t pos,
                              uint64_t end)
{
    const struct page_info *pg = &frame_table[pos], *last = &frame_table[end];
    uint64_t id = d->domid;

    while (pg < last && page_owner_id(atomic_load(&pg->word)) != id) {
        pg++;
    }
    return (uint64_t)(pg - frame_table);
}

/* Frames looked at between two chances of preemption. */
#define RELINQUISH_STEP 64

/* One walk from relinquish_pos on; the run is always given back. */
static int relinquish_walk(struct domain *d, bool unpin)
{
    uint64_t pos = max(d->relinquish_pos, d->min_mfn);
    struct run run = { 0, 0 };
    int rc = 0;

    while (rc == 0 && pos < d->max_mfn) {
        uint64_t end = min(pos + RELINQUISH_STEP, d->max_mfn);

        for (; (pos = next_frame_of(d, pos, end)) < end; pos++) {
            if (frame_table[pos].use.progress == SHARED_FRAME) {
                continue;
            }
            if (!unpin) {
                free_frame(d, pos, &run);
            } else if (unpin_frame(d, &frame_table[pos]) != 0) {
                rc = -ERESTART;
                break;
            }
        }
        if (rc == 0 && hypercall_preempt()) {
            rc = -ERESTART;
        }
    }
    d->relinquish_pos = pos;
    run_free(d, &run);
    return rc;
}

int pages_relinquish(struct domain *d)
{
    spin_lock(&d->page_lock);    /* who saw the domain alive is done */
    spin_unlock(&d->page_lock);
    buddy_unclaim(&d->claim, ~0ull);
    if (!d->relinquish_unpinned) {
        if (relinquish_walk(d, true) != 0) {
            return -ERESTART;
        }
        d->relinquish_unpinned = true;
        d->relinquish_pos = 0;
    }
    return relinquish_walk(d, false);
}
