/* SPDX-License-Identifier: MIT */
/*
 * arch/extable.c - the sorted table of recovery addresses.
 */
#include <arch/extable.h>
#include <arch/sections.h>

#include <hv/compiler.h>

struct entry {
    uint64_t from, to;
};

extern struct entry _extable_start[], _extable_end[];

void boot_text extable_init(void)
{
    for (struct entry *i = _extable_start; i < _extable_end; i++) {
        struct entry e = *i, *j = i;

        for (; j > _extable_start && j[-1].from > e.from; j--) {
            *j = j[-1];
        }
        *j = e;
    }
}

uint64_t extable_lookup(uint64_t rip)
{
    struct entry *lo = _extable_start, *hi = _extable_end;

    while (lo < hi) {
        struct entry *mid = lo + (hi - lo) / 2;

        if (mid->from == rip) {
            return mid->to;
        }
        if (mid->from < rip) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return 0;
}
