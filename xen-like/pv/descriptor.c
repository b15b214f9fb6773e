/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables.  A vcpu's GDT is its up to 14 frames mapped read-only in
 * its area of the per-domain slot, and the CPU's own page as the 15th; LDT
 * pages are mapped when first touched.  Source: APM vol. 2, 4.7-4.8.
 */
#include <arch/atomic.h>
#include <domain/guest_copy.h>
#include <domain/page_type.h>
#include <hv/errno.h>
#include <mm/map.h>
#include <mm/tlb_flush.h>
#include <pv/descriptor.h>
#include <pv/guest_walk.h>
#include <pv/pv_domain.h>
#include <pv/pv_switch.h>

#define DESC_P       (1ull << 47)
#define DESC_DPL     (3ull << 45)
#define DESC_S       (1ull << 44)     /* code or data */
#define DESC_TYPE    (15ull << 40)

/* May a guest have this descriptor?  DPL 0 is raised to 3 in *@desc. */
static bool allowed(uint64_t *desc)
{
    if (!(*desc & DESC_P)) {
        return true;
    }
    if (!(*desc & DESC_S)) {
        return (*desc & DESC_TYPE) == 0;   /* gates, TSS, LDT: no */
    }
    if ((*desc & DESC_DPL) == 0) {
        *desc |= DESC_DPL;            /* the guest's ring 0 is our ring 3 */
    }
    return true;
}

int descriptor_page_validate(struct page_info *pg)
{
    uint64_t *desc = page_to_virt(pg);

    for (unsigned int i = 0; i < PAGE_SIZE / 8; i++) {
        uint64_t e = desc[i];

        if (!allowed(&e)) {
            return -EINVAL;
        }
        desc[i] = e;
    }
    return 0;
}

static void seg_frame_put(uint64_t mfn)
{
    struct page_info *pg = mfn_to_page(_mfn(mfn));

    page_put_type(pg);
    page_put(pg);
}

static int seg_frame_get(const struct domain *d, uint64_t mfn)
{
    int rc;

    if (!page_get(_mfn(mfn), d->domid)) {
        return -EINVAL;
    }
    do {
        rc = page_get_type(mfn_to_page(_mfn(mfn)), PGT_SEG);
        /* Another vcpu validates it now; it may wait for this CPU if that
         * cannot be interrupted, in the middle of a switch. */
    } while (rc == -ERESTART && local_irqs_enabled());
    if (rc != 0) {
        page_put(mfn_to_page(_mfn(mfn)));
        return -EINVAL;
    }
    return 0;
}

#define AREA_RO (PTE_P | PTE_A | PTE_NX)

/* Area PTEs changed: flush them where the vcpu may be loaded. */
static void area_flush(struct vcpu *v)
{
    tlb_flush_mask(atomic_load(&v->domain->dirty_cpus));
}

static void gdt_install(struct vcpu *v, const uint64_t *mfns, unsigned int nr,
                        unsigned int entries)
{
    uint64_t old[PV_GDT_PAGES];
    unsigned int nr_old = (v->pv->gdt_ents + 511) / 512;

    for (unsigned int i = 0; i < PV_GDT_PAGES; i++) {
        old[i] = v->pv->gdt_mfns[i];
        v->pv->gdt_mfns[i] = i < nr ? mfns[i] : 0;
        atomic_store(&v->pv->area[i],
                     i < nr ? pte_make(_mfn(mfns[i]), AREA_RO) : 0);
    }
    v->pv->gdt_ents = entries;
    if (nr_old != 0) {
        area_flush(v);
    }
    for (unsigned int i = 0; i < nr_old; i++) {
        seg_frame_put(old[i]);
    }
}

int pv_set_gdt(struct vcpu *v, const uint64_t *mfns, unsigned int entries)
{
    unsigned int nr = (entries + 511) / 512;

    if (entries > PV_GDT_PAGES * 512) {
        return -EINVAL;
    }
    for (unsigned int i = 0; i < nr; i++) {
        int rc = seg_frame_get(v->domain, mfns[i]);

        if (rc != 0) {
            while (i-- > 0) {
                seg_frame_put(mfns[i]);
            }
            return rc;
        }
    }
    gdt_install(v, mfns, nr, entries);
    return 0;
}

void pv_destroy_gdt(struct vcpu *v)
{
    gdt_install(v, NULL, 0, 0);
}

long do_set_gdt(uint64_t frames, uint64_t entries, uint64_t a2, uint64_t a3,
                uint64_t a4, uint64_t a5)
{
    uint64_t mfns[PV_GDT_PAGES] = { 0 };
    unsigned int nr = (unsigned int)((entries + 511) / 512);

    if (entries > PV_GDT_PAGES * 512) {
        return -EINVAL;
    }
    if (copy_from_guest(mfns, guest_handle(frames), nr * 8) != 0) {
        return -EFAULT;
    }
    return pv_set_gdt(current, mfns, (unsigned int)entries);
}

/* ---- LDT --------------------------------------------------------------------- */

static void ldt_unmap_all(struct vcpu *v)
{
    uint64_t mapped = v->pv->ldt_mapped;
    pte_t *l1 = v->pv->area + PV_LDT_OFFSET / PAGE_SIZE;
    uint64_t mfns[PV_LDT_PAGES];

    if (mapped == 0) {
        return;
    }
    for (unsigned int i = 0; i < PV_LDT_PAGES; i++) {
        mfns[i] = (l1[i] & PTE_P) ? mfn_x(pte_mfn(l1[i])) : 0;
        atomic_store(&l1[i], 0);
    }
    v->pv->ldt_mapped = 0;
    area_flush(v);
    for (unsigned int i = 0; i < PV_LDT_PAGES; i++) {
        if (mapped & (1ull << i)) {
            seg_frame_put(mfns[i]);
        }
    }
}

int pv_set_ldt(struct vcpu *v, uint64_t base, unsigned int entries)
{
    if (entries > 8192 || (base & (PAGE_SIZE - 1)) != 0 ||
        (entries != 0 && !guest_range_ok(base, entries * 8ul))) {
        return -EINVAL;
    }
    if (v->pv->ldt_base == base && v->pv->ldt_ents == entries) {
        return 0;
    }
    ldt_unmap_all(v);
    v->pv->ldt_base = base;
    v->pv->ldt_ents = entries;
    if (v == current) {
        pv_load_ldt(v);
    }
    return 0;
}

void pv_destroy_ldt(struct vcpu *v)
{
    ldt_unmap_all(v);
    v->pv->ldt_ents = 0;
}

bool pv_map_ldt_page(struct vcpu *v, uint64_t fault_va)
{
    uint64_t off = fault_va - pv_ldt_va(v);
    unsigned int page = (unsigned int)(off >> PAGE_SHIFT);
    pte_t e;

    if (off >= PV_LDT_PAGES * PAGE_SIZE || off >= v->pv->ldt_ents * 8ul ||
        (v->pv->ldt_mapped & (1ull << page)) != 0) {
        return false;
    }
    e = guest_walk_l1e(v->pv->ldt_base + page * PAGE_SIZE);
    if (!(e & PTE_P) || seg_frame_get(v->domain, mfn_x(pte_mfn(e))) != 0) {
        return false;
    }
    atomic_store(&v->pv->area[PV_LDT_OFFSET / PAGE_SIZE + page],
                 pte_make(pte_mfn(e), AREA_RO));
    v->pv->ldt_mapped |= 1ull << page;
    return true;
}

/* ---- one entry --------------------------------------------------------------- */

/* Used as a descriptor page now: as one.  Else it is plain data. */
static int hold_for_descriptor(struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);
    bool seg = (w & PG_TYPE_MASK) == PGT_SEG && (w & PG_TCOUNT_MASK) != 0;

    return page_get_type(pg, seg ? PGT_SEG : PGT_WRITABLE);
}

long do_update_descriptor(uint64_t maddr, uint64_t desc, uint64_t a2,
                          uint64_t a3, uint64_t a4, uint64_t a5)
{
    mfn_t mfn = maddr_to_mfn(maddr);
    uint64_t *slot;
    int rc;

    if ((maddr & 7) != 0 || !allowed(&desc)) {
        return -EINVAL;
    }
    if (!page_get(mfn, current->domain->domid)) {
        return -EINVAL;
    }
    rc = hold_for_descriptor(mfn_to_page(mfn));
    if (rc == 0) {
        slot = maddr_to_virt(maddr);
        atomic_store_release(slot, desc);
        page_put_type(mfn_to_page(mfn));
    }
    page_put(mfn_to_page(mfn));
    return rc == 0 ? 0 : -EINVAL;
}
