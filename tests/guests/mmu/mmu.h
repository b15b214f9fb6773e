/* SPDX-License-Identifier: MIT */
/*
 * mmu/mmu.h - the parts of the mmu guest and their common helpers.
 */
#ifndef GUESTS_MMU_MMU_H
#define GUESTS_MMU_MMU_H

#include <lib/guest.h>

void run_leaves(void);   /* leaves.c: level 1 entries and the update calls */
void run_tables(void);   /* tables.c: pin, unpin, levels, reserved slots */
void run_emulated(void); /* emulated.c: plain writes to page tables */

/* One mmu_update of the entry at machine address @maddr; 0 or -errno. */
long update(uint64_t maddr, uint64_t value, unsigned int kind);

/* A scratch page of the boot map, its leaf entry's machine address. */
#define LEAF(va) pte_maddr((va), 1)

#endif
