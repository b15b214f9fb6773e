/* SPDX-License-Identifier: MIT */
/* A CD drive: reads, sizes, errors, media that come and go. */
#include "ide_rig.h"

#include <errno.h>
#include <fcntl.h>

/* ---- CD --------------------------------------------------------------------------------- */

static void a_cd_is_read_in_blocks_of_the_guests_choice(void **state)
{
    static const uint8_t read10[12] = { 0x28, 0, 0, 0, 0, 20, 0, 0, 2 };
    struct bench *b = &((struct fixture *)*state)->b;
    uint32_t data[1024];
    unsigned int i;

    packet(b, read10, 1024, false);
    for (i = 0; i < 4; i++) {
        assert_int_equal(status_of(b, 0x170), 0x58);
        assert_int_equal(bench_in(b, 0x174, 1) | bench_in(b, 0x175, 1) << 8,
                         1024);
        read_words(b, 0x170, (uint8_t *)data + i * 1024, 512);
    }
    assert_int_equal(status_of(b, 0x170), 0x50);
    assert_int_equal(bench_in(b, 0x172, 1), 3);
    assert_int_equal(data[0], 20);
    assert_int_equal(data[512], 21);
}

static void a_cd_is_read_by_dma(void **state)
{
    static const uint8_t read12[12] = { 0xa8, 0, 0, 0, 0, 30, 0, 0, 0, 1 };
    struct bench *b = &((struct fixture *)*state)->b;

    prd(b, 0, 0x100000, 2048, true);
    packet(b, read12, 0, true);
    bench_out(b, BM + 12, 4, PRDS);
    bench_out(b, BM + 8, 1, 9);
    bench_run(b, 1000);
    assert_int_equal(status_of(b, 0x170), 0x50);
    assert_int_equal(bench_in(b, BM + 10, 1) & 7, 4);
    assert_int_equal(word_at(b, 0x100000), 30);
}

static void a_cd_tells_its_size_and_contents(void **state)
{
    static const uint8_t capacity[12] = { 0x25 };
    static const uint8_t toc[12] = { 0x43, 0, 0, 0, 0, 0, 0, 0, 20 };
    struct bench *b = &((struct fixture *)*state)->b;
    uint8_t d[20];

    packet(b, capacity, 8, false);
    assert_int_equal(status_of(b, 0x170), 0x58);
    read_words(b, 0x170, d, 4);
    assert_int_equal(d[2] << 8 | d[3], CD_BLOCKS - 1);
    assert_int_equal(d[6], 8);
    packet(b, toc, 20, false);
    assert_int_equal(status_of(b, 0x170), 0x58);
    read_words(b, 0x170, d, 10);
    assert_int_equal(d[1], 18);
    assert_int_equal(d[6], 1);
    assert_int_equal(d[14], 0xaa);
    assert_int_equal(d[18] << 8 | d[19], CD_BLOCKS);
}

static void errors_of_a_cd_are_told_by_sense(void **state)
{
    static const uint8_t beyond[12] = { 0x28, 0, 0, 0, 2, 0, 0, 0, 1 };
    static const uint8_t unknown[12] = { 0xff };
    static const uint8_t sense[12] = { 0x03, 0, 0, 0, 18 };
    static const uint8_t none[12] = { 0x28, 0, 0xff, 0xff, 0xff, 0xff, 0,
                                      0xff, 0xff };
    struct bench *b = &((struct fixture *)*state)->b;
    uint8_t d[18];

    packet(b, beyond, 0xffff, false);
    assert_int_equal(status_of(b, 0x170), 0x51);
    packet(b, sense, 18, false);
    assert_int_equal(status_of(b, 0x170), 0x58);
    read_words(b, 0x170, d, 9);
    assert_int_equal(d[2], 5);
    assert_int_equal(d[12], 0x21);
    packet(b, unknown, 0xffff, false);
    assert_int_equal(status_of(b, 0x170), 0x51);
    packet(b, none, 0xffff, false);
    assert_int_equal(status_of(b, 0x170), 0x51);
}

static void an_ejected_medium_is_not_ready_and_comes_back_changed(void **state)
{
    static const uint8_t eject[12] = { 0x1b, 0, 0, 0, 2 };
    static const uint8_t load[12] = { 0x1b, 0, 0, 0, 3 };
    static const uint8_t ready[12] = { 0x00 };
    struct bench *b = &((struct fixture *)*state)->b;

    packet(b, eject, 0, false);
    assert_int_equal(status_of(b, 0x170), 0x50);
    packet(b, ready, 0, false);
    assert_int_equal(bench_in(b, 0x171, 1) >> 4, 2);
    packet(b, load, 0, false);
    packet(b, ready, 0, false);
    assert_int_equal(bench_in(b, 0x171, 1) >> 4, 6);
    packet(b, ready, 0, false);
    assert_int_equal(status_of(b, 0x170), 0x50);
}

/* ---- another medium ---------------------------------------------------------------- */

#define NEW_BLOCKS 16u

static int put_in(struct bench *b, uint32_t unit, const char *file)
{
    struct medium_order o = { .unit = unit, .bytes = NEW_BLOCKS * 2048 };
    int fd = file == NULL ? -1 : open(file, O_RDONLY);
    int rc = ide_medium(devices_find(&b->devices, "ide"), &o, fd);

    if (rc != 0 && fd >= 0) {
        close(fd);
    }
    return rc;
}

/* The one event that is told, and what the drive says of its tray. */
static unsigned int event_of(struct bench *b)
{
    static const uint8_t event[12] = { 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8 };
    uint8_t d[8];

    packet(b, event, 8, false);
    assert_int_equal(status_of(b, 0x170), 0x58);
    read_words(b, 0x170, d, 4);
    return (unsigned int)d[4] << 8 | d[5];
}

static uint32_t first_word(struct bench *b, uint8_t lba)
{
    const uint8_t read10[12] = { 0x28, 0, 0, 0, 0, lba, 0, 0, 1 };
    uint32_t data[512];

    packet(b, read10, 2048, false);
    assert_int_equal(status_of(b, 0x170), 0x58);
    read_words(b, 0x170, data, 1024);
    return data[0];
}

static void another_medium_is_told_and_read(void **state)
{
    static const uint8_t ready[12] = { 0x00 };
    struct fixture *f = *state;
    struct bench *b = &f->b;

    assert_int_equal(first_word(b, 3), 3);
    assert_int_equal(put_in(b, 2, f->disk), 0);
    assert_int_equal(event_of(b), CD_EVENT_NEW << 8 | 2);
    packet(b, ready, 0, false);
    assert_int_equal(bench_in(b, 0x171, 1) >> 4, 6);
    assert_int_equal(event_of(b), 2);              /* told once */
    assert_int_equal(first_word(b, 3), 12);        /* sectors of 512 */
    assert_int_equal(put_in(b, 2, NULL), 0);
    assert_int_equal(event_of(b), CD_EVENT_GONE << 8);
    packet(b, ready, 0, false);
    assert_int_equal(bench_in(b, 0x171, 1) >> 4, 2);
    assert_int_equal(put_in(b, 2, f->cd), 0);
    packet(b, ready, 0, false);
    assert_int_equal(bench_in(b, 0x171, 1) >> 4, 6);
    assert_int_equal(first_word(b, NEW_BLOCKS - 1), NEW_BLOCKS - 1);
}

static void a_locked_tray_keeps_its_medium_and_tells_the_guest(void **state)
{
    static const uint8_t lock[12] = { 0x1e, 0, 0, 0, 1 };
    static const uint8_t unlock[12] = { 0x1e };
    struct fixture *f = *state;
    struct bench *b = &f->b;

    packet(b, lock, 0, false);
    assert_int_equal(put_in(b, 2, f->disk), -EBUSY);
    assert_int_equal(first_word(b, 3), 3);
    assert_int_equal(event_of(b), CD_EVENT_EJECT << 8 | 2);
    packet(b, unlock, 0, false);
    assert_int_equal(put_in(b, 2, f->disk), 0);
}

static void only_an_idle_cd_drive_takes_a_medium(void **state)
{
    static const uint8_t read10[12] = { 0x28, 0, 0, 0, 0, 20, 0, 0, 2 };
    struct fixture *f = *state;
    struct bench *b = &f->b;

    assert_int_equal(put_in(b, 0, f->cd), -ENODEV);        /* a disk */
    assert_int_equal(put_in(b, 3, f->cd), -ENODEV);        /* none there */
    assert_int_equal(put_in(b, 4, f->cd), -ENODEV);
    assert_int_equal(put_in(b, 0xffffffff, f->cd), -ENODEV);
    packet(b, read10, 1024, false);
    assert_int_equal(put_in(b, 2, f->disk), -EAGAIN);
    assert_int_equal(status_of(b, 0x170), 0x58);
    assert_int_equal(put_in(b, 2, f->disk), -EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, ide_start, ide_stop)
        T(a_cd_is_read_in_blocks_of_the_guests_choice),
        T(a_cd_is_read_by_dma),
        T(a_cd_tells_its_size_and_contents),
        T(errors_of_a_cd_are_told_by_sense),
        T(an_ejected_medium_is_not_ready_and_comes_back_changed),
        T(another_medium_is_told_and_read),
        T(a_locked_tray_keeps_its_medium_and_tells_the_guest),
        T(only_an_idle_cd_drive_takes_a_medium),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
