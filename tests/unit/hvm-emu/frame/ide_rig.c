/* SPDX-License-Identifier: MIT */
/* Images of known contents, and a driver's steps: see ide_rig.h. */
#include "ide_rig.h"

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

int ide_start(void **state)
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

int ide_stop(void **state)
{
    struct fixture *f = *state;

    bench_stop(&f->b);
    unlink(f->disk);
    unlink(f->cd);
    free(f);
    return 0;
}

/* ---- as a driver does ------------------------------------------------------------ */

void task(struct bench *b, uint16_t port, uint32_t lba, uint8_t count,
          uint8_t cmd)
{
    bench_out(b, port + 6, 1, 0xe0 | (lba >> 24 & 0xf));
    bench_out(b, port + 2, 1, count);
    bench_out(b, port + 3, 1, lba & 0xff);
    bench_out(b, port + 4, 1, lba >> 8 & 0xff);
    bench_out(b, port + 5, 1, lba >> 16 & 0xff);
    bench_out(b, port + 7, 1, cmd);
}

uint8_t status_of(struct bench *b, uint16_t port)
{
    bench_run(b, 1000);
    return (uint8_t)bench_in(b, port + 7, 1);
}

void read_words(struct bench *b, uint16_t port, void *to, unsigned int n)
{
    uint16_t *w = to;
    unsigned int i;

    for (i = 0; i < n; i++) {
        w[i] = (uint16_t)bench_in(b, port, 2);
    }
}

void prd(struct bench *b, unsigned int i, uint32_t addr, uint16_t bytes,
         bool last)
{
    uint8_t *row = b->memory + PRDS + i * 8;

    memcpy(row, &addr, 4);
    memcpy(row + 4, &bytes, 2);
    row[6] = 0;
    row[7] = last ? 0x80 : 0;
}

void dma_go(struct bench *b, bool to_memory)
{
    bench_out(b, BM + 4, 4, PRDS);
    bench_out(b, BM + 2, 1, 0x06);
    bench_out(b, BM, 1, to_memory ? 9 : 1);
    bench_run(b, 1000);
}

uint32_t word_at(struct bench *b, uint32_t gpa)
{
    uint32_t v;

    memcpy(&v, b->memory + gpa, 4);
    return v;
}

void packet(struct bench *b, const uint8_t p[12], uint16_t limit,
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
