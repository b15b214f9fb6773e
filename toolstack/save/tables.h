/* SPDX-License-Identifier: MIT */
/*
 * save/tables.h - page tables of a PV guest, from machine frames to the
 * guest's own numbers and back.
 *
 * Owns    the arithmetic of entries; the reverse of a p2m list.
 * Tests   tests/unit/save/test_tables.c
 */
#ifndef SAVE_TABLES_H
#define SAVE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_FRAME (~0ull)

/* mfn to pfn, for the frames of one guest. */
struct reverse {
    struct reverse_slot { uint64_t mfn, pfn; } *slot;
    uint64_t mask;
};

/*
 * @p2m: NO_FRAME where there is none.  0, -ENOMEM, or -EEXIST: two pfns have
 * the same frame.
 */
int reverse_build(struct reverse *r, const uint64_t *p2m, uint64_t nr_pfns);
void reverse_free(struct reverse *r);
/* NO_FRAME: not a frame of this guest. */
uint64_t reverse_find(const struct reverse *r, uint64_t mfn);

/*
 * Entries of a table of @level with pfns in place of mfns, the hypervisor's
 * own entries empty.  0, or -ERANGE: entry *@bad points outside the guest or
 * maps a large page.
 */
int table_to_pfns(const struct reverse *r, unsigned int level,
                  const uint64_t *from, uint64_t *to, unsigned int *bad);

/* The way back, in place.  -ERANGE: entry *@bad names no page. */
int table_to_mfns(const uint64_t *p2m, uint64_t nr_pfns, unsigned int level,
                  uint64_t *table, unsigned int *bad);

#endif
