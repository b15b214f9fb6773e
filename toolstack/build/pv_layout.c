/* SPDX-License-Identifier: MIT */
/*
 * Computes the boot layout of a PV guest.  Page tables map themselves, so
 * their number is found by widening the linear part until it fits.
 * Tests: tests/unit/toolstack/test_pv_layout.c.
 */
#include <build/pv_layout.h>
#include <errno.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <string.h>

#define FREE_PAGES  ((512u << 10) / XEN_PAGE_SIZE)
#define ALIGN_BYTES (4ull << 20)
#define L4_SHIFT    39

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes + XEN_PAGE_SIZE - 1) / XEN_PAGE_SIZE;
}

uint64_t pv_layout_virt(const struct pv_layout *l, uint64_t pfn)
{
    return l->virt_base + pfn * XEN_PAGE_SIZE;
}

uint64_t pv_tables_of_level(uint64_t virt, uint64_t nr_pages,
                            unsigned int level)
{
    unsigned int shift = XEN_PAGE_SHIFT + 9 * level;
    uint64_t last = virt + nr_pages * XEN_PAGE_SIZE - 1;

    return nr_pages == 0 ? 0 : (last >> shift) - (virt >> shift) + 1;
}

static uint64_t tables_below_l4(uint64_t virt, uint64_t nr_pages)
{
    return pv_tables_of_level(virt, nr_pages, 1) +
           pv_tables_of_level(virt, nr_pages, 2) +
           pv_tables_of_level(virt, nr_pages, 3);
}

static struct pv_range take(uint64_t *next, uint64_t nr)
{
    struct pv_range r = { *next, nr };

    *next += nr;
    return r;
}

static uint64_t take_page(uint64_t *next)
{
    return (*next)++;
}

/* The linear part: sets tables, stack, virt_end; advances @next to its end. */
static void place_tables(struct pv_layout *l, uint64_t *next)
{
    uint64_t others = *next + 1 + FREE_PAGES;  /* all but the tables */
    uint64_t nr = 0, end, needed;

    for (;;) {
        end = l->virt_base + (others + nr) * XEN_PAGE_SIZE;
        end = (end + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
        l->linear_pages = (end - l->virt_base) / XEN_PAGE_SIZE;
        needed = 1 + tables_below_l4(l->virt_base, l->linear_pages);
        if (needed <= nr) {
            break;
        }
        nr = needed;
    }
    l->virt_end = end;
    l->tables = take(next, nr);
    l->stack = take_page(next);
    *next = l->linear_pages;
}

static void place_p2m(struct pv_layout *l, uint64_t *next, uint64_t nr_p2m)
{
    uint64_t nr_tables = l->p2m_apart ? tables_below_l4(l->p2m_virt, nr_p2m)
                                      : 0;

    l->p2m_tables = take(next, nr_tables);
    l->p2m = take(next, nr_p2m);
}

static bool same_l4_slot(const struct pv_layout *l)
{
    uint64_t p2m_end = l->p2m_virt + l->p2m.nr * XEN_PAGE_SIZE - 1;

    return l->p2m_virt >> L4_SHIFT <= (l->virt_end - 1) >> L4_SHIFT &&
           p2m_end >> L4_SHIFT >= l->virt_base >> L4_SHIFT;
}

static void place_all(struct pv_layout *l, const struct pv_kernel *k,
                      uint64_t *next)
{
    uint64_t nr_p2m = pages_of(l->nr_pages * sizeof(uint64_t));
    uint64_t nr_initrd = pages_of(l->initrd_bytes);

    *next = pages_of(k->virt_end - k->virt_base);
    if (!l->initrd_by_pfn) {
        l->initrd = take(next, nr_initrd);
    }
    if (!l->p2m_apart) {
        l->p2m_virt = pv_layout_virt(l, *next);
        place_p2m(l, next, nr_p2m);
    }
    l->start_info = take_page(next);
    l->store = take_page(next);
    l->console = take_page(next);
    place_tables(l, next);
    if (l->p2m_apart) {
        place_p2m(l, next, nr_p2m);
    }
    if (l->initrd_by_pfn) {
        l->initrd = take(next, nr_initrd);
    }
}

int pv_layout_compute(const struct pv_kernel *k, uint64_t nr_pages,
                      uint64_t initrd_bytes, struct pv_layout *l,
                      struct err *e)
{
    uint64_t needed = 0;

    memset(l, 0, sizeof(*l));
    l->nr_pages = nr_pages;
    l->virt_base = k->virt_base;
    l->initrd_bytes = initrd_bytes;
    l->initrd_by_pfn = k->mod_start_pfn;
    l->p2m_apart = k->has_init_p2m;
    l->p2m_virt = k->init_p2m;
    place_all(l, k, &needed);
    if (needed > nr_pages) {
        return err_set(e, -ENOMEM, ERR_RESOURCE, "the guest is too small",
                       NULL, "kernel, initrd and page tables need %llu MiB, "
                       "<memory> gives %llu MiB",
                       (unsigned long long)(needed + 255) / 256,
                       (unsigned long long)nr_pages / 256);
    }
    if (l->virt_end <= l->virt_base ||
        (l->p2m_apart && same_l4_slot(l))) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the kernel", NULL,
                       "its address notes contradict each other");
    }
    return 0;
}
