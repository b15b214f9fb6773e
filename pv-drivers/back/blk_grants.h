/* SPDX-License-Identifier: MIT */
/*
 * back/blk_grants.h - data of a guest, by copy or through kept mappings.
 *
 * Owns    the pages that a frontend with feature-persistent uses again and
 *         again: mapped once, at most BLK_GRANTS_MAX, until the end of the
 *         connection.  All other pieces are grant-copied, in batches.
 * Tests   tests/unit/pvdrv/test_blk.c
 */
#ifndef BACK_BLK_GRANTS_H
#define BACK_BLK_GRANTS_H

#include <port/port.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLK_GRANTS_MAX   1056u     /* 32 requests of 32 pages and their lists */
#define BLK_GRANTS_TABLE 4096u     /* hash slots, a power of two */

struct blk_grants {
    struct port *port;
    bool persistent;
    bool wide;                     /* the CPU has vectors of 32 bytes */
    unsigned int nr_mapped;
    struct {
        uint32_t ref;
        struct port_pages pages;   /* addr NULL: empty */
    } table[BLK_GRANTS_TABLE];
};

void blk_grants_init(struct blk_grants *g, struct port *port,
                     bool persistent);
/* Unmap everything. */
void blk_grants_fini(struct blk_grants *g);

/* The mapping of a page, made now if it may be; NULL: its data is copied. */
uint8_t *blk_grants_page(struct blk_grants *g, uint32_t ref);
/* Copy within our memory, mappings included. */
void blk_grants_copy(const struct blk_grants *g, uint8_t *to,
                     const uint8_t *from, size_t len);
/* Move every piece; each gets its status.  0 or -EIO if one failed. */
int blk_grants_move(struct blk_grants *g, struct port_copy *pieces,
                    unsigned int count);

#endif
