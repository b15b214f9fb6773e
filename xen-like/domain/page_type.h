/* SPDX-License-Identifier: MIT */
/*
 * domain/page_type.h - one word per frame: owner, type and both counts.
 *
 * A frame has one use at a time: page table of level 1-4, descriptor page, or
 * writable data.  Its word (struct page_info.word) holds everything, so that
 * one compare-and-swap checks and changes it, and no lock is needed.
 *
 * Its layout is in mm/page_word.h.
 *
 * INV-PT1  tcount > 0                    ->  the type stays as it is.
 * INV-PT2  a validated L1..L4 frame      ->  no guest PTE maps it writable.
 * INV-PT3  tcount > 0                    ->  count > 0 (each typed use holds
 *          a reference too).
 * INV-PT4  count > 0                     ->  owner is set.
 * INV-PT5  type changes                  ->  tcount was 0 and every CPU that
 *          may cache the old use has flushed (decided on the old type).
 * Counts that would overflow refuse the new reference.
 *
 * Locks   none.  A validated table cannot lose its type while its user holds
 *         a typed use; entries change by compare-and-swap.
 * Tests   tests/unit/pv/test_page_type.c (all pairs, two-thread model)
 */
#ifndef DOMAIN_PAGE_TYPE_H
#define DOMAIN_PAGE_TYPE_H

#include <abi/public.h>
#include <arch/atomic.h>
#include <mm/frame_table.h>
#include <mm/page_word.h>
#include <mm/tlb_flush.h>

/* A reference to a frame of @owner (a domid); false: not its frame. */
bool must_check page_get(mfn_t mfn, domid_t owner);
/* A reference and a use as writable data, in one step. */
bool must_check page_get_writable(mfn_t mfn, domid_t owner);
/* Another reference; the caller holds one. */
bool must_check page_ref(struct page_info *pg);
void page_put(struct page_info *pg);
void page_put_writable(struct page_info *pg);
/* Before another domain than its owner maps @pg writable in page tables; the
 * caller has such a use.  Its CPUs are flushed too when the type changes. */
static inline void page_goes_abroad(struct page_info *pg)
{
    atomic_store_relaxed(&pg->use.abroad, 1);
}

/*
 * A use of a frame, on which the caller holds a reference, as @type.
 * 0; -EBUSY: in use as another type, or count full; -ERESTART: preempted
 * (partial state is kept in the frame, call again); -EINVAL: its contents
 * fail validation.
 */
int must_check page_get_type(struct page_info *pg, uint64_t type);
/* Drop a use; the last one of an unpinned table devalidates it. */
void page_put_type(struct page_info *pg);
/* The same, may return -ERESTART. */
int must_check page_put_type_preemptible(struct page_info *pg);

/* pv/pt_validate hands its functions down (init/main.c). */
struct page_type_ops {
    int (*validate)(struct page_info *pg, uint64_t type, bool preemptible);
    int (*devalidate)(struct page_info *pg, uint64_t type, bool preemptible);
    cpumask_t (*dirty_cpus)(domid_t owner);
};
void page_type_set_ops(const struct page_type_ops *ops);

/*
 * The two above where they are hot: the usual case in place, one exchange
 * tried once; anything else by the call.  A frame in hand (not VALIDATED) is
 * waited for there.
 */
static always_inline bool page_get_writable_here(mfn_t mfn, domid_t owner)
{
    const uint64_t mask = PG_OWNER_MASK | PG_TYPE_MASK | PG_VALIDATED;
    const uint64_t want = (uint64_t)owner << PG_OWNER_SHIFT | PGT_WRITABLE |
                          PG_VALIDATED;
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t w;

    if (likely(mfn_valid(mfn))) {
        w = atomic_load(&pg->word);
        if (likely((w & mask) == want &&
                   (w & PG_COUNT_MASK) - 1 < PG_COUNT_MASK - 1 &&
                   (w & PG_TCOUNT_MASK) != PG_TCOUNT_MASK &&
                   atomic_cmpxchg(&pg->word, &w, w + PG_TCOUNT_ONE + 1))) {
            return true;
        }
    }
    return page_get_writable(mfn, owner);
}

static always_inline void page_put_writable_here(struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);

    if (likely((w & PG_TCOUNT_MASK) > PG_TCOUNT_ONE &&
               (w & PG_COUNT_MASK) > 1 &&
               atomic_cmpxchg(&pg->word, &w, w - PG_TCOUNT_ONE - 1))) {
        return;
    }
    page_put_writable(pg);
}

#endif
