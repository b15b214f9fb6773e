/* SPDX-License-Identifier: MIT */
/*
 * pvdrv/net_front.h - a card's front on the host, for tests of the back end:
 * rings and grants are plain memory, the tap is a pair of packet sockets.
 */
#ifndef TEST_PVDRV_NET_FRONT_H
#define TEST_PVDRV_NET_FRONT_H

#include "fake_port.h"

#include <back/net.h>

#include <errno.h>
#include <linux/virtio_net.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#define TX_REF   0u
#define RX_REF   1u
#define DATA_REF 16u

struct front {
    struct port port;
    struct net net;
    struct net_card card;
    int tap;                       /* the test's end */
    int back_tap;
    uint32_t tx_prod, tx_cons, rx_prod, rx_cons;
};

struct ring_header *ring(struct front *f, uint32_t ref);
uint8_t *slot(struct front *f, uint32_t ref, uint32_t i, uint32_t size);
int front_setup(void **state);
int front_teardown(void **state);
void push(struct front *f, const void *request);
void push_tx(struct front *f, uint16_t id, uint32_t ref, uint16_t offset,
             uint16_t size, uint16_t flags);
bool run(struct front *f);
int tx_status(struct front *f, uint16_t *id);
void make_frame(uint8_t *p, size_t len, uint8_t seed);
void make_tcp(uint8_t *p, size_t len);
void offer_buffers(struct front *f, unsigned int nr);

#define T(name) \
    cmocka_unit_test_setup_teardown(name, front_setup, front_teardown)

#endif
