/* SPDX-License-Identifier: MIT */
/*
 * lib/rangeset.h - a sorted set of number ranges in a fixed array.
 *
 * Owns    nothing: the caller gives the array and the lock.
 * Shapes  ranges are inclusive [first, last], disjoint, never adjacent.
 * Errors  -ENOSPC: the array is full (nothing was changed);
 *         -EINVAL: last < first.
 * Tests   tests/unit/lib/test_small.c
 */
#ifndef LIB_RANGESET_H
#define LIB_RANGESET_H

#include <stdbool.h>
#include <stdint.h>

struct range {
    uint64_t first, last;
};

struct rangeset {
    struct range *r;
    unsigned int nr, room;
};

void rangeset_init(struct rangeset *s, struct range *array, unsigned int room);
int rangeset_add(struct rangeset *s, uint64_t first, uint64_t last);
int rangeset_remove(struct rangeset *s, uint64_t first, uint64_t last);
/* Is all of [first, last] in the set?  False for last < first. */
bool rangeset_contains(const struct rangeset *s, uint64_t first, uint64_t last);
bool rangeset_overlaps(const struct rangeset *s, uint64_t first, uint64_t last);

#endif
