/* SPDX-License-Identifier: MIT */
/*
 * build/memory.h - a domain's memory: claimed first, then populated.
 *
 * Owns    the p2m array of a PV guest under construction, and copying into
 *         its pages.
 * Leaves  what the pages hold to pv_boot.h.
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
    uint64_t *p2m;             /* pfn to mfn */
};

/*
 * Claim @nr_pages from the host, or say how many MiB are short; populate pfn
 * 0.. with them; give the claim back.  0 or -errno; the pages are the
 * domain's and go away with it.
 */
int memory_populate(struct guest_memory *m, struct hyp *h, unsigned int domid,
                    uint64_t nr_pages, struct err *e);
void memory_forget(struct guest_memory *m);

/*
 * The same for the pfns of a list only, into an array that the caller has
 * made.
 */
int memory_populate_pfns(struct guest_memory *m, const uint64_t *pfns,
                         uint64_t nr, struct err *e);

/* Copy to, or zero, @len bytes from byte @offset of page @pfn on. */
int memory_write(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                 const void *data, uint64_t len, struct err *e);
int memory_zero(const struct guest_memory *m, uint64_t pfn, uint64_t offset,
                uint64_t len, struct err *e);

#endif
