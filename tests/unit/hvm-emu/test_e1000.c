/* SPDX-License-Identifier: MIT */
/*
 * The network card by its registers and descriptors, as Linux' e1000 uses it.
 * The other side of the wire is a socket.
 */
#include "e1000_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- the card itself ---------------------------------------------------- */

/* Bit by bit, as e1000_read_eeprom() of Linux for microwire. */
static uint16_t eeprom_word(uint8_t word)
{
    uint32_t out = 6u << 6 | word, val = 0;
    int i;

    set(E_EECD, 0);
    set(E_EECD, 2);
    for (i = 8; i >= 0; i--) {
        uint32_t di = (out >> i & 1) << 2;

        set(E_EECD, 2 | di);
        set(E_EECD, 2 | di | 1);
        set(E_EECD, 2 | di);
    }
    for (i = 0; i < 16; i++) {
        set(E_EECD, 3);
        val = val << 1 | (get(E_EECD) >> 3 & 1);
        set(E_EECD, 2);
    }
    set(E_EECD, 0);
    return (uint16_t)val;
}

static void eeprom_has_the_address_and_its_checksum(void **state)
{
    uint16_t all = 0;
    uint8_t i;

    for (i = 0; i < 3; i++) {
        assert_int_equal(eeprom_word(i), mac[2 * i] | mac[2 * i + 1] << 8);
    }
    for (i = 0; i < 64; i++) {
        set(E_EERD, (uint32_t)i << 8 | 1);
        assert_true((get(E_EERD) & 0x10) != 0);
        assert_int_equal(get(E_EERD) >> 16, eeprom_word(i));
        all = (uint16_t)(all + eeprom_word(i));
    }
    assert_int_equal(all, 0xbaba);
    set(E_EERD, 0xff01);               /* beyond: nothing */
    assert_int_equal(get(E_EERD) >> 16, 0);
}

static void phy_has_a_link(void **state)
{
    set(E_MDIC, 0x08000000u | 1u << 21 | 2u << 16);
    assert_int_equal(get(E_MDIC), 0x18000000u | 1u << 21 | 2u << 16 | 0x141);
    set(E_MDIC, 0x08000000u | 1u << 21 | 1u << 16);
    assert_int_equal(get(E_MDIC) & 0x24, 0x24);
    set(E_MDIC, 0x08000000u | 3u << 21 | 1u << 16);
    assert_true((get(E_MDIC) & 0x40000000u) != 0);
    get(E_ICR);
    set(E_MDIC, 0x04000000u | 1u << 21 | 0x1340);
    assert_int_equal(get(E_ICR), ICR_LSC);
    assert_int_equal(get(E_STATUS) & 2, 2);
}

static void reset_through_the_io_window_keeps_the_address(void **state)
{
    set(E_RA, 0x11223344);
    rig_bar_write(1, 0, 4, E_CTRL);
    rig_bar_write(1, 4, 4, CTRL_RESET);

    assert_int_equal(get(E_CTRL) & CTRL_RESET, 0);
    assert_int_equal(get(E_IMS), 0);
    assert_int_equal(get(E_RA), 0x123e1600);
    assert_int_equal(get(E_RA + 4), 0x80005634);
    rig_bar_write(1, 0, 4, E_STATUS);
    assert_int_equal(rig_bar_read(1, 4, 4), get(E_STATUS));
}

static void line_follows_causes_and_mask(void **state)
{
    set(E_IMC, 0xffff);
    set(E_ICS, ICR_LSC);
    assert_false(rig.pin);
    set(E_IMS, ICR_LSC);
    assert_true(rig.pin);
    assert_int_equal(get(E_ICR), ICR_LSC);
    assert_false(rig.pin);
    assert_int_equal(get(E_ICR), 0);
}

static void throttled_interrupts_come_later_not_never(void **state)
{
    set(E_ITR, 1000);
    set(E_ICS, ICR_LSC);
    assert_true(rig.pin);
    get(E_ICR);
    set(E_ICS, ICR_LSC);
    assert_false(rig.pin);
    rig_run(1000 * 256 + 1);
    assert_true(rig.pin);
}

/* ---- from the guest ----------------------------------------------------- */

static void legacy_frames_leave_and_are_reported(void **state)
{
    struct virtio_net_hdr h;

    fill_frame(rig.mem + BUFFERS, 100);
    queue(BUFFERS, 30, 0);
    queue(BUFFERS + 30, 70 | EOP | RS, 0);
    kick();

    assert_int_equal(frame_out(&h), 100);
    assert_memory_equal(got + HEADER, rig.mem + BUFFERS, 100);
    assert_int_equal(h.flags, 0);
    assert_int_equal(h.gso_type, 0);
    assert_false(done(TX_RING, 0));
    assert_true(done(TX_RING, 1));
    assert_int_equal(get(E_TDH), 2);
    assert_true(rig.pin);
    assert_int_equal(get(E_ICR), ICR_TXDW | ICR_TXQE);
    assert_int_equal(get(E_GPTC), 1);
    assert_int_equal(get(E_GPTC), 0);
    assert_int_equal(frame_out(&h), -1);
}

static void short_frames_are_padded(void **state)
{
    struct virtio_net_hdr h;

    fill_frame(rig.mem + BUFFERS, 20);
    queue(BUFFERS, 20 | EOP, 0);
    kick();
    assert_int_equal(frame_out(&h), 60);
    assert_int_equal(got[HEADER + 20], 0);
}

static void legacy_checksum_is_inserted(void **state)
{
    struct virtio_net_hdr h;

    fill_frame(rig.mem + BUFFERS, 61);
    memset(rig.mem + BUFFERS + 50, 0, 2);
    queue(BUFFERS, 61 | EOP | IC | 50u << 16, 34u << 8);
    kick();
    assert_int_equal(frame_out(&h), 61);
    assert_int_equal(sum(got + HEADER + 34, 61 - 34, 0), 0xffff);
}

/* A context as Linux' e1000_tx_csum() writes it. */
static void context_gives_the_checksums_place(void **state)
{
    struct virtio_net_hdr h;

    fill_frame(rig.mem + BUFFERS, 200);
    memset(rig.mem + BUFFERS + 40, 0, 2);
    fill(TX_RING, tail, (uint64_t)34 << 32 | (uint64_t)40 << 40, DEXT | RS, 0);
    tail++;
    queue(BUFFERS, 200 | DEXT | DATA | EOP | RS, 2u << 8);
    kick();
    assert_int_equal(frame_out(&h), 200);
    assert_int_equal(sum(got + HEADER + 34, 166, 0), 0xffff);
    assert_true(done(TX_RING, 0) && done(TX_RING, 1));
}

/* The context of Linux' e1000_tso() for IPv4, headers of 54 bytes. */
static void tso_context(uint32_t payload, uint16_t mss, uint8_t header)
{
    uint64_t ip = 14 | 24 << 8 | (uint64_t)33 << 16;
    uint64_t tcp = (uint64_t)34 << 32 | (uint64_t)50 << 40;

    queue(ip | tcp, DEXT | TSE | 0x03000000u | payload,
          (uint32_t)header << 8 | (uint32_t)mss << 16);
}

static void tcp_header(uint8_t *f)
{
    fill_frame(f, 54);
    memset(f + 14, 0, 40);
    f[14] = 0x45;
    f[23] = 6;
    memcpy(f + 26, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
    f[46] = 0x50;
    /* The sum of addresses and protocol, without a length. */
    f[50] = (uint8_t)(sum(f + 26, 8, 6) >> 8);
    f[51] = (uint8_t)sum(f + 26, 8, 6);
}

static void segments_leave_whole_with_how_to_cut_them(void **state)
{
    uint8_t *f = rig.mem + BUFFERS;
    struct virtio_net_hdr h;

    tcp_header(f);
    tso_context(9000, 1448, 54);
    queue(BUFFERS, 54 | DEXT | DATA | TSE, 3u << 8);
    queue(BUFFERS + 54, 9000 | DEXT | DATA | TSE | EOP | RS, 3u << 8);
    kick();

    assert_int_equal(frame_out(&h), 9054);
    assert_int_equal(h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(h.gso_size, 1448);
    assert_int_equal(h.hdr_len, 54);
    assert_int_equal(h.csum_start, 34);
    assert_int_equal(h.csum_offset, 16);
    assert_int_equal(got[HEADER + 16] << 8 | got[HEADER + 17], 9040);
    assert_int_equal(sum(got + HEADER + 14, 20, 0), 0xffff);
    assert_int_equal(got[HEADER + 50] << 8 | got[HEADER + 51],
                     sum(f + 26, 8, 6 + 9020));
}

static void segments_that_make_no_sense_are_dropped(void **state)
{
    static const struct { uint16_t mss; uint8_t header; uint32_t len; } t[] = {
        { 0, 54, 3000 }, { 1448, 20, 3000 }, { 1448, 200, 100 },
        { 1448, 54, 40 },
    };
    struct virtio_net_hdr h;
    size_t i;

    tcp_header(rig.mem + BUFFERS);
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        tso_context(t[i].len, t[i].mss, t[i].header);
        queue(BUFFERS, t[i].len | DEXT | DATA | TSE | EOP | RS, 3u << 8);
        kick();
        assert_int_equal(frame_out(&h), -1);
        assert_int_equal(get(E_TDH), tail);
    }
}

static void tag_is_put_behind_the_addresses(void **state)
{
    struct virtio_net_hdr h;

    set(E_CTRL, get(E_CTRL) | CTRL_VLAN);
    fill_frame(rig.mem + BUFFERS, 100);
    queue(BUFFERS, 100 | EOP | VLE, 0x0123u << 16);
    kick();
    assert_int_equal(frame_out(&h), 104);
    assert_memory_equal(got + HEADER + 12, "\x81\x00\x01\x23\x08\x00", 6);
}

/* ---- to the guest ------------------------------------------------------- */

static void frame_lies_in_the_next_buffer(void **state)
{
    uint8_t f[100];

    give_buffers(0x8000);
    fill_frame(f, 100);
    memcpy(f, mac, 6);
    frame_in(f, 100);

    assert_memory_equal(rig.mem + BUFFERS, f, 100);
    assert_int_equal(rx_len(0), 104);  /* with a CRC's room */
    assert_int_equal(rig.mem[RX_RING + 12], 0x07);
    assert_int_equal(get(E_RDH), 1);
    assert_int_equal(get(E_ICR), ICR_RXT0);
    assert_int_equal(get(E_GPRC), 1);
}

static void long_frame_fills_several_buffers(void **state)
{
    uint8_t f[9000];

    give_buffers(0x8000 | 0x20 | 0x4000000);
    fill_frame(f, sizeof(f));
    memset(f, 0xff, 6);
    frame_in(f, sizeof(f));

    assert_int_equal(get(E_RDH), 5);
    assert_int_equal(rx_len(0), 2048);
    assert_int_equal(rig.mem[RX_RING + 12], 0x01);
    assert_int_equal(rx_len(4), 9000 - 4 * 2048);
    assert_int_equal(rig.mem[RX_RING + 4 * 16 + 12], 0x07);
    assert_memory_equal(rig.mem + BUFFERS, f, 9000);
}

static void filters_choose(void **state)
{
    static const struct {
        uint8_t to[6];
        uint32_t rctl;
        bool table, passes;
    } t[] = {
        { { 0x00, 0x16, 0x3e, 0x12, 0x34, 0x56 }, 0, false, true },
        { { 0x00, 0x16, 0x3e, 0x12, 0x34, 0x57 }, 0, false, false },
        { { 0x00, 0x16, 0x3e, 0x12, 0x34, 0x57 }, 0x08, false, true },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 0, false, false },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 0x8000, false, true },
        { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 }, 0, false, false },
        { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 }, 0x10, false, true },
        { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 }, 0, true, true },
        { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x02 }, 0, true, false },
    };
    uint8_t f[64];
    size_t i;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        give_buffers(t[i].rctl);
        /* 01:00:5e:00:00:01: bits 47..36 are 0x010 */
        set(E_MTA, t[i].table ? 1u << 16 : 0);
        fill_frame(f, sizeof(f));
        memcpy(f, t[i].to, 6);
        frame_in(f, sizeof(f));
        assert_int_equal(get(E_RDH), t[i].passes ? 1 : 0);
    }
}

static void tag_is_taken_off(void **state)
{
    uint8_t f[100];

    give_buffers(0x8000);
    set(E_CTRL, get(E_CTRL) | CTRL_VLAN);
    fill_frame(f, sizeof(f));
    memcpy(f, mac, 6);
    memcpy(f + 12, "\x81\x00\x01\x23\x08\x00", 6);
    frame_in(f, sizeof(f));
    assert_int_equal(rx_len(0), 100);  /* 96 and a CRC */
    assert_int_equal(rig.mem[RX_RING + 12], 0x0f);
    assert_int_equal(rig.mem[RX_RING + 14] | rig.mem[RX_RING + 15] << 8,
                     0x0123);
    assert_memory_equal(rig.mem + BUFFERS + 12, "\x08\x00", 2);
}

/* What finds no buffer waits on the wire until there are some. */
static void frames_wait_for_buffers(void **state)
{
    uint8_t f[100];

    fill_frame(f, sizeof(f));
    memcpy(f, mac, 6);
    frame_in(f, sizeof(f));
    assert_false(rig_listens(wire_inside));
    give_buffers(0x8000);
    assert_true(rig_listens(wire_inside));
    rig_ready(wire_inside);
    assert_int_equal(get(E_RDH), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, e1000_setup, e1000_teardown)
    const struct CMUnitTest tests[] = {
        T(eeprom_has_the_address_and_its_checksum),
        T(phy_has_a_link),
        T(reset_through_the_io_window_keeps_the_address),
        T(line_follows_causes_and_mask),
        T(throttled_interrupts_come_later_not_never),
        T(legacy_frames_leave_and_are_reported),
        T(short_frames_are_padded),
        T(legacy_checksum_is_inserted),
        T(context_gives_the_checksums_place),
        T(segments_leave_whole_with_how_to_cut_them),
        T(segments_that_make_no_sense_are_dropped),
        T(tag_is_put_behind_the_addresses),
        T(frame_lies_in_the_next_buffer),
        T(long_frame_fills_several_buffers),
        T(filters_choose),
        T(tag_is_taken_off),
        T(frames_wait_for_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
