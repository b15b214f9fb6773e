/* SPDX-License-Identifier: MIT */
/*
 * The network card under a hostile guest: rings of no length, descriptors
 * beyond memory, chains without an end, a wire that is lost.
 */
#include "e1000_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void ring_without_length_does_not_move(void **state)
{
    struct virtio_net_hdr h;
    uint8_t f[64];

    set(E_TDLEN, 0);
    set(E_TDT, 5);
    assert_int_equal(get(E_TDH), 0);
    set(E_RDLEN, 0);
    set(E_RCTL, 0x8002);
    set(E_RDT, 5);
    fill_frame(f, sizeof(f));
    memset(f, 0xff, 6);
    frame_in(f, sizeof(f));
    assert_int_equal(get(E_RDH), 0);
    assert_int_equal(frame_out(&h), -1);
}

static void indices_outside_the_ring_do_not_move_it(void **state)
{
    struct virtio_net_hdr h;

    set(E_TDH, 1000);
    set(E_TDT, 3);
    assert_int_equal(get(E_TDH), 1000);
    set(E_TDH, 0);
    set(E_TDT, 0xffff);
    assert_int_equal(get(E_TDH), 0);
    assert_int_equal(frame_out(&h), -1);
}

static void descriptors_beyond_memory_stop_the_ring(void **state)
{
    struct virtio_net_hdr h;

    set(E_TDBAL, 0xfffff000);
    set(E_TDBAH, 0xffffffff);
    set(E_TDT, 5);
    assert_int_equal(get(E_TDT), 0);
    assert_int_equal(frame_out(&h), -1);
}

static void buffers_beyond_memory_lose_the_frame_only(void **state)
{
    struct virtio_net_hdr h;

    fill_frame(rig.mem + BUFFERS, 100);
    queue(UINT64_MAX - 10, 100 | EOP | RS, 0);
    queue(BUFFERS, 100 | EOP | RS, 0);
    kick();
    assert_int_equal(frame_out(&h), 100);
    assert_int_equal(frame_out(&h), -1);
    assert_true(done(TX_RING, 0));
}

/* 15 descriptors of 64 KiB without an end, again and again. */
static void chain_without_an_end_is_dropped_whole(void **state)
{
    struct virtio_net_hdr h;
    unsigned int i, k;

    for (k = 0; k < 4; k++) {
        for (i = 0; i < NR - 1; i++) {
            queue(BUFFERS, 0xffff | DEXT | DATA, 0);
        }
        kick();
        assert_int_equal(get(E_TDH), tail);
    }
    queue(BUFFERS, 100 | DEXT | DATA | EOP, 0);
    kick();
    assert_int_equal(frame_out(&h), -1);
    queue(BUFFERS, 100 | DEXT | DATA | EOP, 0);
    kick();
    assert_int_equal(frame_out(&h), 100);
}

/* INV-E2: a long ring is worked off in turns. */
static void one_write_makes_bounded_work(void **state)
{
    uint32_t nr = 2048, i, turns = 0;

    set(E_TDLEN, nr * 16);
    for (i = 0; i < nr; i++) {
        fill(TX_RING, i, BUFFERS, 0, 0);
    }
    set(E_TDT, nr - 1);
    assert_int_equal(get(E_TDH), E1000_TX_TURN);
    while (rig_run(1) != 0) {
        turns++;
    }
    assert_int_equal(get(E_TDH), nr - 1);
    assert_true(turns >= nr / E1000_TX_TURN - 1);
}

static void card_that_is_no_bus_master_moves_nothing(void **state)
{
    struct virtio_net_hdr h;
    uint8_t f[64];

    give_buffers(0x8000);
    rig.no_master = true;
    fill_frame(f, sizeof(f));
    memset(f, 0xff, 6);
    frame_in(f, sizeof(f));
    assert_int_equal(get(E_RDH), 0);
    queue(BUFFERS, 100 | EOP, 0);
    kick();
    assert_int_equal(frame_out(&h), -1);
}

/* Also while the guest gives no buffers: no event may come for ever. */
static void lost_wire_is_not_watched_any_more(void **state)
{
    assert_true(rig_hangs_up(wire_inside));
    assert_false(rig_hangs_up(wire_inside));
    give_buffers(0x8000);
    assert_false(rig_listens(wire_inside));
    queue(BUFFERS, 100 | EOP, 0);
    kick();
    assert_int_equal(get(E_TDH), 1);
}

static void registers_beyond_the_window_are_nothing(void **state)
{
    set(0x1fffc, 0x12345678);
    assert_int_equal(get(0x1fffc), 0);
    rig_bar_write(1, 0, 4, 0xffffffff);
    rig_bar_write(1, 4, 4, 0x12345678);
    assert_int_equal(rig_bar_read(1, 4, 4), 0);
    assert_int_equal(rig_bar_read(0, E_STATUS + 2, 2), get(E_STATUS) >> 16);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, e1000_setup, e1000_teardown)
    const struct CMUnitTest tests[] = {
        T(ring_without_length_does_not_move),
        T(indices_outside_the_ring_do_not_move_it),
        T(descriptors_beyond_memory_stop_the_ring),
        T(buffers_beyond_memory_lose_the_frame_only),
        T(chain_without_an_end_is_dropped_whole),
        T(one_write_makes_bounded_work),
        T(card_that_is_no_bus_master_moves_nothing),
        T(lost_wire_is_not_watched_any_more),
        T(registers_beyond_the_window_are_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
