/* SPDX-License-Identifier: MIT */
/*
 * From the guest to the tap.  Checks of what the slots say are left to
 * ring/net_msg.  Covered by tests/unit/pvdrv/test_net.c.
 */
#include <back/net_int.h>

#include <string.h>
#include <sys/uio.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#define HEAD_MAX 138u              /* Ethernet, VLAN, IP, TCP with options */

struct tx_batch {
    unsigned int nr_packets, nr_copies;
    struct net_packet packets[NET_BATCH];
    bool drop[NET_BATCH];
    unsigned int first_copy[NET_BATCH];
    struct port_copy copies[NET_BATCH * NET_SLOTS_MAX];
};

/* Private copies of the next requests, without taking them yet. */
static unsigned int peek_slots(const struct net *n, unsigned int nr,
                               uint8_t (*slots)[NET_TX_SLOT])
{
    unsigned int i;

    if (nr > NET_SLOTS_MAX + 2) {
        nr = NET_SLOTS_MAX + 2;
    }
    for (i = 0; i < nr; i++) {
        ring_peek(&n->tx, n->tx.req_cons + i, slots[i]);
    }
    return nr;
}

/* Piece @k of packet @i: at the beginning of a page. */
static uint8_t *piece_at(const struct net *n, unsigned int i, unsigned int k)
{
    return n->buffers + (size_t)i * NET_FRAME_ROOM + (size_t)k * NET_PAGE;
}

static void add_copies(struct net *n, struct tx_batch *b, unsigned int i)
{
    const struct net_packet *p = &b->packets[i];
    unsigned int k;

    b->first_copy[i] = b->nr_copies;
    for (k = 0; k < p->nr_pieces; k++) {
        b->copies[b->nr_copies++] = (struct port_copy){
            .local = piece_at(n, i, k), .ref = p->pieces[k].gref,
            .offset = p->pieces[k].offset, .len = p->pieces[k].len,
        };
    }
}

static bool may_send(struct net *n, uint32_t size)
{
    struct net_credit *c = &n->card->credit;

    if (c->bytes == 0) {
        return true;
    }
    n->stalled = size > c->left;
    c->left -= n->stalled ? 0 : size;
    return !n->stalled;
}

/* False: no whole packet waits, or the ring makes no sense. */
static bool take_packet(struct net *n, struct tx_batch *b)
{
    uint8_t slots[NET_SLOTS_MAX + 2][NET_TX_SLOT];
    struct net_packet *p = &b->packets[b->nr_packets];
    int pending = ring_pending(&n->tx);
    enum net_tx_result r;

    if (pending <= 0) {
        return false;
    }
    r = net_tx_parse(slots, peek_slots(n, (unsigned int)pending, slots), p);
    if (r == NET_TX_FATAL) {
        n->tx.broken = true;
        return false;
    }
    if (r == NET_TX_OK && !may_send(n, p->size)) {
        return false;
    }
    n->tx.req_cons += p->nr_slots;
    b->drop[b->nr_packets] = r == NET_TX_DROP;
    if (r == NET_TX_OK) {
        add_copies(n, b, b->nr_packets);
    }
    b->nr_packets++;
    return true;
}

static bool copied(const struct tx_batch *b, unsigned int i)
{
    unsigned int k;

    for (k = 0; k < b->packets[i].nr_pieces; k++) {
        if (b->copies[b->first_copy[i] + k].status != 0) {
            return false;
        }
    }
    return true;
}

/* The beginning of packet @i in one piece: in place if it is so already. */
static const uint8_t *gather_head(const struct net *n, unsigned int i,
                                  const struct net_packet *p,
                                  uint8_t room[HEAD_MAX], uint32_t *size)
{
    unsigned int k;

    *size = p->pieces[0].len;
    if (p->nr_pieces == 1 || *size >= HEAD_MAX) {
        return piece_at(n, i, 0);
    }
    *size = 0;
    for (k = 0; k < p->nr_pieces && *size < HEAD_MAX; k++) {
        uint32_t len = HEAD_MAX - *size;

        len = len < p->pieces[k].len ? len : p->pieces[k].len;
        memcpy(room + *size, piece_at(n, i, k), len);
        *size += len;
    }
    return room;
}

static bool write_frame(const struct net *n, unsigned int i,
                        const struct net_packet *p, uint8_t *header)
{
    struct iovec iov[NET_SLOTS_MAX + 1] = {
        { .iov_base = header, .iov_len = NET_VNET_HEADER },
    };
    unsigned int k;

    for (k = 0; k < p->nr_pieces; k++) {
        iov[k + 1] = (struct iovec){ piece_at(n, i, k), p->pieces[k].len };
    }
    return writev(n->tap_fd, iov, (int)p->nr_pieces + 1) > 0;
}

static bool send_packet(struct net *n, const struct tx_batch *b,
                        unsigned int i)
{
    const struct net_packet *p = &b->packets[i];
    uint8_t header[NET_VNET_HEADER], room[HEAD_MAX];
    const uint8_t *head;
    uint32_t size;

    if (b->drop[i] || !copied(b, i)) {
        return false;
    }
    head = gather_head(n, i, p, room, &size);
    if (size < NET_FRAME_MIN || net_vnet_header(p, head, size, header) != 0 ||
        (n->card->check_mac && memcmp(head + 6, n->card->mac, 6) != 0)) {
        return false;
    }
    return write_frame(n, i, p, header);
}

static void answer_packet(struct net *n, const struct net_packet *p,
                          int status)
{
    uint8_t rsp[4];
    unsigned int k;

    for (k = 0; k < p->nr_slots; k++) {
        net_tx_response(p->ids[k], p->extra[k] ? NETIF_RSP_NULL : status, rsp);
        ring_put(&n->tx, rsp, sizeof(rsp));
    }
}

static void finish_packet(struct net *n, const struct tx_batch *b,
                          unsigned int i)
{
    bool sent = send_packet(n, b, i);

    n->stats.tx_dropped += !sent;
    n->stats.tx_frames += sent;
    n->stats.tx_bytes += sent ? b->packets[i].size : 0;
    answer_packet(n, &b->packets[i], sent ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
}

unsigned int net_run_tx(struct net *n)
{
    static struct tx_batch b;
    unsigned int i;

    b.nr_packets = b.nr_copies = 0;
    n->stalled = false;
    while (b.nr_packets < NET_BATCH && take_packet(n, &b)) {
    }
    if (b.nr_copies > 0) {
        port_copy(n->port, b.copies, b.nr_copies);
    }
    for (i = 0; i < b.nr_packets; i++) {
        finish_packet(n, &b, i);
    }
    if (ring_publish(&n->tx)) {
        port_notify(n->port);
    }
    return b.nr_packets;
}
