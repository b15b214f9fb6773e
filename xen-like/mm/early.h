/* SPDX-License-Identifier: MIT */
/*
 * mm/early.h - RAM before the buddy allocator, and what RAM there is.
 *
 * Owns    the list of free ranges at boot: RAM of the memory map from 1 MiB
 *         up, minus our image and the boot modules.  The rest goes to the
 *         buddy allocator by early_release(); the first MiB stays with the
 *         firmware's data and the start-up code of other CPUs.
 */
#ifndef MM_EARLY_H
#define MM_EARLY_H

#include <hv/types.h>

/* Where the code that starts other CPUs is copied: below 1 MiB, RAM. */
#define TRAMPOLINE_MADDR 0x8000ul

void early_init(void);               /* reads boot_info */
/* @bytes of RAM below 4 GiB, not cleared, at a multiple of @align (at least a
 * page); panics when there is none. */
uint64_t early_alloc(uint64_t bytes, uint64_t align);
/* For a first domain that finds its RAM where the machine has it: free bytes,
 * the lowest @bytes of them (how many ranges: @bytes may not all be had), and
 * something the loader left, copied to high memory (its new place). */
struct early_range {
    uint64_t start, end;
};
uint64_t early_free_bytes(void);
unsigned int early_take_low(uint64_t bytes, struct early_range *out,
                            unsigned int room);
uint64_t early_move(uint64_t maddr, uint64_t bytes);
/* Hand all that is left to the buddy allocator; early_alloc is over. */
void early_release(void);

/* One more than the highest RAM frame. */
uint64_t early_end_mfn(void);
/* RAM from 1 MiB up, whether free or not. */
void early_for_each_ram(void (*fn)(mfn_t start, mfn_t end));

#endif
