/* SPDX-License-Identifier: MIT */
/*
 * arch/nospec.h - keep a checked index inside its array under speculation.
 *
 * Use after the architectural check: a mispredicted branch then reads entry
 * 0 instead of memory behind the array.
 */
#ifndef ARCH_NOSPEC_H
#define ARCH_NOSPEC_H

#include <stdint.h>

/* @index if it is below @size, else 0; without a branch. */
static inline uint64_t index_clamp(uint64_t index, uint64_t size)
{
    uint64_t mask;

    __asm__ volatile("cmp %2, %1\n\tsbb %0, %0"
                     : "=r"(mask) : "r"(index), "r"(size) : "cc");
    return index & mask;
}

#endif
