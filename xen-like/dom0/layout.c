/* SPDX-License-Identifier: MIT */
/*
 * dom0/layout.c - see layout.h.  Leaves allocation and contents to
 * dom0/build.  Tests: tests/unit/dom0/test_layout.c.
 */
#include <arch/paging.h>
#include <dom0/layout.h>
#include <hv/errno.h>

#define MIN_SLACK (512ul << 10)
#define END_ALIGN (4ul << 20)
#define MAX_TABLES 0x10000ul

uint64_t layout_tables(uint64_t start, uint64_t end, unsigned int level)
{
    unsigned int shift = 12 + 9 * level;    /* bytes one table maps */

    return ((end - 1) >> shift) - (start >> shift) + 1;
}

static uint64_t all_tables(uint64_t start, uint64_t end)
{
    return layout_tables(start, end, 1) + layout_tables(start, end, 2) +
           layout_tables(start, end, 3);
}

/* Guests' own half or above the hypervisor's range, and no wrap. */
static bool span_ok(uint64_t start, uint64_t end)
{
    return start < end && is_canonical(start) && is_canonical(end - 1) &&
           guest_range_ok(start, end - start) &&
           (start >> 47) == ((end - 1) >> 47);
}

/* Page tables map themselves, so their number is found by trying. */
static int place_tables(struct dom0_layout *l)
{
    for (uint64_t nr = 4; nr < MAX_TABLES; nr++) {
        uint64_t stack_end = l->tables + (nr + 1) * PAGE_SIZE;
        uint64_t end = ROUND_UP(stack_end, END_ALIGN);

        if (end - stack_end < MIN_SLACK) {
            end += END_ALIGN;
        }
        if (!span_ok(l->virt_base, end)) {
            return -EINVAL;
        }
        if (1 + all_tables(l->virt_base, end) <= nr) {
            l->nr_tables = nr;
            l->stack_top = stack_end;
            l->end = end;
            l->linear_pfns = (end - l->virt_base) >> PAGE_SHIFT;
            return 0;
        }
    }
    return -EINVAL;
}

static int place_kernel(const struct elf_image *elf,
                        const struct elf_xen_notes *notes,
                        struct dom0_layout *l)
{
    uint64_t start, end;
    int rc = elf_load_range(elf, &start, &end);

    if (rc != 0) {
        return rc;
    }
    l->virt_base = notes->virt_base;
    l->virt_offset = notes->virt_base - notes->paddr_offset;
    l->entry = notes->has_entry ? notes->entry : elf->entry;
    if (start < notes->paddr_offset || end - start > (1ull << 31) ||
        (l->virt_base & ~PAGE_MASK) != 0) {
        return -EINVAL;
    }
    l->kernel_start = start + l->virt_offset;
    l->kernel_end = end + l->virt_offset;
    return span_ok(l->kernel_start, l->kernel_end) &&
           l->kernel_start >= l->virt_base ? 0 : -EINVAL;
}

/* What lies outside the linear map, as pfns behind it. */
static int place_outside(const struct elf_xen_notes *notes,
                         struct dom0_layout *l)
{
    uint64_t pfn = l->linear_pfns;

    if (l->initrd_by_pfn) {
        l->initrd_pfn = pfn;
        pfn += l->initrd_pages;
    }
    if (l->p2m_outside) {
        uint64_t start = notes->init_p2m;
        uint64_t end = start + (l->p2m_pages << PAGE_SHIFT);

        if ((start & ~PAGE_MASK) != 0 || !span_ok(start, end) ||
            (start < l->end && l->virt_base < end)) {
            return -EINVAL;
        }
        l->p2m_va = start;
        l->p2m_pfn = pfn;
        l->p2m_tables = all_tables(start, end);
        pfn += l->p2m_pages + l->p2m_tables;
    }
    return pfn <= l->nr_pages ? 0 : -ENOMEM;
}

int dom0_layout(const struct elf_image *elf, const struct elf_xen_notes *notes,
                uint64_t nr_pages, uint64_t initrd_bytes,
                struct dom0_layout *out)
{
    struct dom0_layout l = { .nr_pages = nr_pages };
    uint64_t next;
    int rc;

    rc = place_kernel(elf, notes, &l);
    if (rc != 0) {
        return rc;
    }
    l.initrd_by_pfn = notes->mod_start_pfn;
    l.p2m_outside = notes->has_init_p2m;
    l.initrd_pages = ROUND_UP(initrd_bytes, PAGE_SIZE) >> PAGE_SHIFT;
    l.p2m_pages = ROUND_UP(nr_pages * 8, PAGE_SIZE) >> PAGE_SHIFT;
    if (l.initrd_pages > nr_pages || nr_pages > 1ull << 36) {
        return -ENOMEM;
    }

    next = ROUND_UP(l.kernel_end, PAGE_SIZE);
    if (!l.initrd_by_pfn && l.initrd_pages != 0) {
        l.initrd_va = next;
        l.initrd_pfn = (next - l.virt_base) >> PAGE_SHIFT;
        next += l.initrd_pages << PAGE_SHIFT;
    }
    if (!l.p2m_outside) {
        l.p2m_va = next;
        next += l.p2m_pages << PAGE_SHIFT;
    }
    l.start_info = next;
    l.tables = next + PAGE_SIZE;
    rc = place_tables(&l);
    if (rc == 0) {
        rc = place_outside(notes, &l);
    }
    if (rc != 0) {
        return rc;
    }
    *out = l;
    return 0;
}
