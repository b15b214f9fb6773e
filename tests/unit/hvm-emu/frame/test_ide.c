/* SPDX-License-Identifier: MIT */
/*
 * A disk at 0:0 of 8 MiB whose sector n begins with n, an image file; a CD at
 * 1:0 of 1 MiB, the same by its blocks.
 */
#include "bench.h"

#include <dev/ide_int.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#define DISK_SECTORS 16384u
#define CD_BLOCKS    512u
#define IDE_FN       PCI_DEVFN(1, 1)
#define BM           0xc000u
#define PRDS         0x8000u

struct fixture {
    struct bench b;
    char disk[32], cd[32];
};

static void fill(int fd, uint32_t nr, uint32_t unit)
{
    uint8_t *block = calloc(1, unit);
    uint32_t i;

    for (i = 0; i < nr; i++) {
        memcpy(block, &i, sizeof(i));
        block[unit - 1] = (uint8_t)~i;
        if (write(fd, block, unit) != (ssize_t)unit) {
            abort();
        }
    }
    free(block);
}

static void make(char *path, const char *name, uint32_t nr, uint32_t unit)
{
    int fd;

    snprintf(path, 32, "%s", name);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    fill(fd, nr, unit);
    close(fd);
}

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct emu_config *c = &f->b.config;

    make(f->disk, "/tmp/emu-diskXXXXXX", DISK_SECTORS, 512);
    make(f->cd, "/tmp/emu-cdXXXXXX", CD_BLOCKS, 2048);
    c->disk[0] = (struct emu_disk) { .present = true, .path = f->disk };
    c->disk[2] = (struct emu_disk) { .present = true, .path = f->cd,
                                     .cdrom = true,
                                     .readonly = true };
    bench_start(&f->b);
    bench_devices(&f->b);
    bench_cfg_set(&f->b, IDE_FN, 0x20, 4, BM);
    bench_cfg_set(&f->b, IDE_FN, 4, 2, 5);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    bench_stop(&f->b);
    unlink(f->disk);
    unlink(f->cd);
    free(f);
    return 0;
}

/* ---- as a driver does ------------------------------------------------------------ */

static void task(struct bench *b, uint16_t port, uint32_t lba, uint8_t count,
                 uint8_t cmd)
{
    bench_out(b, port + 6, 1, 0xe0 | (lba >> 24 & 0xf));
    bench_out(b, port + 2, 1, count);
    bench_out(b, port + 3, 1, lba & 0xff);
    bench_out(b, port + 4, 1, lba >> 8 & 0xff);
    bench_out(b, port + 5, 1, lba >> 16 & 0xff);
    bench_out(b, port + 7, 1, cmd);
}

static uint8_t status_of(struct bench *b, uint16_t port)
{
    bench_run(b, 1000);
    return (uint8_t)bench_in(b, port + 7, 1);
}

static void read_words(struct bench *b, uint16_t port, void *to, unsigned int n)
{
    uint16_t *w = to;
    unsigned int i;

    for (i = 0; i < n; i++) {
        w[i] = (uint16_t)bench_in(b, port, 2);
    }
}

static void prd(struct bench *b, unsigned int i, uint32_t addr, uint16_t bytes,
                bool last)
{
    uint8_t *row = b->memory + PRDS + i * 8;

    memcpy(row, &addr, 4);
    memcpy(row + 4, &bytes, 2);
    row[6] = 0;
    row[7] = last ? 0x80 : 0;
}

static void dma_go(struct bench *b, bool to_memory)
{
    bench_out(b, BM + 4, 4, PRDS);
    bench_out(b, BM + 2, 1, 0x06);
    bench_out(b, BM, 1, to_memory ? 9 : 1);
    bench_run(b, 1000);
}

static uint32_t word_at(struct bench *b, uint32_t gpa)
{
    uint32_t v;

    memcpy(&v, b->memory + gpa, 4);
    return v;
}

static void packet(struct bench *b, const uint8_t p[12], uint16_t limit,
                   bool dma)
{
    unsigned int i;

    bench_out(b, 0x176, 1, 0xa0);
    bench_out(b, 0x171, 1, dma);
    bench_out(b, 0x174, 1, limit & 0xff);
    bench_out(b, 0x175, 1, limit >> 8);
    bench_out(b, 0x177, 1, 0xa0);
    assert_int_equal(status_of(b, 0x170), 0x58);
    assert_int_equal(bench_in(b, 0x172, 1), 1);
    for (i = 0; i < 12; i += 2) {
        bench_out(b, 0x170, 2, p[i] | (uint32_t)p[i + 1] << 8);
    }
}

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
    assert_int_equal(bench_in(b, 0x1f7, 1), 0xff);
    assert_int_not_equal(bench_in(b, 0x177, 1), 0xff);
    task(b, 0x1f0, 0, 1, 0x20);
    assert_int_equal(bench_in(b, 0x1f7, 1), 0xff);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
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
        T(a_cd_is_read_in_blocks_of_the_guests_choice),
        T(a_cd_is_read_by_dma),
        T(a_cd_tells_its_size_and_contents),
        T(errors_of_a_cd_are_told_by_sense),
        T(another_medium_is_told_and_read),
        T(a_locked_tray_keeps_its_medium_and_tells_the_guest),
        T(only_an_idle_cd_drive_takes_a_medium),
        T(an_ejected_medium_is_not_ready_and_comes_back_changed),
        T(unplugged_disks_are_gone_and_unlocked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
