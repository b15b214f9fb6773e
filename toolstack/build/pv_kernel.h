/* SPDX-License-Identifier: MIT */
/*
 * build/pv_kernel.h - a PV kernel as an ELF64 image with Xen's notes.
 *
 * Owns    struct pv_kernel: what to load where, and how it wants to start.
 * Leaves  the bounds of the image to xen-like lib/elf.h.
 * ABI     xen/elfnote.h; addresses: load at paddr - PADDR_OFFSET + VIRT_BASE,
 *         p_vaddr is never used (a kernel has per-CPU data at 0 there).
 * Tests   tests/unit/toolstack/test_kernel.c
 */
#ifndef BUILD_PV_KERNEL_H
#define BUILD_PV_KERNEL_H

#include <build/unpack.h>
#include <stdbool.h>

#define PV_KERNEL_SEGS 16u

struct pv_segment {
    uint64_t pfn;              /* first pfn, counted from the guest's 0 */
    uint32_t offset;           /* in that page */
    const uint8_t *data;       /* in the image */
    uint64_t file_bytes;
    uint64_t mem_bytes;        /* >= file_bytes; the rest is zero */
};

struct pv_kernel {
    struct pv_segment seg[PV_KERNEL_SEGS];
    unsigned int nr_segs;
    uint64_t virt_base;
    uint64_t virt_entry;
    uint64_t virt_end;         /* after the last byte, linear */
    bool has_init_p2m;
    uint64_t init_p2m;         /* where the p2m list is wanted */
    bool mod_start_pfn;        /* the initrd need not be mapped */
    bool has_hypercall_page;
    uint64_t hypercall_page;   /* linear address */
    char guest_os[16];
};

/* Pointers into @image stay in @k.  0, or -EINVAL with @e. */
int pv_kernel_parse(const struct bytes *image, struct pv_kernel *k,
                    struct err *e);

#endif
