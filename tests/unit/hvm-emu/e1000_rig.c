/* SPDX-License-Identifier: MIT */
/*
 * A card on the bench, a small driver for it, the other side of its wire.
 */
#include "e1000_rig.h"

#include <dev/devices.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

const uint8_t mac[6] = { 0x00, 0x16, 0x3e, 0x12, 0x34, 0x56 };
void *card;
int wire;
int wire_inside;
uint8_t got[70000];
uint32_t tail;                  /* of the TX ring */

void set(uint32_t reg, uint32_t val)
{
    rig_bar_write(0, reg, 4, val);
}

uint32_t get(uint32_t reg)
{
    return (uint32_t)rig_bar_read(0, reg, 4);
}

void set_up_rings(void)
{
    set(E_TDBAL, TX_RING);
    set(E_TDLEN, NR * 16);
    set(E_RDBAL, RX_RING);
    set(E_RDLEN, NR * 16);
    set(E_TCTL, 0x0a);
    set(E_IMS, 0xffff);
    tail = 0;
}

int e1000_setup(void **state)
{
    int pair[2];

    rig_start();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
                                pair), 0);
    wire = pair[0];
    wire_inside = pair[1];
    rig.config.nic[0].present = true;
    rig.config.nic[0].fd = pair[1];
    memcpy(rig.config.nic[0].mac, mac, 6);
    card = e1000_class_0.create(&rig.m, NULL);
    assert_non_null(card);
    set_up_rings();
    return 0;
}

int e1000_teardown(void **state)
{
    e1000_class_0.destroy(card);
    close(wire);
    rig_stop();
    return 0;
}

/* ---- a driver ----------------------------------------------------------- */

void fill(uint64_t ring, uint32_t i, uint64_t addr, uint32_t low,
                 uint32_t high)
{
    uint32_t words[4] = { (uint32_t)addr, (uint32_t)(addr >> 32), low, high };

    memcpy(rig.mem + ring + i * 16, words, 16);
}

void queue(uint64_t addr, uint32_t low, uint32_t high)
{
    fill(TX_RING, tail, addr, low, high);
    tail = (tail + 1) % NR;
}

void kick(void)
{
    set(E_TDT, tail);
}

uint8_t done(uint64_t ring, uint32_t i)
{
    return rig.mem[ring + i * 16 + 12] & 1;
}

/* -1: nothing came. */
int frame_out(struct virtio_net_hdr *h)
{
    ssize_t n = recv(wire, got, sizeof(got), MSG_DONTWAIT);

    if (n < 0) {
        return -1;
    }
    memcpy(h, got, HEADER);
    return (int)n - (int)HEADER;
}

void fill_frame(uint8_t *f, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        f[i] = (uint8_t)(i * 7);
    }
    memset(f, 0x02, 6);
    memcpy(f + 6, mac, 6);
    f[12] = 0x08;
    f[13] = 0x00;
}

uint16_t sum(const uint8_t *p, size_t len, uint32_t s)
{
    size_t i;

    for (i = 0; i < len; i++) {
        s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    }
    while (s >> 16 != 0) {
        s = (s & 0xffff) + (s >> 16);
    }
    return (uint16_t)s;
}

void give_buffers(uint32_t rctl)
{
    uint32_t i;

    for (i = 0; i < NR; i++) {
        fill(RX_RING, i, BUFFERS + i * 2048, 0, 0);
    }
    set(E_RDH, 0);
    set(E_RDT, NR - 1);
    set(E_RCTL, rctl | 2);
}

void frame_in(const uint8_t *f, size_t len)
{
    uint8_t packet[HEADER + 20000] = { 0 };

    memcpy(packet + HEADER, f, len);
    assert_int_equal(send(wire, packet, HEADER + len, 0), HEADER + len);
    rig_ready(wire_inside);
}

uint16_t rx_len(uint32_t i)
{
    return (uint16_t)(rig.mem[RX_RING + i * 16 + 8] |
                      rig.mem[RX_RING + i * 16 + 9] << 8);
}
