/* SPDX-License-Identifier: MIT */
/*
 * May this frame be an L1..L4 table?  One walk over its entries, upwards to
 * validate and downwards to drop, each stoppable between any two entries;
 * page_info.use.progress is the number of entries held.  A level calls the
 * next lower one through page_get_type(): depth is bounded by the level.
 */
#include <core/log.h>
#include <core/panic.h>
#include <domain/continuation.h>
#include <mm/map.h>
#include <mm/tlb_flush.h>
#include <pv/descriptor.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>

static struct domain *owner_of(struct page_info *pg)
{
    return domain_of_owner(page_owner_id(atomic_load(&pg->word)));
}

/* ---- level 1 ----------------------------------------------------------------- */

/* Index of the first present entry at or after @i. */
static always_inline unsigned int next_present(const pte_t *t, unsigned int i)
{
    while ((i & 7) != 0 && i < PT_ENTRIES && !(t[i] & PTE_P)) {
        i++;
    }
    if ((i & 7) != 0) {
        return i;
    }
    for (; i < PT_ENTRIES; i += 8) {
        const pte_t *g = t + i;

        if ((g[0] | g[1] | g[2] | g[3] | g[4] | g[5] | g[6] | g[7]) & PTE_P) {
            while (!(t[i] & PTE_P)) {
                i++;
            }
            return i;
        }
    }
    return PT_ENTRIES;
}

/* Linux's accidents: an empty table costs 64 group tests. */
static int validate_l1(struct page_info *pg, bool preemptible)
{
    struct domain *d = owner_of(pg);
    pte_t *t = page_to_virt(pg);
    unsigned int i = pg->use.progress;

    for (i = next_present(t, i); i < PT_ENTRIES; i = next_present(t, i + 1)) {
        int rc = l1e_get(t[i], d, d);

        if (unlikely(rc != 0)) {
            if (rc < 0) {
                glog_debug("level 1 entry %u refused: %#lx (%d)", i, t[i], rc);
                pg->use.progress = i;
                return rc;
            }
            t[i] &= ~PTE_RW;
        }
        t[i] = l1e_adjust(t[i]);
    }
    pg->use.progress = PT_ENTRIES;
    return 0;
}

static int devalidate_l1(struct page_info *pg, bool preemptible)
{
    pte_t *t = page_to_virt(pg);
    unsigned int n = pg->use.progress;

    for (unsigned int i = next_present(t, 0); i < n;
         i = next_present(t, i + 1)) {
        l1e_put(t[i]);
    }
    pg->use.progress = 0;
    return 0;
}

/* ---- levels 2 to 4 ------------------------------------------------------------ */

static int validate_upper(struct page_info *pg, unsigned int level)
{
    struct domain *d = owner_of(pg);
    pte_t *t = page_to_virt(pg);
    unsigned int i = pg->use.progress;

    for (i = next_present(t, i); i < PT_ENTRIES; i = next_present(t, i + 1)) {
        int rc;

        if (level == 4 && !is_guest_slot(i)) {
            continue;
        }
        pg->use.progress = i;
        if (hypercall_preempt()) {
            return -ERESTART;
        }
        rc = upper_get(t[i], level, d);
        if (rc != 0) {
            return rc;
        }
        t[i] = upper_adjust(t[i]);
        pg->use.progress = i + 1;
    }
    pg->use.progress = PT_ENTRIES;
    return 0;
}

static int devalidate_upper(struct page_info *pg, unsigned int level,
                            bool preemptible)
{
    pte_t *t = page_to_virt(pg);

    for (unsigned int n = pg->use.progress; n > 0; n--) {
        pte_t e = t[n - 1];

        if (!(e & PTE_P) || (level == 4 && !is_guest_slot(n - 1))) {
            continue;
        }
        pg->use.progress = n;
        if ((preemptible && hypercall_preempt()) ||
            upper_put(e, preemptible) != 0) {
            return -ERESTART;
        }
    }
    pg->use.progress = 0;
    return 0;
}

/* Our own slots: the template's, and the domain's area. */
static void fill_hv_slots(struct page_info *pg)
{
    struct domain *d = owner_of(pg);
    pte_t *t = page_to_virt(pg);

    for (unsigned int i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++) {
        t[i] = idle_l4[i];
    }
    t[PERDOM_SLOT] = pte_make(virt_to_mfn(d->pv->l3), PTE_P | PTE_RW | PTE_A |
                              PTE_D | PTE_NX);
}

/* INV-PT7: a CPU that is still on it could not even report its next fault. */
static void clear_hv_slots(struct page_info *pg)
{
    pte_t *t = page_to_virt(pg);

    BUG_ON(tlb_cpus_on(page_to_mfn(pg)) != 0);
    for (unsigned int i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++) {
        t[i] = 0;
    }
}

static int pt_validate(struct page_info *pg, uint64_t type, bool preemptible)
{
    int rc;

    if (type == PGT_L1) {
        return validate_l1(pg, preemptible);
    }
    if (type == PGT_SEG) {
        return descriptor_page_validate(pg);
    }
    rc = validate_upper(pg, (unsigned int)(type >> PG_TYPE_SHIFT));
    if (rc == 0 && type == PGT_L4) {
        fill_hv_slots(pg);
    }
    return rc;
}

static int pt_devalidate(struct page_info *pg, uint64_t type, bool preemptible)
{
    int rc;

    if (type == PGT_L1) {
        return devalidate_l1(pg, preemptible);
    }
    if (type == PGT_SEG) {
        return 0;
    }
    rc = devalidate_upper(pg, (unsigned int)(type >> PG_TYPE_SHIFT),
                          preemptible);
    if (rc == 0 && type == PGT_L4) {
        clear_hv_slots(pg);
    }
    return rc;
}

static cpumask_t dirty_cpus_of(domid_t owner)
{
    struct domain *d = domain_of_owner(owner);

    return d != NULL ? atomic_load(&d->dirty_cpus) : 0;
}

const struct page_type_ops pv_page_type_ops = {
    .validate = pt_validate,
    .devalidate = pt_devalidate,
    .dirty_cpus = dirty_cpus_of,
};
