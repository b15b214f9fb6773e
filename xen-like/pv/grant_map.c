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

/* What identifies the table of @addr; never 0. */
static uint64_t table_key(uint64_t addr, bool is_pte)
{
    return is_pte ? (addr >> PAGE_SHIFT) << 2 | 1 : (addr >> L2_SHIFT) << 2 | 2;
}

void pv_grant_done(struct grant_map_cache *cache)
{
    if (cache->key != 0) {
        guest_release_table(cache->table);
        cache->key = 0;
    }
}

static int hold_table(struct vcpu *v, struct grant_map_cache *cache,
                      uint64_t addr, bool is_pte)
{
    mfn_t table;

    pv_grant_done(cache);
    if (is_pte) {
        table = maddr_to_mfn(addr);
    } else if (guest_range_ok(addr, 1)) {
        table = guest_walk_l1_table(addr);
    } else {
        return -EINVAL;
    }
    if (mfn_eq(table, INVALID_MFN) ||
        !guest_hold_table(table, v->domain->domid, PGT_L1)) {
        return -EINVAL;
    }
    cache->table = table;
    cache->key = table_key(addr, is_pte);
    return 0;
}

/* The slot, in a table that is held until pv_grant_done() or another one. */
static pte_t *hold_slot(struct vcpu *v, struct grant_map_cache *cache,
                        uint64_t addr, bool is_pte)
{
    uint64_t off = is_pte ? addr & ~PAGE_MASK
                          : PT_INDEX(addr, 1) * sizeof(pte_t);

    if (unlikely((off & 7) != 0) ||
        (cache->key != table_key(addr, is_pte) &&
         hold_table(v, cache, addr, is_pte) != 0)) {
        return NULL;
    }
    return (pte_t *)((char *)mfn_to_virt(cache->table) + off);
}

int pv_grant_map(struct vcpu *v, struct grant_map_cache *cache, uint64_t addr,
                 bool is_pte, mfn_t frame, uint64_t flags)
{
    pte_t new = l1e_adjust(pte_make(frame, flags)), old;
    pte_t *slot = hold_slot(v, cache, addr, is_pte);

    if (slot == NULL) {
        return -EINVAL;
    }
    if (new & PTE_RW) {
        page_goes_abroad(mfn_to_page(frame));
    }
    old = atomic_xchg(slot, new);
    if (old != 0) {
        l1e_put(old);
    }
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

/* The entry goes, and the one at @new_addr, if asked for, takes its place.
 * All that can fail comes before the entry is touched. */
static int unmap_slot(struct vcpu *v, pte_t *slot, mfn_t frame,
                      uint64_t flags, uint64_t new_addr, bool *may_be_cached)
{
    struct grant_map_cache other = { 0 };
    pte_t *from = NULL;
    int rc;

    if (new_addr != 0) {
        from = hold_slot(v, &other, new_addr, false);
        if (from == NULL || from == slot) {
            pv_grant_done(&other);
            return -EINVAL;
        }
    }
    rc = take_entry(slot, frame, flags, may_be_cached);
    if (rc == 0 && from != NULL) {
        l1e_put(atomic_xchg(slot, atomic_xchg(from, 0)));
    }
    pv_grant_done(&other);
    return rc;
}

int pv_grant_unmap(struct vcpu *v, struct grant_map_cache *cache,
                   uint64_t addr, bool is_pte, mfn_t frame, uint64_t flags,
                   uint64_t new_addr, bool *may_be_cached)
{
    pte_t *slot = hold_slot(v, cache, addr, is_pte);

    return slot != NULL ? unmap_slot(v, slot, frame, flags, new_addr,
                                     may_be_cached) : -EINVAL;
}
