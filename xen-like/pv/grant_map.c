/* SPDX-License-Identifier: MIT */
/*
 * Entries for granted frames.  What an entry holds is the same as for any
 * other (pv/pt_entry.h), so a guest that overwrites one loses only its own
 * mapping.
 */
#include <arch/atomic.h>
#include <hv/errno.h>
#include <pv/grant_map.h>
#include <pv/guest_walk.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>

/* The slot, in a table that is held: release @*table afterwards. */
static pte_t *hold_slot(struct vcpu *v, uint64_t addr, bool is_pte,
                        mfn_t *table)
{
    uint64_t off;

    if (is_pte) {
        if ((addr & 7) != 0) {
            return NULL;
        }
        *table = maddr_to_mfn(addr);
        off = addr & ~PAGE_MASK;
    } else {
        if (!guest_range_ok(addr, 1)) {
            return NULL;
        }
        *table = guest_walk_l1_table(addr);
        off = PT_INDEX(addr, 1) * sizeof(pte_t);
    }
    if (mfn_eq(*table, INVALID_MFN) ||
        !guest_hold_table(*table, v->domain->domid, PGT_L1)) {
        return NULL;
    }
    return (pte_t *)((char *)mfn_to_virt(*table) + off);
}

int pv_grant_map(struct vcpu *v, uint64_t addr, bool is_pte, mfn_t frame,
                 uint64_t flags)
{
    pte_t new = l1e_adjust(pte_make(frame, flags)), old;
    mfn_t table;
    pte_t *slot = hold_slot(v, addr, is_pte, &table);

    if (slot == NULL) {
        return -EINVAL;
    }
    old = atomic_xchg(slot, new);
    l1e_put(old);
    guest_release_table(table);
    return 0;
}

/* Take the entry out; it must map @frame with the rights of @flags. */
static int take_entry(pte_t *slot, mfn_t frame, uint64_t flags, bool *cached)
{
    pte_t old = atomic_load(slot);

    do {
        if (!(old & PTE_P) || !mfn_eq(pte_mfn(old), frame) ||
            ((old ^ flags) & PTE_RW) != 0) {
            return -EINVAL;
        }
    } while (!atomic_cmpxchg(slot, &old, 0));
    *cached = true;
    return 0;
}

/* The entry of @new_addr moves to @slot, and leaves its own place empty. */
static int move_entry(struct vcpu *v, uint64_t new_addr, pte_t *slot)
{
    mfn_t table;
    pte_t *from = hold_slot(v, new_addr, false, &table);

    if (from == NULL) {
        return -EINVAL;
    }
    l1e_put(atomic_xchg(slot, atomic_xchg(from, 0)));
    guest_release_table(table);
    return 0;
}

int pv_grant_unmap(struct vcpu *v, uint64_t addr, bool is_pte, mfn_t frame,
                   uint64_t flags, uint64_t new_addr, bool *may_be_cached)
{
    mfn_t table;
    pte_t *slot = hold_slot(v, addr, is_pte, &table);
    int rc;

    if (slot == NULL) {
        return -EINVAL;
    }
    rc = take_entry(slot, frame, flags, may_be_cached);
    if (rc == 0 && new_addr != 0) {
        rc = move_entry(v, new_addr, slot);
    }
    guest_release_table(table);
    return rc;
}
