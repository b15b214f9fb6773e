/* SPDX-License-Identifier: MIT */
/*
 * The block back end end to end on the host: data is verified byte by byte,
 * what a front may not ask for is refused, locks have one writer.
 */
#include "blk_front.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- data --------------------------------------------------------------------------- */

static void round_trip(struct front *f)
{
    static uint8_t want[8 * 4096], have[8 * 4096];

    fill_random(want, sizeof(want), 1);
    memcpy(fake_page(&f->port, DATA_REF), want, sizeof(want));
    push_rw(f, BLKIF_OP_WRITE, 1, 100, DATA_REF, 8);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    read_image(f, 100, have, sizeof(have));
    assert_memory_equal(have, want, sizeof(want));

    push_rw(f, BLKIF_OP_READ, 2, 100, DATA_REF + 100, 8);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 100), want,
                        sizeof(want));
}

static void data_survives_a_round_trip_by_every_path(void **state)
{
    struct front *f = *state;
    unsigned int i;

    for (i = 0; i < 8; i++) {
        f->config.persistent = (i & 1) != 0;
        f->config.plain_io = (i & 2) != 0;
        f->config.narrow = (i & 4) != 0;
        memset(hdr(f), 0, 4096);
        f->req_prod = f->rsp_cons = 0;
        connect_with(f, false);
        round_trip(f);
        front_stop(f);
        blk_image_close(&f->image);
        open_image(f);
    }
}

/*
 * One after the other they are done without the ring; as soon as two overlap,
 * by it again.  Data is right either way, also where a plain call is the last
 * thing before the drain.
 */
static void requests_that_come_alone_need_no_ring(void **state)
{
    struct front *f = *state;
    unsigned int i;

    connect_with(f, false);
    f->image.at_once = true;
    f->image.direct = false;          /* as through the page cache */
    for (i = 0; i < 40; i++) {
        round_trip(f);
    }
    if (f->image.uring) {
        assert_int_equal(f->image.lonely, 80);
    }
    push_rw(f, BLKIF_OP_READ, 1, 100, DATA_REF + 200, 8);
    push_rw(f, BLKIF_OP_READ, 2, 100, DATA_REF + 208, 8);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_int_equal(f->image.lonely, 0);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 208),
                        fake_page(&f->port, DATA_REF + 100), 8 * 4096);
    for (i = 0; i < 20; i++) {
        round_trip(f);
    }
    push_rw(f, BLKIF_OP_READ, 3, 100, DATA_REF + 216, 8);
    blk_run(&f->blk);
    front_stop(f);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 216),
                        fake_page(&f->port, DATA_REF + 100), 8 * 4096);
}

static void parts_of_pages_are_packed_in_order(void **state)
{
    struct front *f = *state;
    struct blkif_request r;
    uint8_t have[5 * 512];

    memset(&r, 0, sizeof(r));
    fill_random(fake_page(&f->port, DATA_REF), 8192, 9);
    r.operation = BLKIF_OP_WRITE;
    r.nr_segments = 2;
    r.sector_number = 40;
    r.seg[0] = (struct blkif_request_segment){ DATA_REF, 6, 7 };
    r.seg[1] = (struct blkif_request_segment){ DATA_REF + 1, 1, 3 };
    connect_with(f, false);
    push(f, &r);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);

    read_image(f, 40, have, sizeof(have));
    assert_memory_equal(have, fake_page(&f->port, DATA_REF) + 6 * 512, 1024);
    assert_memory_equal(have + 1024, fake_page(&f->port, DATA_REF + 1) + 512,
                        1536);
    front_stop(f);
}

static void indirect_request_moves_a_megabyte(void **state)
{
    struct front *f = *state;
    static uint8_t have[256 * 4096];

    fill_random(fake_page(&f->port, DATA_REF), sizeof(have), 3);
    connect_with(f, false);
    push_indirect(f, BLKIF_OP_WRITE, 5, 2048, DATA_REF, 256, 60);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_int_equal(answered_op, BLKIF_OP_WRITE);
    read_image(f, 2048, have, sizeof(have));
    assert_memory_equal(have, fake_page(&f->port, DATA_REF), sizeof(have));

    push_indirect(f, BLKIF_OP_READ, 6, 2048, DATA_REF + 300, 256, 61);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 300), have,
                        sizeof(have));
    front_stop(f);
}

/* 16 ring pages of requests of 1 MiB each: far more than the arena holds. */
static void memory_is_bounded_and_every_request_is_answered(void **state)
{
    struct front *f = *state;
    unsigned int i, answered = 0;

    f->config.nr_ring_pages = 16;
    f->nr = 512;
    connect_with(f, false);
    for (i = 0; i < 64; i++) {
        push_indirect(f, BLKIF_OP_READ, i, i * 100, DATA_REF, 256, 60);
    }
    for (i = 0; i < 64; i++) {
        answered += next_answer(f, NULL) == BLKIF_RSP_OKAY;
    }
    assert_int_equal(answered, 64);
    front_stop(f);
}

/* What was taken is answered, also what waits for room with no I/O of its own. */
static void draining_answers_all_that_was_taken(void **state)
{
    struct front *f = *state;
    unsigned int i;

    f->config.nr_ring_pages = 16;
    f->nr = 512;
    connect_with(f, false);
    for (i = 0; i < 12; i++) {
        push_indirect(f, i % 2 == 0 ? BLKIF_OP_WRITE : BLKIF_OP_READ, i,
                      i * 256, DATA_REF, 256, 60);
    }
    blk_run(&f->blk);
    alarm(60);
    blk_drain(&f->blk);
    alarm(0);
    assert_int_equal(f->blk.in_flight, 0);
    assert_int_equal(hdr(f)->rsp_prod, f->blk.stats.requests);
    assert_true(f->blk.stats.requests >= 8);
    blk_stop(&f->blk);
}

/* ---- hostile requests ------------------------------------------------------------------ */

static void bad_grant_in_any_segment_writes_nothing(void **state)
{
    struct front *f = *state;
    uint8_t have[11 * 4096], zero[11 * 4096] = { 0 };
    unsigned int k;

    memset(fake_page(&f->port, DATA_REF), 0xff, 11 * 4096);
    connect_with(f, false);
    for (k = 0; k < 11; k++) {
        f->port.bad[DATA_REF + k] = true;
        push_rw(f, BLKIF_OP_WRITE, k, 500, DATA_REF, 11);
        assert_int_equal(next_answer(f, NULL), BLKIF_RSP_ERROR);
        f->port.bad[DATA_REF + k] = false;
    }
    read_image(f, 500, have, sizeof(have));
    assert_memory_equal(have, zero, sizeof(zero));
    front_stop(f);
}

static void bad_requests_are_answered_with_their_id(void **state)
{
    struct front *f = *state;
    uint8_t raw[BLK_SLOT_SIZE] = { 99 };
    uint64_t id;

    connect_with(f, false);
    push(f, raw);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_EOPNOTSUPP);
    push_rw(f, BLKIF_OP_READ, 71, IMAGE_SECTORS - 7, DATA_REF, 1);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    assert_int_equal(id, 71);
    push_indirect(f, BLKIF_OP_READ, 72, 0, DATA_REF, 257, 60);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    assert_int_equal(id, 72);
    push_indirect(f, BLKIF_OP_READ, 73, 0, DATA_REF, 4, FAKE_PAGES + 5);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    push_indirect(f, BLKIF_OP_WRITE, 74, 0, DATA_REF, 0, 60);
    assert_int_equal(next_answer(f, &id), BLKIF_RSP_ERROR);
    assert_false(blk_broken(&f->blk));
    front_stop(f);
}

static void producer_jump_breaks_the_ring_and_stops_cleanly(void **state)
{
    struct front *f = *state;

    connect_with(f, false);
    push_rw(f, BLKIF_OP_READ, 1, 0, DATA_REF, 1);
    blk_run(&f->blk);
    hdr(f)->req_prod += 1000;
    blk_run(&f->blk);
    assert_true(blk_broken(&f->blk));
    front_stop(f);
}

static void ring_that_begins_broken_is_refused(void **state)
{
    struct front *f = *state;

    hdr(f)->req_prod = 33;
    assert_int_equal(blk_start(&f->blk, &f->port, &f->image, f->journal,
                               &f->config), -EPROTO);
    f->config.ring_refs[0] = FAKE_PAGES;
    assert_int_equal(blk_start(&f->blk, &f->port, &f->image, f->journal,
                               &f->config), -EINVAL);
}

static void grants_that_cannot_be_mapped_are_copied(void **state)
{
    struct front *f = *state;

    f->config.persistent = true;
    f->port.no_map[DATA_REF + 1] = true;
    connect_with(f, false);
    round_trip(f);
    assert_true(f->port.copies > 0);
    assert_true(f->port.maps > 8);
    front_stop(f);
}

/* ---- flush, discard ------------------------------------------------------------------------ */

static void flush_and_discard_work(void **state)
{
    struct front *f = *state;
    struct blkif_request_discard d = { .operation = BLKIF_OP_DISCARD,
                                       .sector_number = 0,
                                       .nr_sectors = 16 };
    uint8_t raw[BLK_SLOT_SIZE] = { 0 }, have[8192], zero[8192] = { 0 };

    memset(fake_page(&f->port, DATA_REF), 0xee, 8192);
    connect_with(f, false);
    push_rw(f, BLKIF_OP_WRITE, 1, 0, DATA_REF, 2);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    push_rw(f, BLKIF_OP_FLUSH_DISKCACHE, 2, 0, 0, 0);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    push_rw(f, BLKIF_OP_FLUSH_DISKCACHE, 3, 16, DATA_REF, 2);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    read_image(f, 16, have, sizeof(have));
    assert_memory_equal(have, fake_page(&f->port, DATA_REF), sizeof(have));

    memcpy(raw, &d, sizeof(d));
    push(f, raw);
    assert_int_equal(next_answer(f, NULL), BLKIF_RSP_OKAY);
    read_image(f, 0, have, sizeof(have));
    assert_memory_equal(have, zero, sizeof(have));
    assert_int_equal(f->blk.stats.flushes, 2);
    front_stop(f);
}

static void image_lock_has_one_writer(void **state)
{
    struct front *f = *state;
    struct blk_image other;
    struct err e = ERR_INIT;

    assert_int_equal(blk_image_open(&other, f->path, false, &e), 0);
    assert_int_equal(blk_image_lock(&other), -EAGAIN);
    blk_image_close(&other);
    assert_int_equal(blk_image_open(&other, f->path, true, &e), 0);
    assert_int_equal(blk_image_lock(&other), -EAGAIN);
    blk_image_close(&other);
    assert_int_equal(blk_image_open(&other, f->dir, true, &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(data_survives_a_round_trip_by_every_path),
        T(requests_that_come_alone_need_no_ring),
        T(parts_of_pages_are_packed_in_order),
        T(indirect_request_moves_a_megabyte),
        T(memory_is_bounded_and_every_request_is_answered),
        T(draining_answers_all_that_was_taken),
        T(bad_grant_in_any_segment_writes_nothing),
        T(bad_requests_are_answered_with_their_id),
        T(producer_jump_breaks_the_ring_and_stops_cleanly),
        T(ring_that_begins_broken_is_refused),
        T(grants_that_cannot_be_mapped_are_copied),
        T(flush_and_discard_work),
        T(image_lock_has_one_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
