/* SPDX-License-Identifier: MIT */
/*
 * Rewrites page tables.  Bits other than the frame travel as they are: the
 * hypervisor judges them again when the tables are pinned.
 * Tests: tests/unit/save/test_tables.c.
 */
#include <errno.h>
#include <save/tables.h>
#include <stdlib.h>

#define ENTRIES     512u
#define PRESENT     0x001ull
#define LARGE       0x080ull
#define FRAME_MASK  0x000ffffffffff000ull
#define FRAME_SHIFT 12

/* The L4 slots of the hypervisor (xen/arch-x86/xen-x86_64.h). */
#define XEN_FIRST 256u
#define XEN_LAST  271u

static uint64_t spread(uint64_t mfn)
{
    return mfn * 0x9e3779b97f4a7c15ull >> 20;
}

int reverse_build(struct reverse *r, const uint64_t *p2m, uint64_t nr_pfns)
{
    uint64_t size = 16;

    while (size < nr_pfns * 2) {
        size *= 2;
    }
    r->mask = size - 1;
    r->slot = malloc(size * sizeof(r->slot[0]));
    if (r->slot == NULL) {
        return -ENOMEM;
    }
    for (uint64_t i = 0; i < size; i++) {
        r->slot[i].mfn = NO_FRAME;
    }
    for (uint64_t pfn = 0; pfn < nr_pfns; pfn++) {
        uint64_t at = spread(p2m[pfn]) & r->mask;

        if (p2m[pfn] == NO_FRAME) {
            continue;
        }
        while (r->slot[at].mfn != NO_FRAME && r->slot[at].mfn != p2m[pfn]) {
            at = (at + 1) & r->mask;
        }
        if (r->slot[at].mfn == p2m[pfn]) {
            reverse_free(r);
            return -EEXIST;
        }
        r->slot[at] = (struct reverse_slot){ p2m[pfn], pfn };
    }
    return 0;
}

void reverse_free(struct reverse *r)
{
    free(r->slot);
    r->slot = NULL;
}

uint64_t reverse_find(const struct reverse *r, uint64_t mfn)
{
    uint64_t at = spread(mfn) & r->mask;

    if (mfn == NO_FRAME) {
        return NO_FRAME;
    }
    while (r->slot[at].mfn != NO_FRAME) {
        if (r->slot[at].mfn == mfn) {
            return r->slot[at].pfn;
        }
        at = (at + 1) & r->mask;
    }
    return NO_FRAME;
}

static bool is_xens(unsigned int level, unsigned int i)
{
    return level == 4 && i >= XEN_FIRST && i <= XEN_LAST;
}

static uint64_t with_frame(uint64_t entry, uint64_t frame)
{
    return (entry & ~FRAME_MASK) | frame << FRAME_SHIFT;
}

int table_to_pfns(const struct reverse *r, unsigned int level,
                  const uint64_t *from, uint64_t *to, unsigned int *bad)
{
    for (unsigned int i = 0; i < ENTRIES; i++) {
        uint64_t entry = is_xens(level, i) ? 0 : from[i];
        uint64_t pfn;

        to[i] = entry;
        if ((entry & PRESENT) == 0) {
            continue;
        }
        pfn = reverse_find(r, (entry & FRAME_MASK) >> FRAME_SHIFT);
        if (pfn == NO_FRAME || (level > 1 && (entry & LARGE) != 0)) {
            *bad = i;
            return -ERANGE;
        }
        to[i] = with_frame(entry, pfn);
    }
    return 0;
}

int table_to_mfns(const uint64_t *p2m, uint64_t nr_pfns, unsigned int level,
                  uint64_t *table, unsigned int *bad)
{
    for (unsigned int i = 0; i < ENTRIES; i++) {
        uint64_t pfn = (table[i] & FRAME_MASK) >> FRAME_SHIFT;

        if (is_xens(level, i)) {
            table[i] = 0;
        } else if ((table[i] & PRESENT) != 0) {
            if (pfn >= nr_pfns || p2m[pfn] == NO_FRAME) {
                *bad = i;
                return -ERANGE;
            }
            table[i] = with_frame(table[i], p2m[pfn]);
        }
    }
    return 0;
}
