/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest against the whole device model: bytes become port, memory
 * and configuration accesses, requests in the shared pages, lists of pieces
 * for the bus masters, whole IDE commands and CD packets, time.  What may not
 * happen: an access outside a buffer, a hang, memory that grows, a wire or a
 * range left behind.
 * Covers hvm-emu/bus, guest, dev, run/request, run/server, host/image.
 *
 *   fuzz_machine [SECONDS [SEED]]            (random bytes, by gcc)
 *   libfuzzer_machine [libFuzzer's options]  (guided by coverage, by clang)
 */
#include "../unit/hvm-emu/frame/bench.h"

#include <bus/irq.h>
#include <frame/timer.h>
#include <lib/log.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DISK_BYTES (2u << 20)
#define BM         0xc000u
#define LISTS      0x8000u             /* where pieces are written */
#define FRESH      64u                 /* inputs until a new machine */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench *b;
static char disk_path[32], cd_path[32];
static unsigned int inputs;

/* ---- the input as numbers --------------------------------------------------------- */

struct input {
    const uint8_t *at;
    size_t left;
};

static uint32_t take(struct input *in, unsigned int bytes)
{
    uint32_t v = 0;

    while (bytes-- > 0) {
        v = v << 8 | (in->left > 0 ? *in->at++ : 0);
        in->left -= in->left > 0;
    }
    return v;
}

/* ---- a machine ------------------------------------------------------------------------ */

static void make_file(char path[32], const char *name)
{
    int fd;

    snprintf(path, 32, "%s", name);
    fd = mkstemp(path);
    if (fd < 0 || ftruncate(fd, DISK_BYTES) != 0) {
        abort();
    }
    close(fd);
}

static void forget_files(void)
{
    unlink(disk_path);
    unlink(cd_path);
}

static void set_up(void)
{
    static const uint8_t functions[] = { PCI_DEVFN(1, 1), PCI_DEVFN(2, 0),
                                         PCI_DEVFN(3, 0) };
    unsigned int i;

    if (disk_path[0] == '\0') {
        make_file(disk_path, "/tmp/fuzz-diskXXXXXX");
        make_file(cd_path, "/tmp/fuzz-cdXXXXXX");
        atexit(forget_files);
        log_to_fd(open("/dev/null", O_WRONLY));
    }
    b = calloc(1, sizeof(*b));
    b->config.vga = "std";
    b->config.disk[0] = (struct emu_disk) { .present = true,
                                            .path = disk_path };
    b->config.disk[2] = (struct emu_disk) { .present = true,
        .path = cd_path, .cdrom = true, .readonly = true };
    b->config.disk[3] = (struct emu_disk) { .present = true,
                                            .cdrom = true };
    bench_start(b);
    bench_devices(b);
    bench_cfg_set(b, PCI_DEVFN(1, 1), 0x20, 4, BM);
    bench_cfg_set(b, PCI_DEVFN(2, 0), 0x10, 4, 0xc100);
    bench_cfg_set(b, PCI_DEVFN(2, 0), 0x14, 4, 0xf3000000);
    bench_cfg_set(b, PCI_DEVFN(3, 0), 0x10, 4, 0xf1000000);
    bench_cfg_set(b, PCI_DEVFN(3, 0), 0x18, 4, 0xf4000000);
    for (i = 0; i < sizeof(functions); i++) {
        bench_cfg_set(b, functions[i], 4, 2, 7);
    }
}

static void tear_down(void)
{
    bench_stop(b);
    if (b->ranges != 0) {
        fprintf(stderr, "broken: %d ranges left\n", b->ranges);
        abort();
    }
    free(b);
    b = NULL;
}

/* ---- what a guest does ------------------------------------------------------------------ */

static const struct { uint16_t first, len; } ports[] = {
    { 0x1f0, 8 }, { 0x170, 8 }, { 0x3f6, 1 }, { 0x376, 1 }, { BM, 16 },
    { 0x3f8, 8 }, { 0xcf8, 8 }, { 0x10, 4 }, { 0x402, 1 }, { 0x00, 16 },
    { 0x80, 19 }, { 0xc0, 32 }, { 0xb2, 2 }, { 0xb004, 2 }, { 0xafe0, 4 },
    { 0x70, 2 }, { 0x60, 5 }, { 0x3b0, 48 }, { 0x1ce, 3 }, { 0xc100, 256 },
};
#define NR_PORTS (sizeof(ports) / sizeof(ports[0]))

static uint16_t some_port(struct input *in)
{
    uint32_t i = take(in, 1);

    return i >= 0xf0 ? (uint16_t)take(in, 2)
           : (uint16_t)(ports[i % NR_PORTS].first +
                        take(in, 1) % ports[i % NR_PORTS].len);
}

static unsigned int some_size(struct input *in)
{
    static const uint8_t sizes[] = { 1, 1, 2, 4 };

    return sizes[take(in, 1) & 3];
}

static void op_out(struct input *in)
{
    uint16_t port = some_port(in);
    unsigned int size = some_size(in);

    bench_out(b, port, size, take(in, size));
}

static void op_in(struct input *in)
{
    uint16_t port = some_port(in);

    (void)bench_in(b, port, some_size(in));
}

static void op_config(struct input *in)
{
    static const uint8_t known[] = { 0, 8, 9, 11, 16, 24, 25, 32 };
    uint8_t fn = known[take(in, 1) & 7];
    uint8_t off = (uint8_t)take(in, 1);
    unsigned int size = some_size(in);

    bench_cfg_set(b, fn, off, size, take(in, size));
}

static uint64_t some_address(struct input *in)
{
    static const uint64_t bases[] = { 0xa0000, 0xb8000, 0xf1000000,
                                      0xf3000000, 0xf4000000, 0xfee00000,
                                      0x1000, UINT64_MAX - 0xffff };

    return bases[take(in, 1) & 7] + take(in, 2);
}

static void op_memory(struct input *in)
{
    uint64_t at = some_address(in);
    uint32_t how = take(in, 1);
    unsigned int size = 1u << (how >> 1 & 3);

    if (how & 1) {
        (void)range_read(&b->m, RANGE_MMIO, at, size);
    } else {
        range_write(&b->m, RANGE_MMIO, at, size,
                    take(in, 4) * 0x100000001ull);
    }
}

/* A piece of a list: mostly of memory that is there. */
static void op_piece(struct input *in)
{
    uint8_t *row = b->memory + LISTS + take(in, 1) * 8;
    uint32_t how = take(in, 1);
    uint32_t addr = how >= 0xf0 ? take(in, 4) : 0x100000 + take(in, 2) * 16;

    memcpy(row, &addr, 4);
    pci_set16(row + 4, (uint16_t)take(in, 2));
    row[7] = how & 1 ? 0x80 : 0;
}

static void op_command(struct input *in)
{
    static const uint8_t commands[] = {
        0xec, 0xa1, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4,
        0xc5, 0xc6, 0xc8, 0xca, 0xe7, 0xef, 0xa0, 0x90, 0x08, 0x27, 0xf8,
    };
    uint16_t port = take(in, 1) & 1 ? 0x170 : 0x1f0;
    uint32_t which = take(in, 1);
    unsigned int i;

    bench_out(b, port + 6, 1, 0xe0 | take(in, 1));
    for (i = 0; i < 4; i++) {
        bench_out(b, port + 2 + i % 4, 1, take(in, 1));
    }
    bench_out(b, port + 7, 1, which < sizeof(commands) ? commands[which]
                                                       : which);
}

static void op_packet(struct input *in)
{
    static const uint8_t ops[] = { 0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x25,
        0x28, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd, 0xbe };
    unsigned int i;

    bench_out(b, 0x176, 1, take(in, 1) & 0x10);
    bench_out(b, 0x171, 1, take(in, 1) & 1);
    bench_out(b, 0x174, 1, take(in, 1));
    bench_out(b, 0x175, 1, take(in, 1));
    bench_out(b, 0x177, 1, 0xa0);
    bench_out(b, 0x170, 2, ops[take(in, 1) & 15] | take(in, 1) << 8);
    for (i = 1; i < 6; i++) {
        bench_out(b, 0x170, 2, take(in, 2));
    }
}

static void op_master(struct input *in)
{
    uint16_t at = take(in, 1) & 1 ? BM + 8 : BM;

    bench_out(b, at + 4, 4, LISTS + (take(in, 1) & 0xfc) * 8);
    bench_out(b, at, 1, take(in, 1));
    bench_run(b, 100);
    bench_out(b, at, 1, take(in, 1));
}

static void op_data(struct input *in)
{
    struct ioreq req = { .type = IOREQ_TYPE_PIO, .data_is_ptr = 1 };

    req.addr = take(in, 1) & 1 ? 0x170 : 0x1f0;
    req.dir = take(in, 1) & 1;
    req.size = some_size(in);
    req.count = take(in, 2) & 0x3ff;
    req.df = take(in, 1) & 1;
    req.data = 0x100000 + take(in, 2);
    req.state = STATE_IOREQ_READY;
    b->slots->vcpu_ioreq[0] = req;
    (void)server_run_vcpu(&b->server, 0);
}

static void op_slot(struct input *in)
{
    uint8_t *slot = (uint8_t *)&b->slots->vcpu_ioreq[1];
    unsigned int i;

    for (i = 0; i < sizeof(struct ioreq); i++) {
        slot[i] = (uint8_t)take(in, 1);
    }
    b->slots->vcpu_ioreq[1].type &= 0xb;
    (void)server_run_vcpu(&b->server, 1);
}

static void op_ring(struct input *in)
{
    uint32_t v = take(in, 4);

    b->ring->buf_ioreq[v % IOREQ_BUFFER_SLOT_NUM] = (struct buf_ioreq) {
        .type = (uint8_t)take(in, 1) & 1, .size = take(in, 1) & 3,
        .addr = take(in, 3) & 0xfffff, .data = v,
    };
    b->ring->read_pointer = v & 0xff;
    b->ring->write_pointer = (v & 0xff) + (v >> 8 & 0x1f) - (v >> 31);
    (void)server_run_ring(&b->server);
}

static void op_time(struct input *in)
{
    bench_run(b, (uint64_t)take(in, 2) << 10);
}

static void (*const ops[])(struct input *in) = {
    op_out, op_in, op_config, op_memory, op_piece, op_command, op_packet,
    op_master, op_data, op_slot, op_ring, op_time, op_time, op_out, op_in,
    op_piece,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };

    if (b == NULL) {
        set_up();
    }
    while (in.left > 0) {
        ops[take(&in, 1) & 15](&in);
    }
    devices_quiesce(&b->devices);
    if (++inputs % FRESH == 0) {
        devices_reset(&b->devices);
        tear_down();
    }
    return 0;
}
