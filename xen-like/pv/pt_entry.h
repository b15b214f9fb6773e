/* SPDX-License-Identifier: MIT */
/*
 * pv/pt_entry.h - what one page-table entry of a PV guest holds.
 *
 * A present L1 entry holds a reference on the frame it maps, and a use as
 * writable data if it maps it writable.  A present L2..L4 entry holds a
 * reference and a use as L1..L3.  Entries that map I/O frames hold nothing.
 *
 * INV-PT6  an entry is written only by compare-and-swap against the value
 *          whose holdings are then dropped.
 */
#ifndef PV_PT_ENTRY_H
#define PV_PT_ENTRY_H

#include <domain/domain.h>
#include <domain/page_writable.h>
#include <domain/pages.h>
#include <hv/errno.h>

/* Bits an entry must not have: address bits beyond the machine's are refused
 * because no such frame is valid. */
#define PTE_HIGH_BITS   0x7ff0000000000000ul
#define L1_BAD_BITS     PTE_HIGH_BITS
#define UPPER_BAD_BITS  (PTE_HIGH_BITS | PTE_PSE | PTE_G | PTE_PWT | PTE_PCD)
#define PTE_CACHE_BITS  (PTE_PWT | PTE_PCD | PTE_PAT)

static inline bool is_guest_slot(unsigned int i)
{
    return i < HV_SLOT_FIRST || i > HV_SLOT_LAST;
}

/* What is written for a guest's present entry: PV kernels run in ring 3. */
static inline pte_t l1e_adjust(pte_t e)
{
    return e & PTE_P ? (e | PTE_US) & ~PTE_G : e;
}

static inline pte_t upper_adjust(pte_t e)
{
    return e & PTE_P ? e | PTE_US : e;
}

/* I/O frames: 1 in @e means the entry must be made read-only. */
int must_check l1e_get_special(pte_t e, struct domain *pd, struct domain *td);

/*
 * Take what a present L1 entry of @td's table holds; frames belong to @pd.
 * 0; 1: allowed read-only only (nothing to hold); -EINVAL: bad bits, or no
 * frame of @pd; -EBUSY: in use as a table; -EPERM: I/O that is not @td's.
 */
static always_inline int l1e_get(pte_t e, struct domain *pd, struct domain *td)
{
    bool ok;

    if (unlikely(e & (L1_BAD_BITS | PTE_CACHE_BITS))) {
        if ((e & L1_BAD_BITS) || !td->is_hardware) {
            return -EINVAL;
        }
    }
    if (e & PTE_RW) {
        ok = page_get_writable_here(pte_mfn(e), pd->domid);
        if (unlikely(pd != td) && ok) {
            page_goes_abroad(mfn_to_page(pte_mfn(e)));
        }
    } else {
        ok = page_get(pte_mfn(e), pd->domid);
    }
    return likely(ok) ? 0 : l1e_get_special(e, pd, td);
}

static always_inline void l1e_put(pte_t e)
{
    struct page_info *pg;

    if (!(e & PTE_P) || !mfn_valid(pte_mfn(e))) {
        return;
    }
    pg = mfn_to_page(pte_mfn(e));
    if (page_owner_id(atomic_load(&pg->word)) == PGO_IO) {
        return;
    }
    if (e & PTE_RW) {
        page_put_writable_here(pg);
    } else {
        page_put(pg);
    }
}

/* Take, or drop, what a present L2..L4 entry holds: @level is the level of
 * the table the entry is in.  -EINVAL, -EBUSY, -ERESTART. */
int must_check upper_get(pte_t e, unsigned int level, struct domain *d);
int must_check upper_put(pte_t e, bool preemptible);

/*
 * Write @new to @slot of a validated table of @level that the caller holds a
 * use of.  @pd owns the frames a level-1 entry maps.  With @preserve_ad the
 * accessed and dirty bits of the old entry stay.
 * 0; -EINVAL; -EBUSY; -ERESTART: nothing written, call again.
 * If dropping the old subtree is interrupted it waits in vcpu.old_table.
 */
int must_check pt_write_l1(pte_t *slot, pte_t new, struct domain *pd,
                           struct domain *td, bool preserve_ad);
int must_check pt_write_upper(pte_t *slot, pte_t new, unsigned int level,
                              struct domain *td, bool preserve_ad);

/* Same frame, same rights: the holdings move from the old entry to the new. */
static inline bool l1e_same_holdings(pte_t a, pte_t b)
{
    return ((a ^ b) & (PTE_ADDR | PTE_RW | PTE_P)) == 0;
}

static inline bool l1e_flags_only(pte_t old, pte_t new,
                                  const struct domain *pd,
                                  const struct domain *td)
{
    return pd == td && l1e_same_holdings(old, new) &&
           !(new & (L1_BAD_BITS | PTE_CACHE_BITS));
}

/* pt_write_l1() for the two hot callers, and its rare second attempt. */
int must_check pt_write_l1_again(pte_t *slot, pte_t new, struct domain *pd,
                                 struct domain *td, bool preserve_ad);
static always_inline int
pt_write_l1_here(pte_t *slot, pte_t new, struct domain *pd, struct domain *td,
                 bool preserve_ad)
{
    pte_t old = atomic_load(slot), e = new;
    bool held = false, drop = true;

    if (new & PTE_P) {
        drop = held = !l1e_flags_only(old, new, pd, td);
        if (held) {
            int rc = l1e_get(new, pd, td);

            if (unlikely(rc != 0)) {
                if (rc < 0) {
                    return rc;
                }
                new &= ~PTE_RW;
            }
        }
        e = l1e_adjust(new);
    }
    if (preserve_ad) {
        e |= old & (PTE_A | PTE_D);
    }
    if (unlikely(!atomic_cmpxchg(slot, &old, e))) {
        if (held) {
            l1e_put(new);
        }
        return pt_write_l1_again(slot, new, pd, td, preserve_ad);
    }
    if (drop) {
        l1e_put(old);
    }
    return 0;
}

/* The same for a read-modify-write: only if the entry is
 * still @old; -EAGAIN: it changed, compute again. */
int must_check pt_replace_l1(pte_t *slot, pte_t old, pte_t new,
                             struct domain *pd, struct domain *td);

/* Finish an interrupted drop of the current vcpu.  -ERESTART. */
int must_check pt_finish_old(void);
/* Drop a use and a reference of a table; -ERESTART: it was interrupted and
 * waits in vcpu.old_table. */
int pt_drop_table(struct page_info *pg);

/* pv/pt_validate: hand to page_type_set_ops(). */
extern const struct page_type_ops pv_page_type_ops;

/* May @d map I/O frame @mfn: 0 no, 1 read-only, 2 yes.  Set by init/. */
extern int (*pv_io_mem_access)(const struct domain *d, mfn_t mfn);

#endif
