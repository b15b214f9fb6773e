/* SPDX-License-Identifier: MIT */
/*
 * build/pv_layout.h - which page of a new PV guest is used for what.
 *
 * Owns    the arithmetic of the boot layout (xen/xen.h, "Start-of-day memory
 *         layout"), without touching any memory.
 *
 *   VIRT_BASE  kernel | [initrd] | [p2m] | start_info | store | console |
 *              page tables | stack | >= 512 KiB free, up to a 4 MiB boundary
 *   INIT_P2M   p2m list; its page tables and frames follow the linear part
 *   unmapped   initrd, when the kernel takes it by pfn
 *
 * Tests   tests/unit/toolstack/test_pv_layout.c
 */
#ifndef BUILD_PV_LAYOUT_H
#define BUILD_PV_LAYOUT_H

#include <build/pv_kernel.h>

struct pv_range {
    uint64_t pfn;
    uint64_t nr;               /* pages */
};

struct pv_layout {
    uint64_t nr_pages;         /* of the guest */
    uint64_t virt_base;
    uint64_t virt_end;         /* first linear address that is not mapped */
    uint64_t linear_pages;     /* mapped from virt_base on: pfn 0.. */
    uint64_t start_info, store, console, stack;      /* pfns */
    struct pv_range tables;    /* the L4, then L3s, L2s, L1s */
    uint64_t p2m_virt;
    bool p2m_apart;            /* at INIT_P2M, not in the linear part */
    struct pv_range p2m_tables;    /* empty unless apart */
    struct pv_range p2m;
    struct pv_range initrd;
    uint64_t initrd_bytes;
    bool initrd_by_pfn;
};

/*
 * 0, or -ENOMEM (class resource): the guest is too small, -EINVAL: the
 * kernel's addresses cannot be laid out.
 */
int pv_layout_compute(const struct pv_kernel *k, uint64_t nr_pages,
                      uint64_t initrd_bytes, struct pv_layout *l,
                      struct err *e);

/* The linear address of a pfn of the linear part. */
uint64_t pv_layout_virt(const struct pv_layout *l, uint64_t pfn);

/* Tables of level 1 (x 2 MiB), 2 (1 GiB), 3 (512 GiB) that a range needs. */
uint64_t pv_tables_of_level(uint64_t virt, uint64_t nr_pages,
                            unsigned int level);

#endif
