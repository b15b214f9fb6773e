/* SPDX-License-Identifier: MIT */
/*
 * lib/e820.c - see e820.h.  Tests: tests/unit/lib/test_small.c.
 */
#include <hv/compiler.h>
#include <lib/e820.h>

bool e820_add(struct e820_map *m, uint64_t addr, uint64_t size, uint32_t type)
{
    if (m->nr >= E820_MAX) {
        return false;
    }
    m->e[m->nr++] = (struct e820_entry){ addr, size, type };
    return true;
}

/* Type of the byte at @addr: the highest number of the entries over it. */
static uint32_t type_at(const struct e820_map *m, uint64_t addr)
{
    uint32_t type = 0;

    for (uint32_t i = 0; i < m->nr; i++) {
        uint64_t start = m->e[i].addr, size = m->e[i].size;

        if (addr >= start && addr - start < size && start + size > start) {
            type = max(type, (uint32_t)m->e[i].type);
        }
    }
    return type;
}

/* The lowest start or end of an entry above @addr; 0: none. */
static uint64_t next_edge(const struct e820_map *m, uint64_t addr)
{
    uint64_t edge = 0;

    for (uint32_t i = 0; i < m->nr; i++) {
        uint64_t start = m->e[i].addr, end = start + m->e[i].size;

        if (end <= start) {
            continue;
        }
        if (start > addr && (edge == 0 || start < edge)) {
            edge = start;
        }
        if (end > addr && (edge == 0 || end < edge)) {
            edge = end;
        }
    }
    return edge;
}

bool e820_sanitize(struct e820_map *m)
{
    static struct e820_map out;      /* boot time, one CPU */
    uint64_t at = 0, edge;

    out.nr = 0;
    for (edge = next_edge(m, at); edge != 0; at = edge, edge = next_edge(m, at)) {
        uint32_t type = type_at(m, at);
        struct e820_entry *last = out.nr != 0 ? &out.e[out.nr - 1] : NULL;

        if (type == 0) {
            continue;
        }
        if (last != NULL && last->type == type &&
            last->addr + last->size == at) {
            last->size = edge - last->addr;
        } else if (!e820_add(&out, at, edge - at, type)) {
            return false;
        }
    }
    *m = out;
    return true;
}

bool e820_all(const struct e820_map *m, uint64_t addr, uint64_t size,
              uint32_t type)
{
    for (uint32_t i = 0; i < m->nr; i++) {
        const struct e820_entry *e = &m->e[i];

        if (e->type == type && addr >= e->addr &&
            size <= e->size && addr - e->addr <= e->size - size) {
            return true;
        }
    }
    return false;
}

bool e820_any(const struct e820_map *m, uint64_t addr, uint64_t size,
              uint32_t type)
{
    for (uint32_t i = 0; i < m->nr; i++) {
        const struct e820_entry *e = &m->e[i];

        if (e->type == type && addr < e->addr + e->size &&
            e->addr < addr + size) {
            return true;
        }
    }
    return false;
}

uint64_t e820_total(const struct e820_map *m, uint32_t type)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < m->nr; i++) {
        sum += m->e[i].type == type ? m->e[i].size : 0;
    }
    return sum;
}
