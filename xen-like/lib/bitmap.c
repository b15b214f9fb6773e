/* SPDX-License-Identifier: MIT */
/*
 * lib/bitmap.c - see bitmap.h.  Tests: tests/unit/lib/test_small.c.
 */
#include <lib/bitmap.h>

void bitmap_set_range(uint64_t *map, unsigned int first, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        bitmap_set(map, first + i);
    }
}

void bitmap_clear_range(uint64_t *map, unsigned int first, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        bitmap_clear(map, first + i);
    }
}

/* @flip is ~0 to look for clear bits. */
static unsigned int find(const uint64_t *map, unsigned int size,
                         unsigned int from, uint64_t flip)
{
    for (unsigned int w = from / 64; w < BITMAP_WORDS(size); w++) {
        uint64_t word = map[w] ^ flip;
        unsigned int bit;

        if (w == from / 64) {
            word &= ~0ull << (from % 64);
        }
        if (word == 0) {
            continue;
        }
        bit = w * 64 + (unsigned int)__builtin_ctzll(word);
        return bit < size ? bit : size;
    }
    return size;
}

unsigned int bitmap_find_set(const uint64_t *map, unsigned int size,
                             unsigned int from)
{
    return from >= size ? size : find(map, size, from, 0);
}

unsigned int bitmap_find_clear(const uint64_t *map, unsigned int size,
                               unsigned int from)
{
    return from >= size ? size : find(map, size, from, ~0ull);
}

unsigned int bitmap_count(const uint64_t *map, unsigned int size)
{
    unsigned int n = 0, bit;

    for (bit = bitmap_find_set(map, size, 0); bit < size;
         bit = bitmap_find_set(map, size, bit + 1)) {
        n++;
    }
    return n;
}
