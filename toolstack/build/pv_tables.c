/* SPDX-License-Identifier: MIT */
/*
 * Fills page tables for one or two ranges of linear addresses below one L4.
 * In each range the tables of a level lie in a row, so the table of an address
 * is found by a shift.  Tests: tests/unit/toolstack/test_pv_layout.c.
 */
#include <build/pv_tables.h>
#include <errno.h>
#include <lib/xen_abi.h>
#include <stdlib.h>

#define PTE_PRESENT  0x001ull
#define PTE_WRITE    0x002ull
#define PTE_USER     0x004ull
#define PTE_ACCESSED 0x020ull
#define PTE_DIRTY    0x040ull
#define PTE_UPPER (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | \
                   PTE_DIRTY)
#define PTE_LEAF     PTE_UPPER

struct region {
    uint64_t virt;
    uint64_t nr_pages;
    uint64_t first_pfn;        /* of what is mapped */
    uint64_t level[4];         /* index of the first table of level 1..3 */
};

struct filler {
    const struct pv_layout *l;
    const uint64_t *p2m;
    struct pv_tables *t;
};

uint64_t pv_tables_pfn(const struct pv_layout *l, uint64_t i)
{
    return i < l->tables.nr ? l->tables.pfn + i
                            : l->p2m_tables.pfn + (i - l->tables.nr);
}

static uint64_t entry(const struct filler *f, uint64_t pfn, uint64_t flags)
{
    return f->p2m[pfn] << XEN_PAGE_SHIFT | flags;
}

static unsigned int slot(uint64_t virt, unsigned int level)
{
    return virt >> (XEN_PAGE_SHIFT + 9 * (level - 1)) & 511;
}

/* The index of the table of @level that translates @virt. */
static uint64_t table_of(const struct region *r, uint64_t virt,
                         unsigned int level)
{
    unsigned int shift = XEN_PAGE_SHIFT + 9 * level;

    return r->level[level] + ((virt >> shift) - (r->virt >> shift));
}

static uint64_t leaf_flags(const struct filler *f, uint64_t pfn)
{
    const struct pv_range *own = &f->l->tables;
    bool table = pfn >= own->pfn && pfn < own->pfn + own->nr;

    return table ? PTE_LEAF & ~PTE_WRITE : PTE_LEAF;
}

static void fill_leaves(const struct filler *f, const struct region *r)
{
    for (uint64_t i = 0; i < r->nr_pages; i++) {
        uint64_t virt = r->virt + i * XEN_PAGE_SIZE;
        uint64_t pfn = r->first_pfn + i;

        f->t->page[table_of(r, virt, 1)][slot(virt, 1)] =
            entry(f, pfn, leaf_flags(f, pfn));
    }
}

/* Entries that point to the tables of @level, in the tables above them. */
static void fill_level(const struct filler *f, const struct region *r,
                       unsigned int level)
{
    uint64_t size = 1ull << (XEN_PAGE_SHIFT + 9 * level);
    uint64_t virt = r->virt & ~(size - 1);
    uint64_t nr = pv_tables_of_level(r->virt, r->nr_pages, level);

    for (uint64_t i = 0; i < nr; i++, virt += size) {
        uint64_t parent = level == 3 ? 0 : table_of(r, virt < r->virt
                                                       ? r->virt : virt,
                                                    level + 1);

        f->t->page[parent][slot(virt, level + 1)] =
            entry(f, pv_tables_pfn(f->l, r->level[level] + i), PTE_UPPER);
    }
}

/* Tables from index @at on, in the order L3, L2, L1. */
static void fill_region(const struct filler *f, struct region *r, uint64_t at)
{
    for (unsigned int level = 3; level >= 1; level--) {
        r->level[level] = at;
        at += pv_tables_of_level(r->virt, r->nr_pages, level);
    }
    fill_leaves(f, r);
    for (unsigned int level = 1; level <= 3; level++) {
        fill_level(f, r, level);
    }
}

int pv_tables_build(const struct pv_layout *l, const uint64_t *p2m,
                    struct pv_tables *t)
{
    struct filler f = { l, p2m, t };
    struct region linear = { l->virt_base, l->linear_pages, 0, { 0 } };
    struct region list = { l->p2m_virt, l->p2m.nr, l->p2m.pfn, { 0 } };

    t->nr = l->tables.nr + l->p2m_tables.nr;
    t->page = calloc(t->nr, XEN_PAGE_SIZE);
    if (t->page == NULL) {
        return -ENOMEM;
    }
    fill_region(&f, &linear, 1);       /* index 0 is the L4 */
    if (l->p2m_apart) {
        fill_region(&f, &list, l->tables.nr);
    }
    return 0;
}

void pv_tables_free(struct pv_tables *t)
{
    free(t->page);
    t->page = NULL;
    t->nr = 0;
}
