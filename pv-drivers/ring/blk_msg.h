/* SPDX-License-Identifier: MIT */
/*
 * ring/blk_msg.h - block requests: from a private copy of a slot to checked
 * numbers.
 *
 * Owns    the layout of blkif requests and every check that needs no memory
 *         of the guest.  Input is a copy (ring_take), so nothing can change
 *         between check and use.
 *
 * INV-BM1 after blk_msg_check() 0: sector + nr_sectors <= capacity, every
 *         segment lies in its page, nr_sectors is their sum.
 * ABI     xen/io/blkif.h, 64-bit layout (protocol x86_64-abi); that of 32-bit
 *         fronts (x86_32-abi) lacks the four bytes before the id
 * Tests   tests/unit/pvdrv/test_ring.c
 */
#ifndef RING_BLK_MSG_H
#define RING_BLK_MSG_H

#include <stdbool.h>
#include <stdint.h>

#define BLK_SLOT_SIZE        112u
#define BLK_NARROW_SLOT_SIZE 108u      /* of 32-bit fronts */
#define BLK_RESPONSE_SIZE    16u
#define BLK_SECTOR_SIZE      512u
#define BLK_DIRECT_SEGS      11u
#define BLK_INDIRECT_SEGS    256u      /* offered to frontends */
#define BLK_SECTORS_PER_PAGE 8u

enum blk_kind { BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_DISCARD };

struct blk_seg {
    uint32_t gref;
    uint8_t  first, last;              /* sectors in the page, inclusive */
};

struct blk_req {
    enum blk_kind kind;
    uint8_t  op;                       /* echoed back; the inner one if
                                          indirect, as blkfront expects */
    bool     indirect;
    uint16_t nr_segs;
    uint64_t id;                       /* the guest's, echoed back */
    uint64_t sector;
    uint64_t nr_sectors;
    uint32_t indirect_gref;            /* page that holds the segments */
    struct blk_seg segs[BLK_DIRECT_SEGS];
};

struct blk_limits {
    uint64_t capacity;                 /* sectors */
    bool     readonly;
    bool     discard;
};

/*
 * Read a slot.  @req->id and op are always set, so that it can be answered.
 * 0, or the status for the answer: BLKIF_RSP_EOPNOTSUPP, BLKIF_RSP_ERROR.
 */
int blk_msg_parse(const uint8_t slot[BLK_SLOT_SIZE], struct blk_req *req);

/* A slot of a 32-bit front in the 64-bit layout; @wide may not be @narrow. */
void blk_msg_widen(const uint8_t narrow[BLK_NARROW_SLOT_SIZE],
                   uint8_t wide[BLK_SLOT_SIZE]);

/* Segments of an indirect request, from a copy of its page. */
void blk_msg_indirect(const void *page, uint16_t nr_segs,
                      struct blk_seg *segs);

/* All checks; fills nr_sectors.  0 or the status for the answer. */
int blk_msg_check(struct blk_req *req, const struct blk_seg *segs,
                  const struct blk_limits *limits);

/* A response, every byte of it written; its fields lie the same for all. */
void blk_msg_response(const struct blk_req *req, int status,
                      uint8_t rsp[BLK_RESPONSE_SIZE]);

#endif
