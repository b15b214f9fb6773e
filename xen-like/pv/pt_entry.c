/* SPDX-License-Identifier: MIT */
/*
 * Single entries: what they hold, and how one is replaced.  The order is
 * always: take what the new entry needs, exchange, drop what the old one
 * held; so no table ever maps what it does not hold.
 */
#include <core/panic.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>

int (*pv_io_mem_access)(const struct domain *d, mfn_t mfn);

int l1e_get_special(pte_t e, struct domain *pd, struct domain *td)
{
    mfn_t mfn = pte_mfn(e);
    int access;

    if (mfn_valid(mfn)) {
        uint64_t owner = page_owner_id(atomic_load(&mfn_to_page(mfn)->word));

        if (owner != PGO_IO) {
            return owner == pd->domid ? -EBUSY : -EINVAL;
        }
    }
    if (pd != td && pd != &dom_io) {
        return -EINVAL;
    }
    access = pv_io_mem_access != NULL ? pv_io_mem_access(td, mfn) : 0;
    if (access == 0) {
        return -EPERM;
    }
    return access == 1 && (e & PTE_RW) ? 1 : 0;
}

int upper_get(pte_t e, unsigned int level, struct domain *d)
{
    struct page_info *pg;
    int rc;

    if (e & UPPER_BAD_BITS) {
        return -EINVAL;
    }
    if (!page_get(pte_mfn(e), d->domid)) {
        return -EINVAL;
    }
    pg = mfn_to_page(pte_mfn(e));
    rc = page_get_type(pg, (uint64_t)(level - 1) << PG_TYPE_SHIFT);
    if (rc != 0) {
        page_put(pg);
    }
    return rc;
}

int upper_put(pte_t e, bool preemptible)
{
    struct page_info *pg = mfn_to_page(pte_mfn(e));

    if (!preemptible) {
        page_put_type(pg);
    } else if (page_put_type_preemptible(pg) != 0) {
        return -ERESTART;
    }
    page_put(pg);
    return 0;
}

/* Attempts against a vcpu that changes the same entry all the time; the CPU
 * itself only sets A and D. */
#define MAX_TRIES 64

/* The entry changed while it was written: from the start, some times. */
int pt_write_l1_again(pte_t *slot, pte_t new, struct domain *pd,
                      struct domain *td, bool preserve_ad)
{
    pte_t old = atomic_load(slot);
    bool held = false;
    int rc;

    for (unsigned int i = 0; i < MAX_TRIES; i++) {
        pte_t e;

        if (!held && (new & PTE_P) && !l1e_flags_only(old, new, pd, td)) {
            rc = l1e_get(new, pd, td);
            if (rc < 0) {
                return rc;
            }
            new = rc == 1 ? new & ~PTE_RW : new;
            held = true;
        }
        e = l1e_adjust(new) | (preserve_ad ? old & (PTE_A | PTE_D) : 0);
        if (atomic_cmpxchg(slot, &old, e)) {
            if (held || !(new & PTE_P)) {
                l1e_put(old);
            }
            return 0;
        }
    }
    if (held) {
        l1e_put(new);
    }
    return -EBUSY;
}

int pt_write_l1(pte_t *slot, pte_t new, struct domain *pd, struct domain *td,
                bool preserve_ad)
{
    return pt_write_l1_here(slot, new, pd, td, preserve_ad);
}

int pt_replace_l1(pte_t *slot, pte_t old, pte_t new, struct domain *pd,
                  struct domain *td)
{
    pte_t seen = old;
    bool flags = (new & PTE_P) && l1e_flags_only(old, new, td, td);
    int rc = 0;

    if ((new & PTE_P) && !flags) {
        rc = l1e_get(new, pd, td);
        if (rc < 0) {
            return rc;
        }
        new = rc == 1 ? new & ~PTE_RW : new;
    }
    if (!atomic_cmpxchg(slot, &seen, l1e_adjust(new))) {
        if (!flags) {
            l1e_put(new);
        }
        return -EAGAIN;
    }
    if (!flags) {
        l1e_put(old);
    }
    return 0;
}

int pt_drop_table(struct page_info *pg)
{
    if (page_put_type_preemptible(pg) != 0) {
        BUG_ON(current->old_table != NULL);
        current->old_table = pg;
        return -ERESTART;
    }
    page_put(pg);
    return 0;
}

int pt_finish_old(void)
{
    struct page_info *pg = current->old_table;

    if (likely(pg == NULL)) {
        return 0;
    }
    if (page_put_type_preemptible(pg) != 0) {
        return -ERESTART;
    }
    current->old_table = NULL;
    page_put(pg);
    return 0;
}

int pt_write_upper(pte_t *slot, pte_t new, unsigned int level,
                   struct domain *td, bool preserve_ad)
{
    pte_t old = atomic_load(slot);
    bool flags_only = (new & PTE_P) && !((old ^ new) & (PTE_ADDR | PTE_P)) &&
                      !(new & UPPER_BAD_BITS);
    pte_t e;
    int rc;

    if ((new & PTE_P) && !flags_only) {
        rc = upper_get(new, level, td);
        if (rc != 0) {
            return rc;
        }
    }
    for (unsigned int i = 0; i < MAX_TRIES; i++) {
        pte_t seen = old;

        e = upper_adjust(new);
        if (preserve_ad) {
            e |= seen & (PTE_A | PTE_D);
        }
        if (atomic_cmpxchg(slot, &seen, e)) {
            if ((old & PTE_P) && !flags_only) {
                (void)pt_drop_table(mfn_to_page(pte_mfn(old)));
            }
            return 0;
        }
        if ((seen ^ old) & ~(PTE_A | PTE_D)) {
            break;               /* another vcpu changed it: start over */
        }
        old = seen;
    }
    if ((new & PTE_P) && !flags_only) {
        (void)pt_drop_table(mfn_to_page(pte_mfn(new)));
    }
    return -EBUSY;
}
