/* SPDX-License-Identifier: MIT */
/*
 * Frames between a guest's rings and a tap.  Checks are left to ring/net_msg,
 * positions to ring/ring.  Covered by tests/unit/pvdrv/test_net.c.
 */
#include <back/net.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#define PAGE       4096u
#define FRAME_ROOM 65600u          /* header and the largest frame */
#define MAX_ROUNDS 16u
#define RX_MAX     4096u           /* one page of the guest a frame */

static uint8_t *frame_at(const struct net *n, unsigned int i)
{
    return n->buffers + (size_t)i * FRAME_ROOM;
}

/* ---- from the guest --------------------------------------------------------------- */

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

static void add_copies(struct net *n, struct tx_batch *b, unsigned int i)
{
    const struct net_packet *p = &b->packets[i];
    uint8_t *data = frame_at(n, i) + NET_VNET_HEADER;
    unsigned int k;

    b->first_copy[i] = b->nr_copies;
    for (k = 0; k < p->nr_pieces; k++) {
        b->copies[b->nr_copies++] = (struct port_copy){
            .local = data, .ref = p->pieces[k].gref,
            .offset = p->pieces[k].offset, .len = p->pieces[k].len,
        };
        data += p->pieces[k].len;
    }
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

static int send_frame(struct net *n, const struct tx_batch *b, unsigned int i)
{
    const struct net_packet *p = &b->packets[i];
    uint8_t *f = frame_at(n, i);

    if (b->drop[i] || !copied(b, i) ||
        net_vnet_header(p, f + NET_VNET_HEADER, f) != 0 ||
        write(n->tap_fd, f, NET_VNET_HEADER + p->size) < 0) {
        n->stats.tx_dropped++;
        return NETIF_RSP_ERROR;
    }
    n->stats.tx_frames++;
    n->stats.tx_bytes += p->size;
    return NETIF_RSP_OKAY;
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

static unsigned int run_tx(struct net *n)
{
    static struct tx_batch b;
    unsigned int i;

    b.nr_packets = b.nr_copies = 0;
    while (b.nr_packets < NET_BATCH && take_packet(n, &b)) {
    }
    if (b.nr_copies > 0) {
        port_copy(n->port, b.copies, b.nr_copies);
    }
    for (i = 0; i < b.nr_packets; i++) {
        answer_packet(n, &b.packets[i], send_frame(n, &b, i));
    }
    if (ring_publish(&n->tx)) {
        port_notify(n->port);
    }
    return b.nr_packets;
}

/* ---- to the guest --------------------------------------------------------------------- */

struct rx_batch {
    unsigned int nr;
    uint16_t ids[NET_BATCH];
    struct port_copy copies[NET_BATCH];
};

/* Read one frame for the next request.  0: the tap is empty. */
static int take_frame(struct net *n, struct rx_batch *b)
{
    uint8_t *f = frame_at(n, b->nr), slot[NET_RX_SLOT];
    ssize_t got = read(n->tap_fd, f, FRAME_ROOM);
    uint32_t gref;

    if (got < 0) {
        return 0;
    }
    if (got < (ssize_t)(NET_VNET_HEADER + NET_FRAME_MIN) ||
        got > (ssize_t)(NET_VNET_HEADER + RX_MAX)) {
        n->stats.rx_dropped++;
        return 1;
    }
    ring_take(&n->rx, slot);
    net_rx_request(slot, &b->ids[b->nr], &gref);
    b->copies[b->nr] = (struct port_copy){
        .local = f + NET_VNET_HEADER, .ref = gref, .offset = 0,
        .len = (uint16_t)(got - (ssize_t)NET_VNET_HEADER), .to_peer = true,
    };
    b->nr++;
    return 1;
}

static void answer_frames(struct net *n, const struct rx_batch *b)
{
    uint8_t rsp[NET_RX_SLOT];
    unsigned int i;

    for (i = 0; i < b->nr; i++) {
        int status = NETIF_RSP_ERROR;

        if (b->copies[i].status == 0) {
            status = b->copies[i].len;
            n->stats.rx_frames++;
            n->stats.rx_bytes += b->copies[i].len;
        } else {
            n->stats.rx_dropped++;
        }
        net_rx_response(b->ids[i], 0, status, rsp);
        ring_put(&n->rx, rsp, sizeof(rsp));
    }
}

static unsigned int run_rx(struct net *n, bool *tap_empty)
{
    static struct rx_batch b;

    b.nr = 0;
    while (b.nr < NET_BATCH && ring_pending(&n->rx) > 0) {
        if (take_frame(n, &b) == 0) {
            *tap_empty = true;
            break;
        }
    }
    if (b.nr > 0) {
        port_copy(n->port, b.copies, b.nr);
        answer_frames(n, &b);
    }
    if (ring_publish(&n->rx)) {
        port_notify(n->port);
    }
    return b.nr;
}

bool net_run(struct net *n, bool tap_ready, bool *want_tap)
{
    bool tap_empty = !tap_ready;
    unsigned int round, moved;

    for (round = 0; round < MAX_ROUNDS && !net_broken(n); round++) {
        moved = run_tx(n);
        if (!tap_empty) {
            moved += run_rx(n, &tap_empty);
        }
        if (moved == 0) {
            break;
        }
    }
    *want_tap = !net_broken(n) && (ring_pending(&n->rx) > 0 ||
                                   ring_wait(&n->rx));
    return !net_broken(n) && (round == MAX_ROUNDS || ring_wait(&n->tx));
}

bool net_broken(const struct net *n)
{
    return n->tx.broken || n->rx.broken;
}

/* ---- connect ------------------------------------------------------------------------------ */

static int attach(struct net *n, const uint32_t *ref, struct port_pages *page,
                  struct ring_back *r, uint32_t slot_size)
{
    uint32_t start;
    int rc = port_map(n->port, ref, 1, true, page);

    if (rc != 0) {
        return rc;
    }
    start = __atomic_load_n(&((struct ring_header *)page->addr)->rsp_prod,
                            __ATOMIC_ACQUIRE);
    ring_attach(r, page->addr, PAGE, slot_size, start, start);
    return ring_pending(r) < 0 ? -EPROTO : 0;
}

int net_start(struct net *n, struct port *port, int tap_fd,
              const struct net_config *c)
{
    int rc;

    memset(n, 0, sizeof(*n));
    n->port = port;
    n->tap_fd = tap_fd;
    rc = attach(n, &c->tx_ref, &n->tx_page, &n->tx, NET_TX_SLOT);
    if (rc == 0) {
        rc = attach(n, &c->rx_ref, &n->rx_page, &n->rx, NET_RX_SLOT);
    }
    if (rc == 0) {
        n->buffers = mmap(NULL, NET_BATCH * FRAME_ROOM, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (n->buffers == MAP_FAILED) {
            n->buffers = NULL;
            rc = -ENOMEM;
        }
    }
    if (rc != 0) {
        net_stop(n);
    }
    return rc;
}

void net_stop(struct net *n)
{
    if (n->tx_page.addr != NULL) {
        port_unmap(n->port, &n->tx_page);
    }
    if (n->rx_page.addr != NULL) {
        port_unmap(n->port, &n->rx_page);
    }
    if (n->buffers != NULL) {
        munmap(n->buffers, NET_BATCH * FRAME_ROOM);
        n->buffers = NULL;
    }
}
