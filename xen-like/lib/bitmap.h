/* SPDX-License-Identifier: MIT */
/*
 * lib/bitmap.h - bits in arrays of 64-bit words, no locking.
 *
 * Shapes  bit n is bit n%64 of word n/64; sizes are in bits.  For atomic
 *         single bits see arch/atomic.h.
 * Tests   tests/unit/lib/test_small.c
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

static inline bool bitmap_test(const uint64_t *map, unsigned int bit)
{
    return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(uint64_t *map, unsigned int bit)
{
    map[bit / 64] |= 1ull << (bit % 64);
}

static inline void bitmap_clear(uint64_t *map, unsigned int bit)
{
    map[bit / 64] &= ~(1ull << (bit % 64));
}

void bitmap_set_range(uint64_t *map, unsigned int first, unsigned int nr);
void bitmap_clear_range(uint64_t *map, unsigned int first, unsigned int nr);

/* First set / clear bit at or after @from; @size if there is none. */
unsigned int bitmap_find_set(const uint64_t *map, unsigned int size,
                             unsigned int from);
unsigned int bitmap_find_clear(const uint64_t *map, unsigned int size,
                               unsigned int from);
unsigned int bitmap_count(const uint64_t *map, unsigned int size);

#endif
