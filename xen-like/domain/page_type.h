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
 * The last use of @pg, no table, ends, and with it @refs references.  The
 * stamp is taken with the frame in hand, and before the count is seen at 0:
 * who then changes the type must not miss an entry cached before this moment.
 * false: the word is not *@w, which it takes; nothing done.
 */
static always_inline bool page_put_last(struct page_info *pg, uint64_t *w,
                                        uint64_t refs)
{
    if (!atomic_cmpxchg(&pg->word, w, *w & ~PG_VALIDATED)) {
        return false;
    }
    atomic_store_relaxed(&pg->use.flush_stamp, tlb_stamp());
    *w = atomic_sub(&pg->word, PG_TCOUNT_ONE + refs - PG_VALIDATED);
    return true;
}

#endif
