/* SPDX-License-Identifier: MIT */
/*
 * A device model takes over from another: what a machine that was driven at
 * random saves, a new one loads and saves again, byte for byte.  Once for
 * each device of the fuzzer's table, so that it is in many states of that.
 */
#include "../../../fuzz/fuzz_machine.h"

#include <dev/ide_int.h>
#include <frame/timer.h>
#include <lib/buf.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>
#include <run/snapshot.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 24u
#define OPS    200u

static uint32_t seed = 1;

static void fill(uint8_t *to, size_t len)
{
    while (len-- > 0) {
        seed = seed * 1664525u + 1013904223u;
        *to++ = (uint8_t)(seed >> 24);
    }
}

static void drive(struct fuzz_machine *f, unsigned int nr)
{
    uint8_t bytes[64];

    while (nr-- > 0) {
        struct fuzz_input in = { bytes, sizeof(bytes) };
        fuzz_op *op;

        fill(bytes, sizeof(bytes));
        op = f->row->ops[fuzz_take(&in, 1) % f->row->nr_ops];
        if (op != fuzz_state) {
            op(f, &in);
        }
    }
}

static void save(struct fuzz_machine *f, struct buf *out)
{
    const struct snapshot head = { .domid = 1, .server_id = 2 };

    devices_quiesce(&f->b->devices);
    assert_int_equal(snapshot_save(out, &head, &f->b->devices), 0);
}

/* Where the two differ, for whoever reads the log. */
static void assert_same(const struct buf *a, const struct buf *b,
                        const char *name)
{
    size_t i;

    assert_int_equal(a->len, b->len);
    for (i = 0; i < a->len && a->data[i] == b->data[i]; i++) {
    }
    if (i != a->len) {
        fail_msg("%s: byte %zu of %zu: %02x, then %02x", name, i, a->len,
                 a->data[i] & 0xff, b->data[i] & 0xff);
    }
}

static void assert_same_wires(const struct bench *a, const struct bench *b)
{
    assert_memory_equal(a->isa, b->isa, sizeof(a->isa));
    assert_memory_equal(a->pci, b->pci, sizeof(a->pci));
    assert_memory_equal(a->link, b->link, sizeof(a->link));
    assert_int_equal(a->ranges, b->ranges);
}

static void take_over_once(const struct fuzz_row *row, unsigned int ops)
{
    struct fuzz_machine old = { .row = row }, new = { .row = row };
    struct buf before = BUF_INIT, after = BUF_INIT;
    struct err e = ERR_INIT;

    fuzz_machine_start(&old, NULL);
    drive(&old, ops);
    save(&old, &before);
    fuzz_machine_start(&new, &old);
    assert_int_equal(snapshot_load(&before, &new.b->devices, &e), 0);
    assert_same_wires(old.b, new.b);
    save(&new, &after);
    assert_same(&before, &after, row->name);
    drive(&new, 20);                   /* and goes on */
    fuzz_machine_stop(&old);
    fuzz_machine_stop(&new);
    assert_int_equal(new.ranges_left, 0);
    buf_free(&before);
    buf_free(&after);
}

static void a_successor_has_the_same_state(void **state)
{
    unsigned int i, n;

    for (i = 0; i < fuzz_nr_rows; i++) {
        for (n = 0; n < ROUNDS; n++) {
            take_over_once(&fuzz_rows[i], n * OPS / ROUNDS);
        }
    }
}

/* A CD's answer that waits for the bus master to be started. */
static void an_answer_by_dma_survives(void **state)
{
    static const uint16_t inquiry[6] = { 0x12, 0, 0x24 };
    struct fuzz_machine old = { .row = fuzz_rows }, new = old;
    struct buf out = BUF_INIT;
    struct err e = ERR_INIT;
    uint32_t piece[2] = { 0x100000, 0x80000024 };
    unsigned int i;

    fuzz_machine_start(&old, NULL);
    bench_out(old.b, 0x171, 1, 1);
    bench_out(old.b, 0x177, 1, 0xa0);
    for (i = 0; i < 6; i++) {
        bench_out(old.b, 0x170, 2, inquiry[i]);
    }
    save(&old, &out);
    fuzz_machine_start(&new, &old);
    assert_int_equal(snapshot_load(&out, &new.b->devices, &e), 0);
    memcpy(new.b->memory + FUZZ_LISTS, piece, 8);
    bench_out(new.b, FUZZ_BM + 12, 4, FUZZ_LISTS);
    bench_out(new.b, FUZZ_BM + 8, 1, 9);
    assert_int_equal(bench_in(new.b, 0x177, 1) & 0x89, 0);
    assert_int_equal(new.b->memory[0x100000], 5);      /* a CD drive */
    assert_memory_equal(new.b->memory + 0x100008, "PARAVANE", 8);
    fuzz_machine_stop(&old);
    fuzz_machine_stop(&new);
    buf_free(&out);
}

/* The images of what PV drivers have now are not opened again. */
static void what_was_unplugged_stays_away(void **state)
{
    struct fuzz_machine old = { .row = fuzz_rows }, new = old;
    struct buf out = BUF_INIT;
    struct err e = ERR_INIT;

    fuzz_machine_start(&old, NULL);
    assert_int_equal(bench_cfg(old.b, PCI_DEVFN(4, 0), 0, 4), 0x100e8086);
    bench_out(old.b, 0x10, 2, 3);      /* disks, network cards */
    assert_int_equal(bench_cfg(old.b, PCI_DEVFN(4, 0), 0, 4), 0xffffffff);
    assert_int_equal(bench_in(old.b, 0x1f7, 1), 0);
    save(&old, &out);
    new.disk_gone = true;
    fuzz_machine_start(&new, &old);
    assert_int_equal(snapshot_load(&out, &new.b->devices, &e), 0);
    assert_int_equal(bench_cfg(new.b, PCI_DEVFN(4, 0), 0, 4), 0xffffffff);
    assert_int_equal(bench_in(new.b, 0x1f7, 1), 0);
    assert_int_equal(bench_in(new.b, 0x176, 1) & 0xa0, 0xa0);  /* CDs stay */
    fuzz_machine_stop(&old);
    fuzz_machine_stop(&new);
    buf_free(&out);
}

/* A disk that has left reads nothing: a file that says both is refused. */
static void a_command_of_an_unplugged_disk_is_refused(void **state)
{
    struct fuzz_machine f = { .row = fuzz_rows };
    struct ide *ide;
    struct buf out = BUF_INIT;
    struct err e = ERR_INIT;

    fuzz_machine_start(&f, NULL);
    bench_out(f.b, 0x1f2, 1, 4);
    bench_out(f.b, 0x1f6, 1, 0xe0);
    bench_out(f.b, 0x1f7, 1, 0x20);
    devices_quiesce(&f.b->devices);
    ide = devices_find(&f.b->devices, "ide");
    assert_int_equal(ide->channel[0].doing, IDE_READ);
    save(&f, &out);
    assert_int_equal(snapshot_load(&out, &f.b->devices, &e), 0);
    buf_reset(&out);
    ide->channel[0].drive[0].unplugged = 1;
    save(&f, &out);
    assert_int_not_equal(snapshot_load(&out, &f.b->devices, &e), 0);
    fuzz_machine_stop(&f);
    buf_free(&out);
}

#define E1000(reg) (0xf5000000u + (reg))

static void card_on(struct bench *b)
{
    static const struct { uint32_t reg, val; } set[] = {
        { 0x2800, 0x20000 }, { 0x2804, 0 }, { 0x2808, 64 * 16 },
        { 0x2810, 0 }, { 0x2818, 63 }, { 0x100, 0x801a },
    };
    unsigned int i;

    for (i = 0; i < 64; i++) {
        uint64_t at = 0x100000 + i * 2048;

        memcpy(b->memory + 0x20000 + i * 16, &at, 8);
    }
    for (i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
        range_write(&b->m, RANGE_MMIO, E1000(set[i].reg), 4, set[i].val);
    }
}

/* Whoever copies the guest's memory copies what the state belongs to. */
static void a_frozen_machine_takes_no_frames(void **state)
{
    struct fuzz_machine f = { .row = fuzz_rows };
    uint8_t frame[10 + 64];

    memset(frame, 0, 10);
    memset(frame + 10, 0xff, 64);
    fuzz_machine_start(&f, NULL);
    card_on(f.b);
    devices_freeze(&f.b->devices);
    assert_int_equal(send(f.wire, frame, sizeof(frame), 0), sizeof(frame));
    evloop_once(f.b->m.loop, 0);
    assert_int_equal(f.b->memory[0x100000], 0);
    assert_int_equal(range_read(&f.b->m, RANGE_MMIO, E1000(0x2810), 4), 0);
    devices_thaw(&f.b->devices);
    evloop_once(f.b->m.loop, 0);
    assert_int_equal(f.b->memory[0x100000], 0xff);
    assert_int_equal(range_read(&f.b->m, RANGE_MMIO, E1000(0x2810), 4), 1);
    fuzz_machine_stop(&f);
}

/* A card that goes takes its timers along. */
static void devices_that_went_have_no_timers(void **state)
{
    struct fuzz_machine f = { .row = fuzz_rows };
    struct devices d;

    fuzz_machine_start(&f, NULL);
    d = f.b->devices;
    devices_destroy(&f.b->devices);
    assert_true(d.nr > 0);
    bench_run(f.b, 1000000000);
    fuzz_machine_stop(&f);
    assert_int_equal(f.ranges_left, 0);
}

static int quiet(void **state)
{
    log_to_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_successor_has_the_same_state),
        cmocka_unit_test(an_answer_by_dma_survives),
        cmocka_unit_test(a_command_of_an_unplugged_disk_is_refused),
        cmocka_unit_test(a_frozen_machine_takes_no_frames),
        cmocka_unit_test(what_was_unplugged_stays_away),
        cmocka_unit_test(devices_that_went_have_no_timers),
    };

    return cmocka_run_group_tests(tests, quiet, NULL);
}
