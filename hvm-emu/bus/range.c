/* SPDX-License-Identifier: MIT */
/*
 * Sorted tables of ranges, searched by halves.  Which addresses are used is
 * left to devices and bus/pci.  Covered by tests/unit/hvm-emu/frame/test_bus.c.
 */
#include <bus/range.h>

#include <frame/machine.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RANGES 160u                /* the hypervisor knows 256 of each */

struct range {
    uint64_t base, len;
    const struct range_ops *ops;
    void *dev;
};

struct range_table {
    struct {
        unsigned int nr;
        struct range row[MAX_RANGES];
    } space[RANGE_NR_SPACES];
};

struct range_table *range_table_new(void)
{
    return calloc(1, sizeof(struct range_table));
}

void range_table_free(struct range_table *t)
{
    free(t);
}

/* How many ranges begin at or below @addr. */
static unsigned int upper(const struct range *row, unsigned int nr,
                          uint64_t addr)
{
    unsigned int low = 0;

    while (low < nr) {
        unsigned int mid = (low + nr) / 2;

        if (row[mid].base <= addr) {
            low = mid + 1;
        } else {
            nr = mid;
        }
    }
    return low;
}

static struct range *find(struct machine *m, enum range_space s, uint64_t addr)
{
    struct range *row = m->ranges->space[s].row;
    unsigned int i = upper(row, m->ranges->space[s].nr, addr);

    return i > 0 && addr - row[i - 1].base < row[i - 1].len ? &row[i - 1]
                                                            : NULL;
}

static int tell(struct machine *m, bool map, enum range_space s,
                const struct range *r)
{
    return m->hv->io_range(m->hv_arg, map, s == RANGE_PORT ? HV_PORT : HV_MMIO,
                           r->base, r->base + r->len - 1);
}

int range_add(struct machine *m, enum range_space s, uint64_t base,
              uint64_t len, const struct range_ops *ops, void *dev)
{
    struct range *row = m->ranges->space[s].row;
    unsigned int nr = m->ranges->space[s].nr;
    const struct range new = { base, len, ops, dev };
    unsigned int i;
    int rc;

    if (len == 0 || base + len - 1 < base ||
        (s == RANGE_PORT && base + len > 0x10000)) {
        return -EINVAL;
    }
    if (nr == MAX_RANGES) {
        return -ENOSPC;
    }
    i = upper(row, nr, base + len - 1);
    if (i > 0 && row[i - 1].base + row[i - 1].len > base) {
        return -EEXIST;
    }
    rc = tell(m, true, s, &new);
    if (rc != 0) {
        return rc;
    }
    memmove(&row[i + 1], &row[i], (nr - i) * sizeof(row[0]));
    row[i] = new;
    m->ranges->space[s].nr++;
    return 0;
}

void range_del(struct machine *m, enum range_space s, uint64_t base, void *dev)
{
    struct range *row = m->ranges->space[s].row;
    unsigned int i = upper(row, m->ranges->space[s].nr, base);

    if (i == 0 || row[i - 1].base != base || row[i - 1].dev != dev) {
        return;
    }
    (void)tell(m, false, s, &row[i - 1]);
    memmove(&row[i - 1], &row[i],
            (m->ranges->space[s].nr - i) * sizeof(row[0]));
    m->ranges->space[s].nr--;
}

void range_forget(struct machine *m, void *dev)
{
    unsigned int s, i;

    for (s = 0; s < RANGE_NR_SPACES; s++) {
        for (i = m->ranges->space[s].nr; i-- > 0;) {
            const struct range *r = &m->ranges->space[s].row[i];

            if (r->dev == dev) {
                range_del(m, s, r->base, dev);
            }
        }
    }
}

static uint64_t ones(unsigned int bytes)
{
    return bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << (bytes * 8)) - 1;
}

/* Can the device be asked for all of it at once? */
static bool whole(const struct range *r, enum range_space s, uint64_t addr,
                  unsigned int bytes)
{
    return (bytes == 1 || bytes == 2 || bytes == 4 ||
            (bytes == 8 && s == RANGE_MMIO)) &&
           bytes <= r->len - (addr - r->base);
}

uint64_t range_read(struct machine *m, enum range_space s, uint64_t addr,
                    unsigned int bytes)
{
    struct range *r = find(m, s, addr);
    uint64_t val = 0;
    unsigned int i;

    if (r != NULL && whole(r, s, addr, bytes)) {
        return r->ops->read == NULL ? ones(bytes)
               : r->ops->read(r->dev, addr - r->base, bytes) & ones(bytes);
    }
    if (bytes <= 1) {
        m->faults++;
        return 0xff;
    }
    for (i = 0; i < bytes && i < 8; i++) {
        val |= range_read(m, s, addr + i, 1) << (i * 8);
    }
    return val;
}

void range_write(struct machine *m, enum range_space s, uint64_t addr,
                 unsigned int bytes, uint64_t val)
{
    struct range *r = find(m, s, addr);
    unsigned int i;

    val &= ones(bytes);
    if (r != NULL && whole(r, s, addr, bytes)) {
        if (r->ops->write != NULL) {
            r->ops->write(r->dev, addr - r->base, bytes, val);
        }
        return;
    }
    if (bytes <= 1) {
        m->faults++;
        return;
    }
    for (i = 0; i < bytes && i < 8; i++) {
        range_write(m, s, addr + i, 1, val >> (i * 8) & 0xff);
    }
}
