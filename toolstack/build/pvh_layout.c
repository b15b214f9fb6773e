/* SPDX-License-Identifier: MIT */
/*
 * The kernel's segments go where they ask to go; all else follows them page
 * by page.  Every address that a kernel or a user gave is checked here.
 * Tests: tests/unit/toolstack/test_pvh.c.
 */
#include <build/pvh_layout.h>
#include <errno.h>
#include <lib/elf.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <string.h>
#include <xen/arch-x86/hvm/start_info.h>

#define LOW_MAX ((uint64_t)PVH_LOW_MAX_PAGES * XEN_PAGE_SIZE)

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + XEN_PAGE_SIZE - 1) & ~(uint64_t)(XEN_PAGE_SIZE - 1);
}

/* ---- kernel ------------------------------------------------------------------ */

static int bad(struct err *e, const char *why)
{
    return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the kernel", NULL,
                   "%s", why);
}

static int add_segment(struct pvh_kernel *k, const struct elf_segment *seg,
                       const uint8_t *image, struct err *e)
{
    if (k->nr_segs == PV_KERNEL_SEGS) {
        return bad(e, "it has too many segments");
    }
    if (seg->filesz > seg->memsz) {
        return bad(e, "a segment is damaged");
    }
    if (seg->paddr >= LOW_MAX || seg->memsz > LOW_MAX - seg->paddr) {
        return bad(e, "a segment lies outside the guest's memory");
    }
    k->seg[k->nr_segs++] = (struct pv_segment){
        .pfn = seg->paddr / XEN_PAGE_SIZE,
        .offset = (uint32_t)(seg->paddr % XEN_PAGE_SIZE),
        .data = image + seg->offset,
        .file_bytes = seg->filesz,
        .mem_bytes = seg->memsz,
    };
    if (seg->paddr + seg->memsz > k->end) {
        k->end = seg->paddr + seg->memsz;
    }
    return 0;
}

static int add_segments(struct pvh_kernel *k, const struct elf_image *img,
                        struct err *e)
{
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i < img->nr_segments; i++) {
        struct elf_segment seg;

        if (!elf_segment(img, i, &seg)) {
            return bad(e, "it is truncated");
        }
        if (seg.type == ELF_PT_LOAD && seg.memsz != 0) {
            rc = add_segment(k, &seg, img->data, e);
        }
    }
    return rc;
}

int pvh_kernel_parse(const struct bytes *image, struct pvh_kernel *k,
                     struct err *e)
{
    struct elf_image img;
    struct elf_xen_notes notes;
    int rc;

    memset(k, 0, sizeof(*k));
    if (elf_init(&img, image->data, image->len) != 0 &&
        elf_init_32bit(&img, image->data, image->len) != 0) {
        return bad(e, "it is neither a bzImage nor an x86 ELF image");
    }
    if (elf_xen_notes(&img, &notes) != 0) {
        return bad(e, "its notes are damaged or truncated");
    }
    if (!notes.has_phys32_entry) {
        return bad(e, "it has no note PHYS32_ENTRY: it was built without "
                      "CONFIG_PVH");
    }
    rc = add_segments(k, &img, e);
    if (rc == 0 && notes.phys32_entry >= k->end) {
        rc = bad(e, "its entry point is outside its segments");
    }
    k->entry = (uint32_t)notes.phys32_entry;
    return rc;
}

/* ---- layout ------------------------------------------------------------------- */

static void add_map(struct pvh_layout *l, uint64_t addr, uint64_t end,
                    uint32_t type)
{
    if (end > addr) {
        l->map[l->nr_map++] = (struct pvh_range){ addr, end - addr, type };
    }
}

static void fill_map(struct pvh_layout *l)
{
    uint64_t low = l->low_pages * XEN_PAGE_SIZE;
    uint64_t special = (uint64_t)PVH_SPECIAL_PFN * XEN_PAGE_SIZE;
    uint64_t high = (uint64_t)PVH_HIGH_PFN * XEN_PAGE_SIZE;

    add_map(l, 0, l->acpi, XEN_HVM_MEMMAP_TYPE_RAM);
    add_map(l, l->acpi, low, XEN_HVM_MEMMAP_TYPE_ACPI);
    add_map(l, special, special + PVH_NR_SPECIAL * XEN_PAGE_SIZE,
            XEN_HVM_MEMMAP_TYPE_RESERVED);
    add_map(l, high, high + (l->nr_pages - l->low_pages) * XEN_PAGE_SIZE,
            XEN_HVM_MEMMAP_TYPE_RAM);
}

int pvh_layout_compute(uint64_t kernel_end, uint64_t nr_pages,
                       uint64_t initrd_bytes, uint64_t cmdline_len,
                       struct pvh_layout *l, struct err *e)
{
    uint64_t need;

    memset(l, 0, sizeof(*l));
    l->nr_pages = nr_pages;
    l->low_pages = nr_pages < PVH_LOW_MAX_PAGES ? nr_pages : PVH_LOW_MAX_PAGES;
    l->initrd = page_up(kernel_end);
    l->initrd_bytes = initrd_bytes;
    l->start_info = l->initrd + page_up(initrd_bytes);
    l->info_bytes = sizeof(struct hvm_start_info) +
                    sizeof(struct hvm_modlist_entry) +
                    PVH_MAP_MAX * sizeof(struct hvm_memmap_table_entry) +
                    cmdline_len + 1;
    need = l->start_info + page_up(l->info_bytes) +
           PVH_ACPI_PAGES * XEN_PAGE_SIZE;
    if (need > l->low_pages * XEN_PAGE_SIZE) {
        return err_set(e, -ENOMEM, ERR_RESOURCE, "not enough memory", NULL,
                       "kernel and initrd need %llu MiB below 3.75 GiB, the "
                       "guest has %llu MiB there",
                       (unsigned long long)((need + (1 << 20) - 1) >> 20),
                       (unsigned long long)(l->low_pages / 256));
    }
    l->acpi = (l->low_pages - PVH_ACPI_PAGES) * XEN_PAGE_SIZE;
    fill_map(l);
    return 0;
}
