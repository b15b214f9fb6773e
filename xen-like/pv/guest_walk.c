/* SPDX-License-Identifier: MIT */
/*
 * Walks over the current guest's page tables, read through the direct map.
 */
#include <arch/atomic.h>
#include <domain/page_type.h>
#include <pv/guest_walk.h>
#include <pv/pv_domain.h>

/* Frames of I/O are not in the direct map; the guest's tables never are. */
static inline pte_t read_entry(mfn_t table, uint64_t va, unsigned int level)
{
    const pte_t *t;

    if (!mfn_valid(table) ||
        page_owner_id(atomic_load(&mfn_to_page(table)->word)) >= MAX_DOMID) {
        return 0;
    }
    t = mfn_to_virt(table);
    return atomic_load(&t[PT_INDEX(va, level)]);
}

mfn_t guest_walk_l1_table(uint64_t va)
{
    const struct pv_vcpu *pv = current->pv;
    pte_t e = pte_make(maddr_to_mfn(pv->in_kernel ? pv->cr3_kernel
                                                  : pv->cr3_user), PTE_P);

    for (unsigned int level = 4; level > 1; level--) {
        e = read_entry(pte_mfn(e), va, level);
        if ((e & (PTE_P | PTE_PSE)) != PTE_P) {
            return INVALID_MFN;
        }
    }
    return pte_mfn(e);
}

pte_t guest_walk_l1e(uint64_t va)
{
    mfn_t l1 = guest_walk_l1_table(va);

    return mfn_eq(l1, INVALID_MFN) ? 0 : read_entry(l1, va, 1);
}

bool guest_hold_table(mfn_t mfn, domid_t owner, uint64_t type)
{
    const uint64_t want = (uint64_t)owner << PG_OWNER_SHIFT | type |
                          PG_VALIDATED;
    const uint64_t mask = PG_OWNER_MASK | PG_TYPE_MASK | PG_VALIDATED;
    struct page_info *pg;
    uint64_t w;

    if (!mfn_valid(mfn)) {
        return false;
    }
    pg = mfn_to_page(mfn);
    w = atomic_load(&pg->word);
    do {
        if ((w & mask) != want || (w & PG_TCOUNT_MASK) == 0 ||
            (w & PG_TCOUNT_MASK) == PG_TCOUNT_MASK ||
            (w & PG_COUNT_MASK) == PG_COUNT_MASK) {
            return false;
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w + PG_TCOUNT_ONE + 1));
    return true;
}

void guest_release_table(mfn_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t w = atomic_load(&pg->word);

    /* Not the last use, the usual case: both counts in one exchange. */
    while ((w & PG_TCOUNT_MASK) > PG_TCOUNT_ONE) {
        if (atomic_cmpxchg(&pg->word, &w, w - PG_TCOUNT_ONE - 1)) {
            return;
        }
    }
    page_put_type(pg);
    page_put(pg);
}
