/* SPDX-License-Identifier: MIT */
/*
 * mm/buddy.h - free frames by order.
 *
 * Owns    all free RAM.  A frame handed out has no owner (PGO_NONE) until
 *         domain/pages assigns it.  Before a frame is handed out, every CPU
 *         that may still cache a guest's mapping of it has flushed.
 * Shapes  order 0..BUDDY_MAX_ORDER: 2^order frames, naturally aligned.
 * Locks   heap lock (irqsave).
 * Errors  INVALID_MFN: no memory (or none below the given address width).
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include <hv/types.h>

#define BUDDY_MAX_ORDER 18u          /* 1 GiB */

/* Allocate; with a claim, up to *@claim frames are taken from it and the
 * rest from what nobody claimed. */
mfn_t must_check buddy_alloc_claimed(unsigned int order, unsigned int addr_bits,
                                     uint64_t *claim);
/* Contents are undefined: the caller clears what others will see. */
mfn_t must_check buddy_alloc(unsigned int order);
/* All frames below 2^@addr_bits bytes. */
mfn_t must_check buddy_alloc_bits(unsigned int order, unsigned int addr_bits);
void buddy_free(mfn_t mfn, unsigned int order);
uint64_t buddy_free_frames(void);

/* Frames promised to domains under construction (XENMEM_claim_pages). */
int must_check buddy_claim(uint64_t *claim, uint64_t nr_frames);
void buddy_unclaim(uint64_t *claim, uint64_t nr_frames);
uint64_t buddy_claimed_frames(void);

/* Give [start, end) to the allocator (boot). */
void buddy_add_range(mfn_t start, mfn_t end);

#endif
