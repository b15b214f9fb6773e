/* SPDX-License-Identifier: MIT */
/*
 * ring/net_msg.h - packets of a network ring: from private copies of slots to
 * checked pieces.
 *
 * Owns    the layout of netif slots, the rules of a chain (one packet over
 *         several slots), and the header that says where a checksum is due.
 *
 * INV-NM1 a packet accepted by net_tx_parse() has 1..NET_SLOTS_MAX pieces,
 *         each inside its page, whose lengths add up to its size, which is
 *         NET_FRAME_MIN..NET_FRAME_MAX.
 * ABI     xen/io/netif.h
 * Tests   tests/unit/pvdrv/test_net.c
 */
#ifndef RING_NET_MSG_H
#define RING_NET_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_TX_SLOT     12u
#define NET_RX_SLOT     8u
#define NET_SLOTS_MAX   18u
#define NET_FRAME_MIN   14u           /* an Ethernet header */
#define NET_FRAME_MAX   65535u
#define NET_VNET_HEADER 10u           /* struct virtio_net_hdr, in bytes */

struct net_piece {
    uint32_t gref;
    uint16_t offset, len;
};

struct net_packet {
    unsigned int nr_slots;            /* taken from the ring, extras too */
    unsigned int nr_pieces;
    uint16_t ids[NET_SLOTS_MAX + 2];  /* to answer, one a slot */
    bool     extra[NET_SLOTS_MAX + 2];
    struct net_piece pieces[NET_SLOTS_MAX];
    uint32_t size;
    bool     csum_blank;
    uint16_t gso_size;                /* 0: none; TCP otherwise */
    uint8_t  gso_type;                /* XEN_NETIF_GSO_TYPE_TCPV4, _TCPV6 */
};

enum net_tx_result {
    NET_TX_OK,                        /* send it */
    NET_TX_DROP,                      /* answer its slots with an error */
    NET_TX_FATAL,                     /* its end is not in the ring: frontends
                                         push whole packets */
};

/*
 * Read one packet from @slots, private copies of @nr consecutive requests.
 * @p->nr_slots and ids are set for OK and DROP.  @nr is at least 1.
 */
enum net_tx_result net_tx_parse(const uint8_t (*slots)[NET_TX_SLOT],
                                unsigned int nr, struct net_packet *p);

/*
 * The virtio header for a frame of which @size bytes are at @frame (private):
 * checksum to fill in, segmentation.  -1: the packet asks for what the headers
 * in these bytes do not allow.
 */
int net_vnet_header(const struct net_packet *p, const uint8_t *frame,
                    uint32_t size, uint8_t header[NET_VNET_HEADER]);

/* A frame for the guest, as the virtio header of its source describes it. */
struct net_frame {
    uint16_t flags;                   /* NETRXF_* of its first slot */
    uint16_t gso_size;                /* 0: one frame, no extra slot */
    uint8_t  gso_type;
};

/* -1: it says what no guest was told to expect. */
int net_rx_frame(const uint8_t header[NET_VNET_HEADER], struct net_frame *f);

/* Responses, every byte written. */
void net_tx_response(uint16_t id, int status, uint8_t rsp[4]);
void net_rx_response(uint16_t id, uint16_t flags, int status,
                     uint8_t rsp[NET_RX_SLOT]);
void net_rx_extra(const struct net_frame *f, uint8_t rsp[NET_RX_SLOT]);
void net_rx_request(const uint8_t slot[NET_RX_SLOT], uint16_t *id,
                    uint32_t *gref);

#endif
