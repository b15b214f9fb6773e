/* SPDX-License-Identifier: MIT */
/*
 * bus/range.h - who answers a port or an address.
 *
 * Owns    two sorted tables of ranges that do not overlap, and the
 *         hypervisor's knowledge of them.  An access that nobody answers
 *         reads all ones.
 * Tests   tests/unit/hvm-emu/frame/test_bus.c
 */
#ifndef BUS_RANGE_H
#define BUS_RANGE_H

#include <stdint.h>

struct machine;
struct range_table;

enum range_space { RANGE_PORT, RANGE_MMIO, RANGE_NR_SPACES };

/*
 * @off: from the range's base; @off + @bytes is inside the range, @bytes is
 * 1, 2, 4 or (memory only) 8.  A NULL function: reads ones, ignores writes.
 */
struct range_ops {
    uint64_t (*read)(void *dev, uint64_t off, unsigned int bytes);
    void (*write)(void *dev, uint64_t off, unsigned int bytes, uint64_t val);
};

struct range_table *range_table_new(void);
void range_table_free(struct range_table *t);

/* 0, -EEXIST: overlaps another one, -EINVAL, -ENOSPC, or the hypervisor's. */
int range_add(struct machine *m, enum range_space s, uint64_t base,
              uint64_t len, const struct range_ops *ops, void *dev);
void range_del(struct machine *m, enum range_space s, uint64_t base,
               void *dev);

/* All ranges of @dev go. */
void range_forget(struct machine *m, void *dev);

/*
 * For the loop: one access; one that crosses the end of its range, or has
 * another size, is made of bytes.
 */
uint64_t range_read(struct machine *m, enum range_space s, uint64_t addr,
                    unsigned int bytes);
void range_write(struct machine *m, enum range_space s, uint64_t addr,
                 unsigned int bytes, uint64_t val);

#endif
