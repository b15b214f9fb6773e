/* SPDX-License-Identifier: MIT */
/*
 * mm/early.c - boot-time memory.
 *
 * Owns    see mm/early.h.
 */
#include <mm/early.h>

#include <arch/sections.h>

#include <core/boot_info.h>
#include <core/panic.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/frame_table.h>

#define MAX_RANGES 192u
#define LOW_END    0x100000ul
#define LIMIT_4G   0x100000000ul

/* Free ranges, page-aligned, ascending. */
static boot_data struct early_range ranges[MAX_RANGES];
static boot_data unsigned int nr_ranges;
static boot_data uint64_t end_mfn;

static void boot_text remove_at(unsigned int i)
{
    nr_ranges--;
    for (; i < nr_ranges; i++) {
        ranges[i] = ranges[i + 1];
    }
}

static void boot_text insert_at(unsigned int i, uint64_t start, uint64_t end)
{
    if (nr_ranges == MAX_RANGES) {
        panic("memory map is too fragmented");
    }
    for (unsigned int j = nr_ranges++; j > i; j--) {
        ranges[j] = ranges[j - 1];
    }
    ranges[i] = (struct early_range){ start, end };
}

/* Put back [start, end), which is not free. */
static void boot_text give_back(uint64_t start, uint64_t end)
{
    unsigned int i = 0;

    while (i < nr_ranges && ranges[i].start < start) {
        i++;
    }
    insert_at(i, start, end);
    if (i + 1 < nr_ranges && ranges[i + 1].start == end) {
        ranges[i].end = ranges[i + 1].end;
        remove_at(i + 1);
    }
    if (i != 0 && ranges[i - 1].end == start) {
        ranges[i - 1].end = ranges[i].end;
        remove_at(i);
    }
}

/* Take [start, end), widened to pages, out of the free ranges. */
static void boot_text reserve(uint64_t start, uint64_t end)
{
    start = ROUND_DOWN(start, PAGE_SIZE);
    end = ROUND_UP(end, PAGE_SIZE);
    for (unsigned int i = 0; i < nr_ranges; i++) {
        struct early_range *r = &ranges[i];
        uint64_t old_end = r->end;

        if (end <= r->start || start >= r->end) {
            continue;
        }
        if (start <= r->start && end >= r->end) {
            remove_at(i--);
        } else if (start <= r->start) {
            r->start = end;
        } else {
            r->end = start;
            if (end < old_end) {
                insert_at(i + 1, end, old_end);
            }
        }
    }
}

static void boot_text add_ram(const struct e820_entry *e)
{
    uint64_t start = ROUND_UP(e->addr, PAGE_SIZE);
    uint64_t end = ROUND_DOWN(e->addr + e->size, PAGE_SIZE);

    end = min(end, DIRECTMAP_SIZE);
    if (start >= end) {
        return;
    }
    end_mfn = max(end_mfn, end >> PAGE_SHIFT);
    insert_at(nr_ranges, start, end);
}

void boot_text early_init(void)
{
    const struct e820_map *m = &boot_info.e820;

    for (uint32_t i = 0; i < m->nr; i++) {
        if (m->e[i].type == E820_RAM) {
            add_ram(&m->e[i]);
        }
    }
    reserve(0, LOW_END);
    reserve(boot_phys_base,
            boot_phys_base + (uint64_t)(_image_end - _image_start));
    for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
        const struct boot_module *b = &boot_info.module[i];

        reserve(b->maddr, b->maddr + b->size);
    }
}

uint64_t boot_text early_alloc(uint64_t bytes, uint64_t align)
{
    bytes = ROUND_UP(bytes, PAGE_SIZE);
    align = max(align, PAGE_SIZE);
    for (unsigned int i = nr_ranges; i-- > 0;) {
        uint64_t top = min(ranges[i].end, LIMIT_4G), at;

        if (top < ranges[i].start + bytes) {
            continue;
        }
        at = ROUND_DOWN(top - bytes, align);
        if (at >= ranges[i].start) {
            reserve(at, at + bytes);
            return at;
        }
    }
    panic("no memory for %lu boot bytes", bytes);
}

uint64_t boot_text early_free_bytes(void)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < nr_ranges; i++) {
        sum += ranges[i].end - ranges[i].start;
    }
    return sum;
}

unsigned int boot_text early_take_low(uint64_t bytes, struct early_range *out,
                                      unsigned int room)
{
    unsigned int n = 0;

    bytes = ROUND_DOWN(bytes, PAGE_SIZE);
    for (; n < room && bytes != 0 && nr_ranges != 0; n++) {
        uint64_t had = min(bytes, ranges[0].end - ranges[0].start);

        out[n] = (struct early_range){ ranges[0].start,
                                       ranges[0].start + had };
        reserve(out[n].start, out[n].end);
        bytes -= had;
    }
    return n;
}

uint64_t boot_text early_move(uint64_t maddr, uint64_t bytes)
{
    uint64_t to = early_alloc(bytes, PAGE_SIZE);
    uint64_t end = ROUND_UP(maddr + bytes, PAGE_SIZE);

    memcpy(maddr_to_virt(to), maddr_to_virt(maddr), bytes);
    maddr = max(ROUND_DOWN(maddr, PAGE_SIZE), LOW_END);
    if (maddr < end) {
        give_back(maddr, end);
    }
    return to;
}

void boot_text early_release(void)
{
    for (unsigned int i = 0; i < nr_ranges; i++) {
        buddy_add_range(maddr_to_mfn(ranges[i].start),
                        maddr_to_mfn(ranges[i].end));
    }
    nr_ranges = 0;
}

uint64_t boot_text early_end_mfn(void)
{
    return end_mfn;
}

void boot_text early_for_each_ram(void (*fn)(mfn_t start, mfn_t end))
{
    const struct e820_map *m = &boot_info.e820;

    for (uint32_t i = 0; i < m->nr; i++) {
        uint64_t start = ROUND_UP(m->e[i].addr, PAGE_SIZE);
        uint64_t end = ROUND_DOWN(m->e[i].addr + m->e[i].size, PAGE_SIZE);

        start = max(start, LOW_END);
        end = min(end, DIRECTMAP_SIZE);
        if (m->e[i].type == E820_RAM && start < end) {
            fn(maddr_to_mfn(start), maddr_to_mfn(end));
        }
    }
}
