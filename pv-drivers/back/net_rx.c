/* SPDX-License-Identifier: MIT */
/*
 * From the tap to the guest.  A frame takes as many slots as it has pages and
 * one more if the guest is to cut it up; one that finds too few waits here.
 * Covered by tests/unit/pvdrv/test_net_rx.c.
 */
#include <back/net_int.h>

#include <errno.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#define RX_BUFFERS (NET_BATCH + 1)
#define RX_MAX     ((NET_SLOTS_MAX - 1) * NET_PAGE)    /* one frame */
#define MAX_COPIES (NET_BATCH * (NET_SLOTS_MAX - 1))

struct rx_frame {
    struct net_frame how;
    uint32_t size;
    unsigned int first_copy, nr_copies;
    uint16_t ids[NET_SLOTS_MAX];
};

struct rx_batch {
    unsigned int nr, nr_copies;
    struct rx_frame frames[NET_BATCH];
    struct port_copy copies[MAX_COPIES];
};

/* The frame's bytes, at a page boundary, its header right before them. */
static uint8_t *frame_at(const struct net *n, unsigned int i)
{
    return n->buffers + (size_t)(NET_BATCH + i) * NET_FRAME_ROOM + NET_PAGE;
}

/* Read a frame into the next buffer.  False: there is none. */
static bool read_frame(struct net *n)
{
    ssize_t got;

    if (n->rx_held != 0) {
        return true;
    }
    do {
        got = read(n->tap_fd, frame_at(n, n->rx_next) - NET_VNET_HEADER,
                   NET_VNET_HEADER + RX_MAX);
        if (got > (ssize_t)(NET_VNET_HEADER + NET_FRAME_MIN)) {
            n->rx_held = (uint32_t)got - NET_VNET_HEADER;
            return true;
        }
        n->stats.rx_dropped += got > 0;
    } while (got > 0);
    n->closed = got == 0 || (errno != EAGAIN && errno != EINTR);
    return false;
}

static void take_slots(struct net *n, struct rx_batch *b, struct rx_frame *f,
                       uint8_t *data)
{
    uint8_t slot[NET_RX_SLOT];
    uint32_t done, gref;

    f->first_copy = b->nr_copies;
    f->nr_copies = 0;
    for (done = 0; done < f->size; done += NET_PAGE) {
        uint32_t len = f->size - done < NET_PAGE ? f->size - done : NET_PAGE;

        ring_take(&n->rx, slot);
        net_rx_request(slot, &f->ids[f->nr_copies++], &gref);
        b->copies[b->nr_copies++] = (struct port_copy){
            .local = data + done, .ref = gref, .offset = 0,
            .len = (uint16_t)len, .to_peer = true,
        };
        if (done == 0 && f->how.gso_size != 0) {
            ring_take(&n->rx, slot);    /* the extra slot's buffer: unused */
        }
    }
}

/* Give the frame that was read its slots.  False: the guest has too few. */
static bool place_frame(struct net *n, struct rx_batch *b)
{
    struct rx_frame *f = &b->frames[b->nr];
    uint8_t *data = frame_at(n, n->rx_next);
    int pending = ring_pending(&n->rx);

    f->size = n->rx_held;
    if (net_rx_frame(data - NET_VNET_HEADER, &f->how) != 0 ||
        (n->card->one_page && f->size > NET_PAGE)) {
        n->stats.rx_dropped++;
        n->rx_held = 0;
        return true;
    }
    n->rx_need = (f->size + NET_PAGE - 1) / NET_PAGE +
                 (f->how.gso_size != 0);
    if (pending < (int)n->rx_need) {
        return false;
    }
    take_slots(n, b, f, data);
    n->rx_held = 0;
    n->rx_next = (n->rx_next + 1) % RX_BUFFERS;
    b->nr++;
    return true;
}

static void put_response(struct net *n, const struct rx_batch *b,
                         const struct rx_frame *f, unsigned int k)
{
    const struct port_copy *c = &b->copies[f->first_copy + k];
    uint16_t flags = k == 0 ? f->how.flags : 0;
    uint8_t rsp[NET_RX_SLOT];

    flags |= k + 1 < f->nr_copies ? NETRXF_more_data : 0;
    net_rx_response(f->ids[k], flags, c->status == 0 ? c->len
                                                     : NETIF_RSP_ERROR, rsp);
    ring_put(&n->rx, rsp, sizeof(rsp));
}

static void answer_frame(struct net *n, const struct rx_batch *b,
                         const struct rx_frame *f)
{
    uint8_t rsp[NET_RX_SLOT];
    bool whole = true;
    unsigned int k;

    for (k = 0; k < f->nr_copies; k++) {
        put_response(n, b, f, k);
        whole = whole && b->copies[f->first_copy + k].status == 0;
        if (k == 0 && f->how.gso_size != 0) {
            net_rx_extra(&f->how, rsp);
            ring_put(&n->rx, rsp, sizeof(rsp));
        }
    }
    n->stats.rx_frames += whole;
    n->stats.rx_bytes += whole ? f->size : 0;
    n->stats.rx_dropped += !whole;
}

unsigned int net_run_rx(struct net *n, bool *tap_empty)
{
    static struct rx_batch b;
    unsigned int i;

    b.nr = b.nr_copies = 0;
    while (b.nr < NET_BATCH && ring_pending(&n->rx) > 0) {
        if (!read_frame(n)) {
            *tap_empty = true;
            break;
        }
        if (!place_frame(n, &b)) {
            break;
        }
    }
    if (b.nr > 0) {
        port_copy(n->port, b.copies, b.nr_copies);
    }
    for (i = 0; i < b.nr; i++) {
        answer_frame(n, &b, &b.frames[i]);
    }
    if (ring_publish(&n->rx)) {
        port_notify(n->port);
    }
    return b.nr;
}
