/* SPDX-License-Identifier: MIT */
/* Requests in the shared pages, guest memory, timers, saved state. */
#include "bench.h"

#include <bus/irq.h>
#include <frame/state.h>
#include <frame/timer.h>
#include <guest/guest_mem.h>
#include <lib/buf.h>
#include <lib/err.h>
#include <run/snapshot.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

static int start(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    bench_start(b);
    bench_devices(b);
    *state = b;
    return 0;
}

static int stop(void **state)
{
    bench_stop(*state);
    free(*state);
    return 0;
}

static struct ioreq *ask(struct bench *b, unsigned int vcpu, struct ioreq req)
{
    struct ioreq *slot = &b->slots->vcpu_ioreq[vcpu];

    *slot = req;
    slot->state = STATE_IOREQ_READY;
    return slot;
}

/* ---- slots ------------------------------------------------------------------------ */

static void a_request_is_answered_and_told(void **state)
{
    struct bench *b = *state;
    struct ioreq *slot = ask(b, 1, (struct ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_READ, .addr = 0x402, .size = 1,
        .count = 1, .data = 0x1234, .df = 1 });

    assert_false(server_run_vcpu(&b->server, 0));
    assert_true(server_run_vcpu(&b->server, 1));
    assert_int_equal(slot->state, STATE_IORESP_READY);
    assert_int_equal(slot->data, 0xe9);
    assert_int_equal(slot->df, 1);
    assert_int_equal(b->notified, 2);
    assert_false(server_run_vcpu(&b->server, 1));
}

/* What a dead predecessor had begun is done again. */
static void a_request_in_process_is_taken_up(void **state)
{
    struct bench *b = *state;
    struct ioreq *slot = ask(b, 0, (struct ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_READ, .addr = 0x92, .size = 1,
        .count = 1 });

    slot->state = STATE_IOREQ_INPROCESS;
    assert_true(server_run_vcpu(&b->server, 0));
    assert_int_equal(slot->data, 2);
}

/* As seen by whoever saves the guest: asked, answered, taken. */
static void a_server_is_idle_when_answers_are_taken(void **state)
{
    struct bench *b = *state;
    struct ioreq *slot;

    assert_true(server_idle(&b->server, 2));
    slot = ask(b, 1, (struct ioreq) { .type = IOREQ_TYPE_PIO, .size = 1,
        .dir = IOREQ_READ, .addr = 0x92, .count = 1 });
    assert_false(server_idle(&b->server, 2));
    assert_true(server_run_vcpu(&b->server, 1));
    assert_false(server_idle(&b->server, 2));
    slot->state = STATE_IOREQ_NONE;
    assert_true(server_idle(&b->server, 2));
}

static void string_input_goes_to_memory_both_ways(void **state)
{
    struct bench *b = *state;

    memset(b->memory + 0x1ff0, 0, 32);
    ask(b, 0, (struct ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_READ, .addr = 0x402, .size = 1,
        .count = 20, .data = 0x1ff8, .data_is_ptr = 1 });
    server_run_vcpu(&b->server, 0);
    assert_int_equal(b->memory[0x1ff7], 0);
    assert_int_equal(b->memory[0x1ff8], 0xe9);
    assert_int_equal(b->memory[0x200b], 0xe9);
    assert_int_equal(b->memory[0x200c], 0);
    ask(b, 0, (struct ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_READ, .addr = 0x402, .size = 1,
        .count = 3, .data = 0x3002, .data_is_ptr = 1, .df = 1 });
    server_run_vcpu(&b->server, 0);
    assert_int_equal(b->memory[0x3000], 0xe9);
    assert_int_equal(b->memory[0x3002], 0xe9);
    assert_int_equal(b->memory[0x3003], 0);
}

static void string_output_comes_from_memory(void **state)
{
    struct bench *b = *state;

    b->memory[0x1000] = 0x0c;
    b->memory[0x1001] = 0x55;
    ask(b, 0, (struct ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_WRITE, .addr = 0x81, .size = 1,
        .count = 2, .data = 0x1000, .data_is_ptr = 1 });
    server_run_vcpu(&b->server, 0);
    assert_int_equal(bench_in(b, 0x81, 1), 0x55);
}

/* Sizes, counts and addresses that no CPU asks for do nothing. */
static void impossible_requests_end(void **state)
{
    static const struct ioreq odd[] = {
        { .type = IOREQ_TYPE_PIO, .size = 0, .count = 1, .addr = 0x80 },
        { .type = IOREQ_TYPE_PIO, .size = 4096, .count = 1, .addr = 0x80 },
        { .type = IOREQ_TYPE_PIO, .size = 4, .count = ~0u, .addr = 0x80,
          .data_is_ptr = 1, .data = 0x1000 },
        { .type = IOREQ_TYPE_COPY, .size = 8, .count = ~0u,
          .addr = UINT64_MAX, .dir = IOREQ_READ },
        { .type = IOREQ_TYPE_COPY, .size = 8, .count = 100, .df = 1,
          .addr = 0, .dir = IOREQ_READ, .data_is_ptr = 1,
          .data = UINT64_MAX },
        { .type = IOREQ_TYPE_PIO, .size = 2, .count = 1, .addr = ~0ull,
          .dir = IOREQ_READ },
        { .type = IOREQ_TYPE_PCI_CONFIG, .size = 8, .count = 1,
          .addr = ~0ull, .dir = IOREQ_READ },
        { .type = IOREQ_TYPE_PCI_CONFIG, .size = 4, .count = 1,
          .addr = 0xffull << 32 | 0xff, .dir = IOREQ_WRITE },
        { .type = 77, .size = 1, .count = 1 },
    };
    struct bench *b = *state;
    unsigned int i;

    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        ask(b, 0, odd[i]);
        assert_true(server_run_vcpu(&b->server, 0));
    }
}

static void config_requests_reach_the_function(void **state)
{
    struct bench *b = *state;
    struct ioreq *slot = ask(b, 0, (struct ioreq) {
        .type = IOREQ_TYPE_PCI_CONFIG, .dir = IOREQ_READ, .size = 2,
        .count = 1, .addr = (uint64_t)PCI_DEVFN(1, 1) << 32 | 2 });

    server_run_vcpu(&b->server, 0);
    assert_int_equal(slot->data, 0x7010);
}

/* ---- ring --------------------------------------------------------------------------- */

static void buffered_writes_come_before_the_request(void **state)
{
    struct bench *b = *state;
    struct ioreq *slot;

    b->ring->buf_ioreq[0] = (struct buf_ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_WRITE, .addr = 0x81, .data = 7 };
    b->ring->buf_ioreq[1] = (struct buf_ioreq) {
        .type = IOREQ_TYPE_PIO, .dir = IOREQ_WRITE, .addr = 0x82, .data = 8 };
    b->ring->write_pointer = 2;
    slot = ask(b, 0, (struct ioreq) { .type = IOREQ_TYPE_PIO, .size = 1,
        .dir = IOREQ_READ, .addr = 0x81, .count = 1 });
    server_run_vcpu(&b->server, 0);
    assert_int_equal(slot->data, 7);
    assert_int_equal(b->ring->read_pointer, 2);
    assert_int_equal(bench_in(b, 0x82, 1), 8);
}

static void indices_without_sense_do_not_hold_us(void **state)
{
    struct bench *b = *state;

    b->ring->read_pointer = 5;
    b->ring->write_pointer = 4;
    assert_int_equal(server_run_ring(&b->server), IOREQ_BUFFER_SLOT_NUM);
}

/* A gfn whose frame is another now is not seen through the old window. */
static void memory_that_left_is_mapped_anew(void **state)
{
    struct bench *b = *state;
    const uint64_t gpa = BENCH_MEMORY + 0x100000;
    uint8_t byte = 0x5a;

    b->nr_moved = 2;
    b->moved[0] = gpa / 4096;
    b->moved[1] = gpa / 4096 + 1;
    assert_int_equal(guest_write(&b->m, gpa, &byte, 1), 0);
    b->moved[0] = gpa / 4096 + 1;
    b->moved[1] = gpa / 4096;
    b->ring->buf_ioreq[0] = (struct buf_ioreq) {
        .type = IOREQ_TYPE_INVALIDATE, .size = 2, .data = ~0u };
    b->ring->write_pointer = 1;
    assert_int_equal(server_run_ring(&b->server), 1);
    assert_int_equal(guest_read(&b->m, gpa, &byte, 1), 0);
    assert_int_equal(byte, 0);
}

/* ---- memory --------------------------------------------------------------------------- */

static void memory_is_reached_in_windows_and_holes_refused(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[8192];

    memset(b->memory + 0xff800, 0x11, 0x1000);
    assert_int_equal(guest_read(&b->m, 0xff800, bytes, 0x1000), 0);
    assert_int_equal(bytes[0xfff], 0x11);
    memset(bytes, 0x22, sizeof(bytes));
    assert_int_equal(guest_write(&b->m, 0x9f000, bytes, 8192), -1);
    assert_int_equal(b->memory[0x9ffff], 0x22);      /* up to the hole */
    assert_int_equal(guest_read(&b->m, UINT64_MAX - 3, bytes, 8), -1);
    assert_int_equal(guest_read(&b->m, 0x1000, bytes, 0), 0);
}

/* ---- timers ----------------------------------------------------------------------------- */

struct tick {
    struct emu_timer t;
    unsigned int fired;
    bool again;
};

static void on_tick(void *arg)
{
    struct tick *k = arg;

    k->fired++;
    if (k->again && k->fired < 3) {
        timer_set(&k->t, 10);
    }
}

static void timers_fire_once_in_order_and_again_if_set(void **state)
{
    struct bench *b = *state;
    struct tick one = { 0 }, many = { .again = true };

    timer_init(&b->m, &one.t, on_tick, &one);
    timer_init(&b->m, &many.t, on_tick, &many);
    timer_set(&one.t, 100);
    timer_set(&many.t, 50);
    bench_run(b, 60);
    assert_int_equal(one.fired, 0);
    assert_int_equal(many.fired, 2);
    assert_int_equal(timer_left(&one.t), 40);
    timer_stop(&one.t);
    bench_run(b, 1000);
    assert_int_equal(one.fired, 0);
    assert_int_equal(many.fired, 3);
    timer_fini(&one.t);
    timer_fini(&many.t);
}

/* ---- state ------------------------------------------------------------------------------- */

static void state_goes_to_another_machine(void **state)
{
    struct bench *b = *state;
    struct bench *c = calloc(1, sizeof(*c));
    const struct snapshot head = { .domid = 9, .server_id = 3 };
    struct snapshot seen = { 0 };
    struct buf out = BUF_INIT;
    struct err e = ERR_INIT;

    bench_out(b, 0x3ff, 1, 0x5a);
    bench_out(b, 0x81, 1, 0x33);
    bench_cfg_set(b, PCI_DEVFN(1, 0), 0x60, 1, 10);
    bench_cfg_set(b, PCI_DEVFN(1, 1), 0x20, 4, 0xc100);
    bench_cfg_set(b, PCI_DEVFN(1, 1), 4, 2, 5);
    bench_out(b, 0xc104, 4, 0x12340);
    assert_int_equal(snapshot_save(&out, &head, &b->devices), 0);
    bench_start(c);
    c->m.restored = true;
    memcpy(c->moved, b->moved, sizeof(c->moved));
    c->nr_moved = b->nr_moved;
    bench_devices(c);
    assert_int_equal(snapshot_head(&out, &seen), 0);
    assert_int_equal(seen.server_id, 3);
    assert_int_equal(snapshot_load(&out, &c->devices, &e), 0);

    assert_int_equal(bench_in(c, 0x3ff, 1), 0x5a);
    assert_int_equal(bench_in(c, 0x81, 1), 0x33);
    assert_int_equal(c->link[0], 10);
    assert_int_equal(bench_in(c, 0xc104, 4), 0x12340);
    bench_stop(c);
    free(c);
    buf_free(&out);
}

/* Foreign bytes: cut, or with any one byte changed, never more than refused. */
static void damaged_state_is_refused_or_harmless(void **state)
{
    struct bench *b = *state;
    const struct snapshot head = { .domid = 9 };
    struct buf out = BUF_INIT;
    struct err e = ERR_INIT;
    size_t at;

    assert_int_equal(snapshot_save(&out, &head, &b->devices), 0);
    for (at = 0; at < 3000; at += 7) {
        struct buf cut = out;

        cut.len = at;
        assert_int_not_equal(snapshot_load(&cut, &b->devices, &e), 0);
        out.data[at] = (char)(out.data[at] ^ 0xff);
        (void)snapshot_load(&out, &b->devices, &e);
        out.data[at] = (char)(out.data[at] ^ 0xff);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(a_request_is_answered_and_told),
        T(a_request_in_process_is_taken_up),
        T(a_server_is_idle_when_answers_are_taken),
        T(string_input_goes_to_memory_both_ways),
        T(string_output_comes_from_memory),
        T(impossible_requests_end),
        T(config_requests_reach_the_function),
        T(buffered_writes_come_before_the_request),
        T(indices_without_sense_do_not_hold_us),
        T(memory_that_left_is_mapped_anew),
        T(memory_is_reached_in_windows_and_holes_refused),
        T(timers_fire_once_in_order_and_again_if_set),
        T(state_goes_to_another_machine),
        T(damaged_state_is_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
