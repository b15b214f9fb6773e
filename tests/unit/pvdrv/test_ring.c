/* SPDX-License-Identifier: MIT */
/*
 * Rings and block requests against a hostile frontend: producer jumps, wild
 * segments, sums that overflow.  Every accepted request satisfies INV-BM1.
 * And both ends of a ring against each other.
 */
#include <ring/blk_msg.h>
#include <ring/ring.h>
#include <ring/ring_front.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

static _Alignas(4096) uint8_t page[4096 * 16];

static struct ring_header *hdr(void)
{
    return (struct ring_header *)page;
}

static void ring_has_the_public_number_of_slots(void **state)
{
    assert_int_equal(ring_nr_slots(4096, BLK_SLOT_SIZE), 32);
    assert_int_equal(ring_nr_slots(8192, BLK_SLOT_SIZE), 64);
    assert_int_equal(ring_nr_slots(65536, BLK_SLOT_SIZE), 512);
    assert_int_equal(ring_nr_slots(64, BLK_SLOT_SIZE), 0);
    assert_int_equal(__CONST_RING_SIZE(blkif, 4096), 32);
}

static void ring_breaks_on_every_impossible_producer(void **state)
{
    static const struct { uint32_t prod; int pending; } cases[] = {
        { 100, 0 }, { 101, 1 }, { 132, 32 }, { 133, -1 }, { 99, -1 },
        { 0, -1 }, { 0x80000064, -1 }, { 0xffffffff, -1 },
    };
    struct ring_back r;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(page, 0, sizeof(page));
        ring_attach(&r, page, 4096, BLK_SLOT_SIZE, 100, 100);
        hdr()->req_prod = cases[i].prod;
        assert_int_equal(ring_pending(&r), cases[i].pending);
        hdr()->req_prod = 101;
        assert_int_equal(ring_pending(&r), cases[i].pending < 0 ? -1 : 1);
    }
}

/* Unanswered requests count: the producer may not run over them. */
static void ring_breaks_when_requests_pass_unanswered_ones(void **state)
{
    struct ring_back r;
    uint8_t slot[BLK_SLOT_SIZE];
    int i;

    memset(page, 0, sizeof(page));
    ring_attach(&r, page, 4096, BLK_SLOT_SIZE, 0, 0);
    hdr()->req_prod = 32;
    for (i = 0; i < 32; i++) {
        assert_true(ring_pending(&r) > 0);
        ring_take(&r, slot);
    }
    assert_int_equal(ring_pending(&r), 0);
    hdr()->req_prod = 33;
    assert_int_equal(ring_pending(&r), -1);
}

static void ring_notifies_as_the_frontend_asked(void **state)
{
    struct ring_back r;
    uint8_t rsp[BLK_RESPONSE_SIZE] = { 1 }, slot[BLK_SLOT_SIZE];
    int i;

    memset(page, 0, sizeof(page));
    ring_attach(&r, page, 4096, BLK_SLOT_SIZE, 0xfffffffe, 0xfffffffe);
    hdr()->req_prod = 2;
    for (i = 0; i < 4; i++) {
        ring_take(&r, slot);
    }
    hdr()->rsp_event = 0;                  /* tell me at the second answer */
    ring_put(&r, rsp, sizeof(rsp));
    assert_int_equal(hdr()->rsp_prod, 0);
    assert_false(ring_publish(&r));
    ring_put(&r, rsp, sizeof(rsp));
    assert_true(ring_publish(&r));
    assert_int_equal(hdr()->rsp_prod, 0);
    assert_false(ring_publish(&r));        /* nothing new */
}

static void ring_wait_sees_a_request_that_raced_it(void **state)
{
    struct ring_back r;

    memset(page, 0, sizeof(page));
    ring_attach(&r, page, 4096, BLK_SLOT_SIZE, 0, 0);
    assert_false(ring_wait(&r));
    assert_int_equal(hdr()->req_event, 1);
    hdr()->req_prod = 1;
    assert_true(ring_wait(&r));
}

/* ---- requests ---------------------------------------------------------------- */

struct shape {
    uint8_t op, nr;
    uint64_t sector;
    uint8_t first, last;
    int parse, check;
};

static const struct blk_limits limits = { .capacity = 1000, .discard = true };

static void make(uint8_t *slot, const struct shape *s)
{
    struct blkif_request r;
    int i;

    memset(&r, 0, sizeof(r));
    r.operation = s->op;
    r.nr_segments = s->nr;
    r.id = 77;
    r.sector_number = s->sector;
    for (i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
        r.seg[i].gref = 5;
        r.seg[i].first_sect = s->first;
        r.seg[i].last_sect = s->last;
    }
    memcpy(slot, &r, sizeof(r));
}

static void requests_are_checked_by_table(void **state)
{
    enum { R = BLKIF_OP_READ, W = BLKIF_OP_WRITE, B = BLKIF_OP_WRITE_BARRIER,
           F = BLKIF_OP_FLUSH_DISKCACHE, N = BLKIF_RSP_EOPNOTSUPP,
           E = BLKIF_RSP_ERROR };
    static const struct shape cases[] = {
        { R, 1, 0, 0, 7, 0, 0 },     { W, 11, 0, 0, 7, 0, 0 },
        { R, 12, 0, 0, 7, E, 0 },    { R, 255, 0, 0, 7, E, 0 },
        { R, 0, 0, 0, 7, 0, E },     { W, 0, 0, 0, 7, 0, E },
        { F, 0, 5000, 0, 7, 0, 0 },  { F, 1, 0, 0, 7, 0, 0 },
        { F, 1, 999, 0, 7, 0, E },   { R, 1, 0, 3, 2, 0, E },
        { R, 1, 0, 0, 8, 0, E },     { R, 1, 0, 0, 255, 0, E },
        { R, 1, 0, 255, 255, 0, E }, { R, 1, 992, 0, 7, 0, 0 },
        { R, 1, 993, 0, 7, 0, E },   { R, 1, 1000, 0, 0, 0, E },
        { R, 1, ~0ull, 0, 0, 0, E }, { W, 11, ~0ull - 50, 0, 7, 0, E },
        { B, 1, 0, 0, 7, N, 0 },     { 4, 1, 0, 0, 7, N, 0 },
        { 7, 1, 0, 0, 7, N, 0 },     { 255, 1, 0, 0, 7, N, 0 },
    };
    uint8_t slot[BLK_SLOT_SIZE], rsp[BLK_RESPONSE_SIZE];
    struct blk_req req;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make(slot, &cases[i]);
        assert_int_equal(blk_msg_parse(slot, &req), cases[i].parse);
        assert_int_equal(req.id, 77);
        assert_int_equal(req.op, cases[i].op);
        if (cases[i].parse == 0) {
            assert_int_equal(blk_msg_check(&req, req.segs, &limits),
                             cases[i].check);
        }
        blk_msg_response(&req, -1, rsp);
        assert_int_equal(((struct blkif_response *)rsp)->id, 77);
    }
}

static void read_only_disks_refuse_every_change(void **state)
{
    static const struct blk_limits ro = { .capacity = 1000, .readonly = true,
                                          .discard = true };
    static const struct shape write = { BLKIF_OP_WRITE, 1, 0, 0, 7, 0, 0 };
    static const struct shape flush = { BLKIF_OP_FLUSH_DISKCACHE, 1, 0, 0, 7,
                                        0, 0 };
    static const struct shape read = { BLKIF_OP_READ, 1, 0, 0, 7, 0, 0 };
    struct blkif_request_discard d = { .operation = BLKIF_OP_DISCARD,
                                       .nr_sectors = 8 };
    uint8_t slot[BLK_SLOT_SIZE] = { 0 };
    struct blk_req req;

    make(slot, &write);
    blk_msg_parse(slot, &req);
    assert_int_equal(blk_msg_check(&req, req.segs, &ro), BLKIF_RSP_ERROR);
    make(slot, &flush);
    blk_msg_parse(slot, &req);
    assert_int_equal(blk_msg_check(&req, req.segs, &ro), BLKIF_RSP_ERROR);
    make(slot, &read);
    blk_msg_parse(slot, &req);
    assert_int_equal(blk_msg_check(&req, req.segs, &ro), 0);
    memcpy(slot, &d, sizeof(d));
    assert_int_equal(blk_msg_parse(slot, &req), 0);
    assert_int_equal(blk_msg_check(&req, req.segs, &ro),
                     BLKIF_RSP_EOPNOTSUPP);
    assert_int_equal(blk_msg_check(&req, req.segs, &limits), 0);
}

/* Random slots: whatever passes the checks lies inside the disk. */
static void random_requests_never_leave_the_disk(void **state)
{
    uint8_t slot[BLK_SLOT_SIZE];
    struct blk_seg segs[BLK_INDIRECT_SEGS];
    struct blk_req req;
    unsigned int i, j, accepted = 0;

    srandom(1);
    for (i = 0; i < 200000; i++) {
        for (j = 0; j < sizeof(slot); j++) {
            slot[j] = random() % 3 == 0 ? (uint8_t)random() : 0;
        }
        slot[0] = (uint8_t)(random() % 8);
        if (slot[0] != BLKIF_OP_INDIRECT) {
            slot[1] %= 13;
        }
        memset(slot + 18, 0, random() % 4 != 0 ? 6 : 0);
        if (blk_msg_parse(slot, &req) != 0) {
            continue;
        }
        assert_true(req.nr_segs <= BLK_INDIRECT_SEGS);
        blk_msg_indirect(segs, 0, segs);
        memset(segs, 0, sizeof(segs));
        if (blk_msg_check(&req, req.indirect ? segs : req.segs, &limits) == 0 &&
            (req.kind != BLK_FLUSH || req.nr_sectors > 0)) {
            assert_true(req.sector <= limits.capacity);
            assert_true(req.nr_sectors <= limits.capacity - req.sector);
            accepted++;
        }
    }
    assert_true(accepted > 1000);
}

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) * below >> 32);
}

/* ---- both ends ------------------------------------------------------------------- */

struct pair {
    struct ring_front f;
    struct ring_back b;
    uint32_t sent, answered, got;
    bool f_asleep, b_asleep;          /* until the other side notifies */
};

static void front_turn(struct pair *p)
{
    uint32_t n = rnd(40), word[4];

    while (n-- > 0 && ring_front_room(&p->f) > 0) {
        word[0] = p->sent++;
        ring_front_put(&p->f, word, sizeof(word));
    }
    if (ring_front_publish(&p->f)) {
        p->b_asleep = false;
    }
    while (ring_front_take(&p->f, word, sizeof(word[0]))) {
        assert_int_equal(word[0], p->got);
        p->got++;
    }
    p->f_asleep = !ring_front_wait(&p->f);
}

static void back_turn(struct pair *p)
{
    uint32_t slot[4], n = rnd(40);

    while (n-- > 0 && ring_pending(&p->b) > 0) {
        ring_take(&p->b, slot);
        assert_int_equal(slot[0], p->answered);
        ring_put(&p->b, slot, sizeof(slot[0]));
        p->answered++;
    }
    if (ring_publish(&p->b)) {
        p->f_asleep = false;
    }
    p->b_asleep = !ring_wait(&p->b);
}

/* Each side sleeps until told: a lost event would stop both for good. */
static void both_ends_pass_every_slot_and_miss_no_event(void **state)
{
    struct pair p;

    memset(&p, 0, sizeof(p));
    ring_front_init(&p.f, page, sizeof(page), 16);
    ring_attach(&p.b, page, sizeof(page), 16, 0, 0);
    while (p.got < 500000) {
        bool front = !p.f_asleep || ring_front_room(&p.f) > 100;

        assert_true(front || !p.b_asleep);
        if (front && rnd(2)) {
            front_turn(&p);
        } else if (!p.b_asleep) {
            back_turn(&p);
        }
    }
    assert_false(p.f.broken);
    assert_false(p.b.broken);
}

static void front_breaks_on_answers_nobody_asked_for(void **state)
{
    static const uint32_t prods[] = { 3, 4, 254, 0x80000000u, 0xffffffffu };
    struct ring_front f;
    uint8_t slot[16] = { 0 };
    size_t i;

    for (i = 0; i < sizeof(prods) / sizeof(prods[0]); i++) {
        ring_front_init(&f, page, sizeof(page), 16);
        ring_front_put(&f, slot, sizeof(slot));
        ring_front_put(&f, slot, sizeof(slot));
        ring_front_publish(&f);
        f.shared->rsp_prod = prods[i];
        assert_false(ring_front_take(&f, slot, sizeof(slot)));
        assert_true(f.broken);
        f.shared->rsp_prod = 1;
        assert_false(ring_front_take(&f, slot, sizeof(slot)));
    }
}

/* xen/io/blkif.h as a 32-bit compiler lays it out. */
struct narrow_request {
    uint8_t operation, nr_segments;
    uint16_t handle;
    uint64_t id, sector_number;
    struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
} __attribute__((packed, aligned(4)));

struct narrow_indirect {
    uint8_t operation, indirect_op;
    uint16_t nr_segments;
    uint64_t id, sector_number;
    uint16_t handle, pad;
    uint32_t indirect_grefs[8];
} __attribute__((packed, aligned(4)));

static void slots_of_32bit_fronts_mean_the_same(void **state)
{
    struct narrow_request r = { .operation = BLKIF_OP_WRITE, .nr_segments = 11,
                                .id = 0x1122334455667788, .sector_number = 9,
                                .seg = { [10] = { 77, 1, 6 } } };
    struct narrow_indirect in = { .operation = BLKIF_OP_INDIRECT,
                                  .indirect_op = BLKIF_OP_READ,
                                  .nr_segments = 200, .id = 5,
                                  .sector_number = 1ull << 40,
                                  .indirect_grefs = { 88 } };
    uint8_t slot[BLK_NARROW_SLOT_SIZE] = { 0 }, wide[BLK_SLOT_SIZE];
    struct blk_req req;

    assert_int_equal(sizeof(r), BLK_NARROW_SLOT_SIZE);
    blk_msg_widen((const uint8_t *)&r, wide);
    assert_int_equal(blk_msg_parse(wide, &req), 0);
    assert_true(req.id == r.id && req.sector == 9 && req.nr_segs == 11);
    assert_true(req.segs[10].gref == 77 && req.segs[10].last == 6);
    memcpy(slot, &in, sizeof(in));
    blk_msg_widen(slot, wide);
    assert_int_equal(blk_msg_parse(wide, &req), 0);
    assert_true(req.id == 5 && req.sector == 1ull << 40 &&
                req.nr_segs == 200 && req.indirect_gref == 88);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_of_32bit_fronts_mean_the_same),
        cmocka_unit_test(ring_has_the_public_number_of_slots),
        cmocka_unit_test(ring_breaks_on_every_impossible_producer),
        cmocka_unit_test(ring_breaks_when_requests_pass_unanswered_ones),
        cmocka_unit_test(ring_notifies_as_the_frontend_asked),
        cmocka_unit_test(ring_wait_sees_a_request_that_raced_it),
        cmocka_unit_test(requests_are_checked_by_table),
        cmocka_unit_test(read_only_disks_refuse_every_change),
        cmocka_unit_test(random_requests_never_leave_the_disk),
        cmocka_unit_test(both_ends_pass_every_slot_and_miss_no_event),
        cmocka_unit_test(front_breaks_on_answers_nobody_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
