/* SPDX-License-Identifier: MIT */
/*
 * dom0/memory.c - see memory.h.  Types of the frames are taken afterwards,
 * by pinning the L4 (dom0/build).  Tested by every boot.
 */
#include <arch/paging.h>
#include <core/panic.h>
#include <dom0/memory.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/frame_table.h>
#include <p2m/m2p.h>

#define CHUNK_ORDER 9u               /* 2 MiB */
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define L1_FLAGS    (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static boot_text unsigned int order_of(uint64_t bytes)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < bytes) {
        order++;
    }
    return order;
}

/* [pfn, pfn+nr) is [mfn, mfn+nr). */
static boot_text void place(struct dom0_memory *m, uint64_t pfn, mfn_t mfn,
                            uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++) {
        m->p2m[pfn + i] = mfn_x(mfn) + i;
        m2p_set(mfn_add(mfn, i), pfn + i);
    }
}

static boot_text int take_chunk(struct dom0_memory *m, uint64_t pfn,
                                uint64_t room, bool clear, uint64_t *got)
{
    for (unsigned int order = CHUNK_ORDER + 1; order-- > 0;) {
        uint64_t nr = 1ul << order;
        mfn_t mfn;
        int rc;

        if (nr > room) {
            continue;
        }
        mfn = buddy_alloc(order);
        if (mfn_eq(mfn, INVALID_MFN)) {
            continue;
        }
        rc = pages_assign(m->d, mfn, nr);
        if (rc != 0) {
            buddy_free(mfn, order);
            return rc;
        }
        if (clear) {
            memset(mfn_to_virt(mfn), 0, nr << PAGE_SHIFT);
        }
        place(m, pfn, mfn, nr);
        *got = nr;
        return 0;
    }
    return -ENOMEM;
}

static boot_text int fill_pfns(struct dom0_memory *m, uint64_t pfn,
                               uint64_t end, bool clear)
{
    while (pfn < end) {
        uint64_t got;
        int rc = take_chunk(m, pfn, end - pfn, clear, &got);

        if (rc != 0) {
            return rc;
        }
        pfn += got;
    }
    return 0;
}

boot_text int dom0_memory_alloc(struct dom0_memory *m, mfn_t initrd, bool clear)
{
    const struct dom0_layout *l = m->l;
    mfn_t temp;
    int rc;

    m->p2m_order = order_of(l->nr_pages * sizeof(uint64_t));
    temp = buddy_alloc(m->p2m_order);
    if (mfn_eq(temp, INVALID_MFN)) {
        return -ENOMEM;
    }
    m->p2m = mfn_to_virt(temp);
    if (mfn_eq(initrd, INVALID_MFN)) {
        return fill_pfns(m, 0, l->nr_pages, clear);
    }
    rc = fill_pfns(m, 0, l->initrd_pfn, clear);
    if (rc == 0) {
        rc = pages_assign(m->d, initrd, l->initrd_pages);
    }
    if (rc != 0) {
        return rc;
    }
    place(m, l->initrd_pfn, initrd, l->initrd_pages);
    return fill_pfns(m, l->initrd_pfn + l->initrd_pages, l->nr_pages, clear);
}

boot_text void dom0_memory_free_temp(struct dom0_memory *m)
{
    if (m->p2m != NULL) {
        buddy_free(virt_to_mfn(m->p2m), m->p2m_order);
        m->p2m = NULL;
    }
}

boot_text void *dom0_memory_va(const struct dom0_memory *m, uint64_t pfn)
{
    return mfn_to_virt(_mfn(m->p2m[pfn]));
}

/* Bytes from linear @va that lie in frames which follow each other. */
static boot_text void *run_at(const struct dom0_memory *m, uint64_t va,
                              uint64_t bytes, uint64_t *run)
{
    uint64_t pfn = (va - m->l->virt_base) >> PAGE_SHIFT;
    uint64_t n = PAGE_SIZE - (va & ~PAGE_MASK);
    uint64_t next = pfn + 1;

    while (n < bytes && m->p2m[next] == m->p2m[next - 1] + 1) {
        n += PAGE_SIZE;
        next++;
    }
    *run = min(n, bytes);
    return (char *)dom0_memory_va(m, pfn) + (va & ~PAGE_MASK);
}

boot_text void dom0_memory_copy(const struct dom0_memory *m, uint64_t va,
                                const void *src, uint64_t bytes)
{
    while (bytes != 0) {
        uint64_t run;
        void *dst = run_at(m, va, bytes, &run);

        memcpy(dst, src, run);
        src = (const char *)src + run;
        va += run;
        bytes -= run;
    }
}

boot_text void dom0_memory_clear(const struct dom0_memory *m, uint64_t va,
                                 uint64_t bytes)
{
    while (bytes != 0) {
        uint64_t run;
        void *dst = run_at(m, va, bytes, &run);

        memset(dst, 0, run);
        va += run;
        bytes -= run;
    }
}

/* ---- page tables --------------------------------------------------------- */

static boot_text mfn_t new_table(struct dom0_memory *m)
{
    uint64_t pfn = m->next_table++;

    memset(dom0_memory_va(m, pfn), 0, PAGE_SIZE);
    return _mfn(m->p2m[pfn]);
}

/* The L1 table for @va, making those on the way. */
static boot_text pte_t *l1_for(struct dom0_memory *m, uint64_t va)
{
    mfn_t table = m->l4;

    for (unsigned int level = 4; level > 1; level--) {
        pte_t *e = (pte_t *)mfn_to_virt(table) + PT_INDEX(va, level);

        if (!(*e & PTE_P)) {
            *e = pte_make(new_table(m), TABLE_FLAGS);
        }
        table = pte_mfn(*e);
    }
    return mfn_to_virt(table);
}

/* Map pfns from @pfn at [va, end). */
static boot_text void map_pfns(struct dom0_memory *m, uint64_t va,
                               uint64_t end, uint64_t pfn)
{
    pte_t *l1 = l1_for(m, va);

    for (; va < end; va += PAGE_SIZE, pfn++) {
        if (PT_INDEX(va, 1) == 0) {
            l1 = l1_for(m, va);
        }
        l1[PT_INDEX(va, 1)] = pte_make(_mfn(m->p2m[pfn]), L1_FLAGS);
    }
}

/* The tables see themselves read-only. */
static boot_text void protect_tables(struct dom0_memory *m)
{
    const struct dom0_layout *l = m->l;

    for (uint64_t i = 0; i < l->nr_tables; i++) {
        uint64_t va = l->tables + (i << PAGE_SHIFT);

        l1_for(m, va)[PT_INDEX(va, 1)] &= ~PTE_RW;
    }
}

static boot_text void write_list(struct dom0_memory *m)
{
    const struct dom0_layout *l = m->l;
    uint64_t pfn = l->p2m_outside ? l->p2m_pfn
                                  : (l->p2m_va - l->virt_base) >> PAGE_SHIFT;
    const char *src = (const char *)m->p2m;
    uint64_t left = l->nr_pages * sizeof(uint64_t);

    for (; left != 0; pfn++) {
        uint64_t n = min(left, PAGE_SIZE);
        char *dst = dom0_memory_va(m, pfn);

        memcpy(dst, src, n);
        memset(dst + n, 0xff, PAGE_SIZE - n);
        src += n;
        left -= n;
    }
}

boot_text void dom0_memory_map(struct dom0_memory *m)
{
    const struct dom0_layout *l = m->l;
    uint64_t first = (l->tables - l->virt_base) >> PAGE_SHIFT;

    write_list(m);
    m->next_table = first;
    m->l4 = new_table(m);
    map_pfns(m, l->virt_base, l->end, 0);
    protect_tables(m);
    BUG_ON(m->next_table > first + l->nr_tables);
    while (m->next_table < first + l->nr_tables) {
        (void)new_table(m);          /* spare ones hold zeros */
    }
    if (l->p2m_outside) {
        uint64_t end = l->p2m_va + (l->p2m_pages << PAGE_SHIFT);

        m->next_table = l->p2m_pfn + l->p2m_pages;
        map_pfns(m, l->p2m_va, end, l->p2m_pfn);
        BUG_ON(m->next_table > l->p2m_pfn + l->p2m_pages + l->p2m_tables);
    }
}
