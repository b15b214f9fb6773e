/* SPDX-License-Identifier: MIT */
/*
 * lib/e820.h - memory maps: sort, merge, clip, ask.
 *
 * Shapes  entries as in the ABI's XENMEM_memory_map: {addr, size, type},
 *         packed, 20 bytes; sorted and disjoint after e820_sanitize().
 * Tests   tests/unit/lib/test_small.c
 */
#ifndef LIB_E820_H
#define LIB_E820_H

#include <stdbool.h>
#include <stdint.h>

#include <hv/compiler.h>

#define E820_RAM      1u
#define E820_RESERVED 2u
#define E820_ACPI     3u
#define E820_UNUSABLE 5u

#define E820_MAX 128u

struct e820_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
} packed;

struct e820_map {
    uint32_t nr;
    struct e820_entry e[E820_MAX];
};

/* Append; false: map full. */
bool e820_add(struct e820_map *m, uint64_t addr, uint64_t size, uint32_t type);

/*
 * Sort, split overlaps (the higher type number wins, so RAM loses), merge
 * neighbours of one type, drop empty and wrapping entries.  false: the
 * result does not fit; the map is unchanged.
 */
bool e820_sanitize(struct e820_map *m);

/* Is all of [addr, addr+size) of @type?  The map must be sanitized. */
bool e820_all(const struct e820_map *m, uint64_t addr, uint64_t size,
              uint32_t type);
/* Does any byte of the range have @type? */
bool e820_any(const struct e820_map *m, uint64_t addr, uint64_t size,
              uint32_t type);
uint64_t e820_total(const struct e820_map *m, uint32_t type);

#endif
