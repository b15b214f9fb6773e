/* SPDX-License-Identifier: MIT */
/*
 * Disks by the ports and by bus master, resets, unplug.  CDs: test_ide_cd.c.
 */
#include "ide_rig.h"

/* ---- disk ------------------------------------------------------------------------- */

static void identify_tells_size_and_modes(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;
    uint16_t w[256];

    task(b, 0x1f0, 0, 0, 0xec);
    assert_int_equal(b->isa[14], 1);
    assert_int_equal(status_of(b, 0x1f0), 0x58);
    assert_int_equal(b->isa[14], 0);
    read_words(b, 0x1f0, w, 256);
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    assert_int_equal(w[60] | w[61] << 16, DISK_SECTORS);
    assert_int_equal(w[100] | w[101] << 16, DISK_SECTORS);
    assert_int_equal(w[83] & 0x0400, 0x0400);
    assert_memory_equal(&w[27], "APARAVENH RADDSI K", 18);
}

static void sectors_are_read_by_the_port(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;
    uint32_t sector[128];
    unsigned int i;

    task(b, 0x1f0, 100, 3, 0x20);
    for (i = 0; i < 3; i++) {
        assert_int_equal(status_of(b, 0x1f0), 0x58);
        read_words(b, 0x1f0, sector, 256);
        assert_int_equal(sector[0], 100 + i);
    }
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    assert_int_equal(bench_in(b, 0x1f0, 2), 0xffff);
}

/* More than one buffer, with 48-bit registers. */
static void a_long_read_has_no_seams(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;
    uint32_t sector[128];
    unsigned int i;

    bench_out(b, 0x1f6, 1, 0x40);
    bench_out(b, 0x1f2, 1, 600 >> 8);
    bench_out(b, 0x1f2, 1, 600 & 0xff);
    bench_out(b, 0x1f3, 1, 0);
    bench_out(b, 0x1f3, 1, 7);
    bench_out(b, 0x1f4, 1, 0);
    bench_out(b, 0x1f5, 1, 0);
    bench_out(b, 0x1f4, 1, 0);
    bench_out(b, 0x1f5, 1, 0);
    bench_out(b, 0x1f7, 1, 0x24);
    for (i = 0; i < 600; i++) {
        assert_int_equal(status_of(b, 0x1f0), 0x58);
        read_words(b, 0x1f0, sector, 256);
        assert_int_equal(sector[0], 7 + i);
    }
    assert_int_equal(status_of(b, 0x1f0), 0x50);
}

static void what_is_written_is_read_back(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;
    uint16_t in[256];
    unsigned int s, i;

    task(b, 0x1f0, 5, 2, 0x30);
    assert_int_equal(b->isa[14], 0);   /* the first block comes unasked */
    for (s = 0; s < 2; s++) {
        assert_int_equal(status_of(b, 0x1f0), 0x58);
        for (i = 0; i < 256; i++) {
            bench_out(b, 0x1f0, 2, s << 12 | i);
        }
    }
    assert_int_equal(bench_in(b, 0x3f6, 1), 0x80);
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    task(b, 0x1f0, 0, 0, 0xe7);
    assert_int_equal(status_of(b, 0x1f0), 0x50);

    task(b, 0x1f0, 6, 1, 0x20);
    assert_int_equal(status_of(b, 0x1f0), 0x58);
    read_words(b, 0x1f0, in, 256);
    assert_int_equal(in[0], 0x1000);
    assert_int_equal(in[255], 0x10ff);
}

static void multiple_sectors_come_in_one_block(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;
    uint32_t data[1024];

    task(b, 0x1f0, 0, 1, 0xc4);
    assert_int_equal(status_of(b, 0x1f0), 0x51);     /* not set yet */
    task(b, 0x1f0, 0, 3, 0xc6);
    assert_int_equal(status_of(b, 0x1f0), 0x51);
    task(b, 0x1f0, 0, 8, 0xc6);
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    task(b, 0x1f0, 40, 8, 0xc4);
    assert_int_equal(status_of(b, 0x1f0), 0x58);
    read_words(b, 0x1f0, data, 2048);
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    assert_int_equal(data[7 * 128], 47);
}

static void sectors_beyond_the_end_are_refused(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    task(b, 0x1f0, DISK_SECTORS - 1, 2, 0x20);
    assert_int_equal(status_of(b, 0x1f0), 0x51);
    assert_int_equal(bench_in(b, 0x1f1, 1), 0x10);
    task(b, 0x1f0, DISK_SECTORS, 1, 0xc8);
    assert_int_equal(status_of(b, 0x1f0), 0x51);
    task(b, 0x1f0, 0, 1, 0x77);                     /* no such command */
    assert_int_equal(status_of(b, 0x1f0), 0x51);
    assert_int_equal(bench_in(b, 0x1f1, 1), 4);
    bench_out(b, 0x1f6, 1, 0xa0);                   /* sector 0 of CHS */
    bench_out(b, 0x1f3, 1, 0);
    bench_out(b, 0x1f7, 1, 0x20);
    assert_int_equal(status_of(b, 0x1f0), 0x51);
}

/* ---- bus master ------------------------------------------------------------------------ */

static void dma_follows_the_list_of_pieces(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    prd(b, 0, 0x100000, 512, false);
    prd(b, 1, 0x200ffe, 6, false);                  /* across a page */
    prd(b, 2, 0x110000, 1018, true);
    task(b, 0x1f0, 50, 3, 0xc8);
    assert_int_equal(bench_in(b, 0x3f6, 1) & 0x80, 0x80);
    dma_go(b, true);

    assert_int_equal(bench_in(b, BM + 2, 1) & 7, 4);
    assert_int_equal(b->isa[14], 1);
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    assert_int_equal(word_at(b, 0x100000), 50);
    assert_int_equal(word_at(b, 0x200ffe), 51);
    assert_int_equal(word_at(b, 0x110000 + 506), 52);
    assert_int_equal(b->memory[0x110000 + 1017], (uint8_t)~52);
}

static void dma_writes_the_disk(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    memset(b->memory + 0x100000, 0xab, 1024);
    prd(b, 0, 0x100000, 1024, true);
    task(b, 0x1f0, 9, 2, 0xca);
    dma_go(b, false);
    bench_run(b, 1000);
    assert_int_equal(status_of(b, 0x1f0), 0x50);
    bench_out(b, BM, 1, 0);

    prd(b, 0, 0x180000, 512, true);
    task(b, 0x1f0, 10, 1, 0xc8);
    bench_run(b, 1000);
    dma_go(b, true);
    assert_int_equal(b->memory[0x180000], 0xab);
    assert_int_equal(b->memory[0x180000 + 511], 0xab);
}

/* Memory that is not there ends the command, with an error on both sides. */
static void a_piece_that_points_nowhere_is_an_error(void **state)
{
    static const uint32_t nowhere[] = { 0xa0000, BENCH_MEMORY, 0xfee00000,
                                        0xfffff000 };
    struct bench *b = &((struct fixture *)*state)->b;
    unsigned int i;

    for (i = 0; i < 4; i++) {
        prd(b, 0, nowhere[i], 0, true);
        task(b, 0x1f0, 0, 8, 0xc8);
        bench_run(b, 1000);
        dma_go(b, true);
        assert_int_equal(bench_in(b, BM + 2, 1) & 3, 2);
        assert_int_equal(status_of(b, 0x1f0), 0x51);
        bench_out(b, BM, 1, 0);
    }
    bench_out(b, BM + 4, 4, 0xa0000);               /* the list itself */
    bench_out(b, BM + 2, 1, 6);
    task(b, 0x1f0, 0, 1, 0xc8);
    bench_run(b, 1000);
    bench_out(b, BM, 1, 9);
    assert_int_equal(bench_in(b, BM + 2, 1) & 3, 2);
}

static void a_list_too_short_stops_without_an_interrupt(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    prd(b, 0, 0x100000, 512, true);
    task(b, 0x1f0, 0, 4, 0xc8);
    bench_run(b, 1000);
    dma_go(b, true);
    assert_int_equal(bench_in(b, BM + 2, 1) & 7, 0);
    assert_int_equal(b->isa[14], 0);
    bench_out(b, BM, 1, 0);
    task(b, 0x1f0, 3, 1, 0x20);                     /* it goes on */
    assert_int_equal(status_of(b, 0x1f0), 0x58);
}

/* A list that never ends is left after its 64 KiB. */
static void an_endless_list_is_left(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;
    unsigned int i;

    for (i = 0; i < 8192; i++) {
        prd(b, i, 0x100000, 2, false);
    }
    task(b, 0x1f0, 0, 0, 0xc8);
    bench_run(b, 1000);
    dma_go(b, true);
    assert_int_equal(bench_in(b, BM + 2, 1) & 7, 0);
}

static void dma_without_mastering_moves_nothing(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    prd(b, 0, 0x100000, 512, true);
    bench_cfg_set(b, IDE_FN, 4, 2, 1);
    task(b, 0x1f0, 77, 1, 0xc8);
    bench_run(b, 1000);
    dma_go(b, true);
    assert_int_equal(word_at(b, 0x100000), 0);
    assert_int_equal(status_of(b, 0x1f0), 0x51);
}

/* ---- reset, absent drives ------------------------------------------------------------- */

static void a_soft_reset_shows_signatures(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    task(b, 0x170, 0, 0, 0xec);                     /* a CD declines */
    assert_int_equal(status_of(b, 0x170), 0x51);
    assert_int_equal(bench_in(b, 0x174, 1), 0x14);
    bench_out(b, 0x376, 1, 4);
    assert_int_equal(bench_in(b, 0x376, 1), 0x80);
    bench_out(b, 0x376, 1, 0);
    assert_int_equal(bench_in(b, 0x175, 1), 0xeb);
    bench_out(b, 0x3f6, 1, 4);
    bench_out(b, 0x3f6, 1, 0);
    assert_int_equal(bench_in(b, 0x1f4, 1), 0);
    assert_int_equal(bench_in(b, 0x1f7, 1), 0x50);
    bench_out(b, 0x1f6, 1, 0xb0);                   /* no slave */
    assert_int_equal(bench_in(b, 0x1f7, 1), 0);
}

/* A reset while the disk works: what ends later ends for nobody. */
static void a_reset_forgets_what_is_under_way(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    task(b, 0x1f0, 0, 4, 0x20);
    assert_int_equal(bench_in(b, 0x3f6, 1), 0x80);
    bench_out(b, 0x3f6, 1, 4);
    bench_out(b, 0x3f6, 1, 0);
    bench_run(b, 1000);
    assert_int_equal(bench_in(b, 0x1f7, 1), 0x50);
    assert_int_equal(b->isa[14], 0);
}

static void nien_holds_the_interrupt_back(void **state)
{
    struct bench *b = &((struct fixture *)*state)->b;

    bench_out(b, 0x3f6, 1, 2);
    task(b, 0x1f0, 0, 0, 0xec);
    assert_int_equal(b->isa[14], 0);
    bench_out(b, 0x3f6, 1, 0);
    assert_int_equal(b->isa[14], 1);
}

/* ---- unplug ------------------------------------------------------------------------------- */

static void unplugged_disks_are_gone_and_unlocked(void **state)
{
    struct fixture *f = *state;
    struct bench *b = &f->b;
    char command[120];

    snprintf(command, sizeof(command), "qemu-img bench -w -c 1 -f raw %s "
             ">/dev/null 2>&1", f->disk);
    assert_int_not_equal(system(command), 0);
    assert_int_equal(bench_in(b, 0x10, 2), 0x49d2);
    assert_int_equal(bench_in(b, 0x12, 1), 1);
    bench_out(b, 0x10, 2, 1);
    assert_int_equal(bench_in(b, 0x1f7, 1), 0);
    assert_int_equal(bench_in(b, 0x176, 1), 0xa0);
    task(b, 0x1f0, 0, 1, 0x20);
    assert_int_equal(bench_in(b, 0x1f7, 1), 0);
    assert_int_equal(system(command), 0);
}

/* OVMF tells drives it does not know yet to diagnose themselves and waits. */
static void a_channel_without_drives_is_not_busy(void **state)
{
    struct fixture *f = *state;
    struct bench *b = &f->b;
    unsigned int i;

    bench_out(b, 0x10, 2, 1);
    for (i = 0; i < 2; i++) {
        bench_out(b, 0x1f6, 1, 0xe0 | i << 4);
        bench_out(b, 0x1f7, 1, 0x90);
        assert_int_equal(bench_in(b, 0x1f7, 1) & 0x80, 0);
        assert_int_equal(bench_in(b, 0x3f6, 1) & 0x80, 0);
        assert_int_not_equal(bench_in(b, 0x1f2, 1), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, ide_start, ide_stop)
        T(identify_tells_size_and_modes),
        T(sectors_are_read_by_the_port),
        T(a_long_read_has_no_seams),
        T(what_is_written_is_read_back),
        T(multiple_sectors_come_in_one_block),
        T(sectors_beyond_the_end_are_refused),
        T(dma_follows_the_list_of_pieces),
        T(dma_writes_the_disk),
        T(a_piece_that_points_nowhere_is_an_error),
        T(a_list_too_short_stops_without_an_interrupt),
        T(an_endless_list_is_left),
        T(dma_without_mastering_moves_nothing),
        T(a_soft_reset_shows_signatures),
        T(a_reset_forgets_what_is_under_way),
        T(nien_holds_the_interrupt_back),
        T(unplugged_disks_are_gone_and_unlocked),
        T(a_channel_without_drives_is_not_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
