/* SPDX-License-Identifier: MIT */
/*
 * Reading and checking block requests.  The field "handle" is ignored: the
 * ring already says which disk is meant.  Moving data is left to back/blk.
 * Covered by tests/unit/pvdrv/test_ring.c.
 */
#include <ring/blk_msg.h>

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

static_assert(sizeof(struct blkif_request) == BLK_SLOT_SIZE, "ABI size");
static_assert(offsetof(struct blkif_request, id) == 8, "ABI offset");
static_assert(offsetof(struct blkif_request, seg) == 24, "ABI offset");
static_assert(offsetof(struct blkif_request_indirect, id) == 8, "ABI offset");
static_assert(offsetof(struct blkif_request_indirect, indirect_grefs) == 28,
              "ABI offset");
static_assert(sizeof(struct blkif_response) == BLK_RESPONSE_SIZE, "ABI size");
static_assert(sizeof(struct blkif_request_segment) == sizeof(struct blk_seg),
              "segments are copied as they are");

#define NARROW_ID 4u                      /* offset of the id, packed */
static_assert(offsetof(struct blkif_request, id) ==
              NARROW_ID + BLK_SLOT_SIZE - BLK_NARROW_SLOT_SIZE, "ABI offset");

static int parse_direct(const uint8_t *slot, struct blk_req *req)
{
    struct blkif_request r;

    memcpy(&r, slot, sizeof(r));
    req->nr_segs = r.nr_segments;
    req->sector = r.sector_number;
    if (r.nr_segments > BLK_DIRECT_SEGS) {
        return BLKIF_RSP_ERROR;
    }
    blk_msg_indirect(r.seg, req->nr_segs, req->segs);
    return 0;
}

static int parse_discard(const uint8_t *slot, struct blk_req *req)
{
    struct blkif_request_discard r;

    memcpy(&r, slot, sizeof(r));
    req->sector = r.sector_number;
    req->nr_sectors = r.nr_sectors;
    /* discard-secure is not offered: a request for it cannot be kept. */
    return (r.flag & BLKIF_DISCARD_SECURE) != 0 ? BLKIF_RSP_EOPNOTSUPP : 0;
}

static int parse_indirect(const uint8_t *slot, struct blk_req *req)
{
    struct blkif_request_indirect r;

    memcpy(&r, slot, sizeof(r));
    req->indirect = true;
    req->nr_segs = r.nr_segments;
    req->sector = r.sector_number;
    req->indirect_gref = r.indirect_grefs[0];
    req->op = r.indirect_op;              /* what blkfront wants echoed */
    if (r.indirect_op != BLKIF_OP_READ && r.indirect_op != BLKIF_OP_WRITE) {
        return BLKIF_RSP_EOPNOTSUPP;
    }
    req->kind = r.indirect_op == BLKIF_OP_READ ? BLK_READ : BLK_WRITE;
    return r.nr_segments > BLK_INDIRECT_SEGS ? BLKIF_RSP_ERROR : 0;
}

void blk_msg_widen(const uint8_t narrow[BLK_NARROW_SLOT_SIZE],
                   uint8_t wide[BLK_SLOT_SIZE])
{
    const size_t gap = BLK_SLOT_SIZE - BLK_NARROW_SLOT_SIZE;

    memcpy(wide, narrow, NARROW_ID);
    memset(wide + NARROW_ID, 0, gap);
    memcpy(wide + NARROW_ID + gap, narrow + NARROW_ID,
           BLK_NARROW_SLOT_SIZE - NARROW_ID);
}

int blk_msg_parse(const uint8_t slot[BLK_SLOT_SIZE], struct blk_req *req)
{
    memset(req, 0, sizeof(*req));
    req->op = slot[0];
    memcpy(&req->id, slot + offsetof(struct blkif_request, id),
           sizeof(req->id));
    switch (req->op) {
    case BLKIF_OP_READ:
        req->kind = BLK_READ;
        return parse_direct(slot, req);
    case BLKIF_OP_WRITE:
        req->kind = BLK_WRITE;
        return parse_direct(slot, req);
    case BLKIF_OP_FLUSH_DISKCACHE:
        req->kind = BLK_FLUSH;
        return parse_direct(slot, req);
    case BLKIF_OP_DISCARD:
        req->kind = BLK_DISCARD;
        return parse_discard(slot, req);
    case BLKIF_OP_INDIRECT:
        return parse_indirect(slot, req);
    default:
        return BLKIF_RSP_EOPNOTSUPP;      /* barriers are not offered */
    }
}

void blk_msg_indirect(const void *page, uint16_t nr_segs, struct blk_seg *segs)
{
    const uint8_t *from = page;
    uint16_t i;

    for (i = 0; i < nr_segs; i++) {
        struct blkif_request_segment s;

        memcpy(&s, from + i * sizeof(s), sizeof(s));
        segs[i] = (struct blk_seg){ s.gref, s.first_sect, s.last_sect };
    }
}

static int sum_segments(struct blk_req *req, const struct blk_seg *segs)
{
    uint16_t i;

    req->nr_sectors = 0;
    for (i = 0; i < req->nr_segs; i++) {
        if (segs[i].first > segs[i].last ||
            segs[i].last >= BLK_SECTORS_PER_PAGE) {
            return BLKIF_RSP_ERROR;
        }
        req->nr_sectors += segs[i].last - segs[i].first + 1u;
    }
    /* Only a flush may be without data. */
    return req->nr_segs == 0 && req->kind != BLK_FLUSH ? BLKIF_RSP_ERROR : 0;
}

int blk_msg_check(struct blk_req *req, const struct blk_seg *segs,
                  const struct blk_limits *limits)
{
    if (req->kind == BLK_DISCARD) {
        if (!limits->discard || limits->readonly) {
            return BLKIF_RSP_EOPNOTSUPP;
        }
    } else if (sum_segments(req, segs) != 0) {
        return BLKIF_RSP_ERROR;
    }
    if (limits->readonly &&
        (req->kind == BLK_WRITE || (req->kind == BLK_FLUSH &&
                                    req->nr_sectors > 0))) {
        return BLKIF_RSP_ERROR;
    }
    if (req->kind == BLK_FLUSH && req->nr_sectors == 0) {
        return 0;                         /* its sector means nothing */
    }
    if (req->sector > limits->capacity ||
        req->nr_sectors > limits->capacity - req->sector) {
        return BLKIF_RSP_ERROR;
    }
    return 0;
}

void blk_msg_response(const struct blk_req *req, int status,
                      uint8_t rsp[BLK_RESPONSE_SIZE])
{
    struct blkif_response r;

    memset(&r, 0, sizeof(r));
    r.id = req->id;
    r.operation = req->op;
    r.status = (int16_t)status;
    memcpy(rsp, &r, sizeof(r));
}
