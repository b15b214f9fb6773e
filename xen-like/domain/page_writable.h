/* SPDX-License-Identifier: MIT */
/*
 * domain/page_writable.h - writable uses of frames, come and gone in place.
 *
 * Owns    nothing: the two calls of page_type.h, inlined where each entry of a
 *         page table takes or drops one.
 * Tests   tests/unit/pv/test_page_type.c, test_tables.c
 */
#ifndef DOMAIN_PAGE_WRITABLE_H
#define DOMAIN_PAGE_WRITABLE_H

#include <domain/page_type.h>
#include <domain/pages.h>

/*
 * page_get_writable() and page_put_writable() where they are hot: the usual
 * case in place, one exchange tried once; anything else by the call.  A frame
 * in hand (not VALIDATED) is waited for there.
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

    if (unlikely((w & PG_COUNT_MASK) <= 1 || (w & PG_TCOUNT_MASK) == 0)) {
        page_put_writable(pg);
    } else if ((w & PG_TCOUNT_MASK) == PG_TCOUNT_ONE) {
        if (unlikely(!page_put_last(pg, &w, 1))) {
            page_put_writable(pg);
        } else if (unlikely((w & PG_COUNT_MASK) == 0)) {
            pages_free_last(pg, w);
        }
    } else if (unlikely(!atomic_cmpxchg(&pg->word, &w,
                                        w - PG_TCOUNT_ONE - 1))) {
        page_put_writable(pg);
    }
}

#endif
