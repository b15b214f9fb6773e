/* SPDX-License-Identifier: MIT */
/*
 * dom0/layout.h - where things lie in the first domain's memory.
 *
 * Owns    the arithmetic only: no frame is touched.
 *
 *   pfn 0.. kernel | initrd* | p2m list* | start_info | page tables | stack |
 *   pad to 4 MiB, at least 512 KiB   <- all mapped 4 KiB-wise at virt_base
 *   then, unmapped there: initrd** | p2m list** | tables of the p2m list**
 *
 *   *  when the kernel has no MOD_START_PFN / INIT_P2M note
 *   ** when it has
 * Tests   tests/unit/dom0/test_layout.c
 */
#ifndef DOM0_LAYOUT_H
#define DOM0_LAYOUT_H

#include <hv/types.h>
#include <lib/elf.h>

struct dom0_layout {
    uint64_t nr_pages;          /* of the domain, initrd included */
    uint64_t virt_base;
    uint64_t virt_offset;       /* linear address = ELF paddr + this */
    uint64_t entry;
    uint64_t kernel_start, kernel_end;      /* linear */
    uint64_t start_info;                    /* linear; page-aligned */
    uint64_t tables, nr_tables;             /* linear of the L4; count */
    uint64_t stack_top;
    uint64_t end;                           /* linear, exclusive */
    uint64_t linear_pfns;                   /* pfns mapped at virt_base */
    bool initrd_by_pfn;
    uint64_t initrd_pfn, initrd_va, initrd_pages;
    bool p2m_outside;
    uint64_t p2m_va, p2m_pages;
    uint64_t p2m_pfn;           /* first pfn of the list, if outside */
    uint64_t p2m_tables;        /* tables behind the list, if outside */
};

/* -EINVAL: addresses of the notes or sizes make no sense; -ENOMEM: does not
 * fit into @nr_pages. */
int must_check dom0_layout(const struct elf_image *elf,
                           const struct elf_xen_notes *notes,
                           uint64_t nr_pages, uint64_t initrd_bytes,
                           struct dom0_layout *out);

/* How many tables of @level (1..3) map [start, end). */
uint64_t layout_tables(uint64_t start, uint64_t end, unsigned int level);

#endif
