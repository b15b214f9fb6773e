/* SPDX-License-Identifier: MIT */
/*
 * build/memory.h - a domain's memory: claimed first, then populated.
 *
 * Owns    the list of pages of a guest under construction (mfns of a PV
 *         guest, gfns of others), and copying into them.
 * Leaves  what the pages hold to pv_boot.h and pvh_boot.h.
 * Tests   tests/unit/toolstack/test_build.c (claim and populate), boots
 */
#ifndef BUILD_MEMORY_H
#define BUILD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct hyp;

struct guest_memory {
    struct hyp *h;
    unsigned int domid;
    uint64_t nr_pages;
    uint64_t split;            /* pages from this one on lie at ... */
    uint64_t high;             /* ... this pfn; split == nr_pages: none */
    uint64_t *p2m;             /* nth page to its frame */
};

/*
 * Claim @nr_pages from the host, or say how many MiB are short; populate pfn
 * 0.. with them; give the claim back.  0 or -errno; the pages are the
 * domain's and go away with it.
 */
int memory_populate(struct guest_memory *m, struct hyp *h, unsigned int domid,
                    uint64_t nr_pages, struct err *e);
/* The same, with a hole: page @split and those after it lie at pfn @high. */
int memory_populate_split(struct guest_memory *m, struct hyp *h,
                          unsigned int domid, uint64_t nr_pages,
                          uint64_t split, uint64_t high, struct err *e);
void memory_forget(struct guest_memory *m);

/*
 * The same for the pfns of a list only, into an array that the caller has
 * made.
 */
int memory_populate_pfns(struct guest_memory *m, const uint64_t *pfns,
                         uint64_t nr, struct err *e);

/* Copy to, or zero, @len bytes from byte @offset of the @pfn-th page on. */
int memory_write(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                 const void *data, uint64_t len, struct err *e);
int memory_zero(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                uint64_t len, struct err *e);

#endif
