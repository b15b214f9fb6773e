/* SPDX-License-Identifier: MIT */
/*
 * build/pvh_layout.h - which page of a new PVH guest is used for what.
 *
 * Owns    the kernel as a PVH image, and the arithmetic of guest-physical
 *         memory, without touching any of it.
 *
 *   0 .. low_pages        RAM: kernel | initrd | start info ... | ACPI tables
 *   0xfeff8 .. 0xfefff    special pages: rings and parameters, not RAM
 *   4 GiB ..              the rest of the RAM, if it does not fit below
 *
 * ABI     xen/arch-x86/hvm/start_info.h, XEN_ELFNOTE_PHYS32_ENTRY
 * Tests   tests/unit/toolstack/test_pvh.c
 */
#ifndef BUILD_PVH_LAYOUT_H
#define BUILD_PVH_LAYOUT_H

#include <build/pv_kernel.h>

#define PVH_LOW_MAX_PAGES 0xf0000u     /* RAM below 4 GiB ends at 3.75 GiB */
#define PVH_HIGH_PFN      0x100000u    /* 4 GiB */
#define PVH_ACPI_PAGES    4u
#define PVH_SPECIAL_PFN   0xfeff8u
#define PVH_MAP_MAX       5u

/* The special pages, in the order that stock device models know. */
enum pvh_special {
    PVH_PAGING, PVH_ACCESS, PVH_SHARING, PVH_BUFIOREQ, PVH_XENSTORE,
    PVH_IOREQ, PVH_IDENT_PT, PVH_CONSOLE, PVH_NR_SPECIAL,
};

struct pvh_kernel {
    struct pv_segment seg[PV_KERNEL_SEGS];
    unsigned int nr_segs;
    uint32_t entry;            /* physical, 32-bit protected mode */
    uint64_t end;              /* after the last byte */
};

struct pvh_range {
    uint64_t addr, size;       /* bytes */
    uint32_t type;             /* XEN_HVM_MEMMAP_TYPE_* */
};

struct pvh_layout {
    uint64_t nr_pages;         /* of RAM */
    uint64_t low_pages;        /* of them below the hole */
    uint64_t initrd, initrd_bytes;         /* addresses */
    uint64_t start_info;       /* with module list, map and command line */
    uint64_t info_bytes;
    uint64_t acpi;             /* PVH_ACPI_PAGES at the end of low RAM */
    struct pvh_range map[PVH_MAP_MAX];
    unsigned int nr_map;
};

/* Pointers into @image stay in @k.  0, or -EINVAL with @e. */
int pvh_kernel_parse(const struct bytes *image, struct pvh_kernel *k,
                     struct err *e);

/* 0, or -ENOMEM (class resource): the guest is too small. */
int pvh_layout_compute(uint64_t kernel_end, uint64_t nr_pages,
                       uint64_t initrd_bytes, uint64_t cmdline_len,
                       struct pvh_layout *l, struct err *e);

#endif
