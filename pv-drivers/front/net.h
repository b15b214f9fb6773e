/* SPDX-License-Identifier: MIT */
/*
 * front/net.h - a network card, from the guest.
 *
 * Owns    both rings, a page for each buffer: frames are copied in and out,
 *         so the backend never sees a neighbour of a frame.  One queue, no
 *         offloads: what is sent has its checksums, what comes is checked by
 *         whoever takes it.
 * ABI     xen/io/netif.h
 * Tests   tests/guests/frontend, with our backend and with the kernel's
 *
 * Freestanding: no libc.
 */
#ifndef FRONT_NET_H
#define FRONT_NET_H

#include <front/device.h>
#include <ring/net_msg.h>
#include <ring/ring_front.h>

#define NET_FRONT_BUFFERS 32u      /* each way */
#define NET_FRONT_FRAME   1514u

struct net_front_buffer {
    uint8_t *page;
    uint32_t ref;
    bool busy;
};

struct net_front {
    struct front_device dev;
    struct ring_front tx, rx;
    void *tx_page, *rx_page;       /* kept over connections */
    uint32_t tx_ref, rx_ref, port;
    uint8_t mac[6];
    struct net_front_buffer out[NET_FRONT_BUFFERS], in[NET_FRONT_BUFFERS];
    uint64_t dropped;              /* frames that came in pieces, errors */
};

long net_front_connect(struct net_front *n, struct guest_store *store,
                       const char *id);
long net_front_disconnect(struct net_front *n);

/* -EBUSY: no buffer; -EIO: the backend broke the ring. */
long net_front_send(struct net_front *n, const void *frame, size_t len);
/* Length of the next frame, 0: there is none, -EIO. */
long net_front_receive(struct net_front *n, void *frame, size_t size);
/* Sleep until something may have come. */
void net_front_wait(struct net_front *n, uint64_t deadline_ns);

#endif
