/* SPDX-License-Identifier: MIT */
/*
 * Walks over the current guest's page tables, read through the direct map.
 */
#include <arch/atomic.h>
#include <domain/guest_copy.h>
#include <domain/page_type.h>
#include <pv/guest_walk.h>
#include <pv/pv_domain.h>

/*
 * An entry of a frame that was a table a moment ago.  If another vcpu has
 * torn it down meanwhile any frame number may come out of it; those without
 * RAM are not in the direct map, and the load faults.  What is found is only
 * a hint until guest_hold_table() has agreed.
 */
static always_inline pte_t read_entry(pte_t table, uint64_t va,
                                      unsigned int level)
{
    uint64_t at = (table & PTE_ADDR) | PT_INDEX(va, level) * sizeof(pte_t);
    pte_t e;

    if (unlikely(!mfn_valid(pte_mfn(table)))) {
        return 0;
    }
    GET_GUEST_WORD(e, maddr_to_virt(at), 0, fault);
    return e;
fault:
    return 0;
}

/* The level 2 entry that covers @va, or one without PTE_P. */
static always_inline pte_t walk_to_l1(uint64_t va)
{
    const struct pv_vcpu *pv = current->pv;
    pte_t e = pv->in_kernel ? pv->cr3_kernel : pv->cr3_user;

    if (unlikely(!guest_range_ok(va, 1))) {
        return 0;              /* the hypervisor's slots are no guest's */
    }
    e = read_entry(e, va, 4);
    if ((e & (PTE_P | PTE_PSE)) != PTE_P) {
        return 0;
    }
    e = read_entry(e, va, 3);
    if ((e & (PTE_P | PTE_PSE)) != PTE_P) {
        return 0;
    }
    e = read_entry(e, va, 2);
    return (e & (PTE_P | PTE_PSE)) == PTE_P ? e : 0;
}

mfn_t guest_walk_l1_table(uint64_t va)
{
    pte_t e = walk_to_l1(va);

    return e != 0 ? pte_mfn(e) : INVALID_MFN;
}

pte_t guest_walk_l1e(uint64_t va)
{
    pte_t e = walk_to_l1(va);

    return e != 0 ? read_entry(e, va, 1) : 0;
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
