/* SPDX-License-Identifier: MIT */
/*
 * mm/map.h - the hypervisor's own page tables.
 *
 * Owns    idle_l4 (the template of slots 256-271), boot-time mapping of the
 *         direct map, frame table and M2P, and the vmap range for stacks and
 *         MMIO.  No mapping is ever writable and executable (INV-MAP1).
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include <arch/paging.h>
#include <core/mmio.h>
#include <hv/types.h>

extern pte_t idle_l4[PT_ENTRIES];

#define HV_DATA   (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_G | PTE_NX)
#define HV_RODATA (PTE_P | PTE_A | PTE_G | PTE_NX)
#define HV_TEXT   (PTE_P | PTE_A | PTE_G)
#define HV_MMIO   (HV_DATA | PTE_PCD)

/* A CPU stack with guard pages; returns its lowest address. */
void *must_check map_stack_alloc(void);

/* Walk the live tables; how many leaf entries are writable and executable. */
uint64_t map_count_wx(void);

#endif
