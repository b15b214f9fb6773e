/* SPDX-License-Identifier: MIT */
/*
 * Reading and checking network requests.  Moving data is left to back/net.
 * Covered by tests/unit/pvdrv/test_net.c.
 */
#include <ring/net_msg.h>

#include <assert.h>
#include <linux/virtio_net.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#define PAGE 4096u

static_assert(sizeof(struct netif_tx_request) == NET_TX_SLOT, "ABI size");
static_assert(sizeof(struct netif_extra_info) <= NET_TX_SLOT, "ABI size");
static_assert(sizeof(struct netif_rx_request) == NET_RX_SLOT, "ABI size");
static_assert(sizeof(struct netif_rx_response) == NET_RX_SLOT, "ABI size");
static_assert(sizeof(struct virtio_net_hdr) == NET_VNET_HEADER, "ABI size");

/* Note a slot that has to be answered. */
static void note(struct net_packet *p, uint16_t id, bool extra)
{
    p->ids[p->nr_slots] = id;
    p->extra[p->nr_slots] = extra;
    p->nr_slots++;
}

/* The one extra slot we understand: segmentation of TCP. */
static enum net_tx_result read_extra(const uint8_t *slot, struct net_packet *p)
{
    struct netif_extra_info x;

    memcpy(&x, slot, sizeof(x));
    note(p, 0, true);
    if ((x.flags & XEN_NETIF_EXTRA_FLAG_MORE) != 0) {
        return NET_TX_FATAL;          /* more than one was never offered */
    }
    if (x.type != XEN_NETIF_EXTRA_TYPE_GSO || x.u.gso.size == 0 ||
        (x.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
         x.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)) {
        return NET_TX_DROP;
    }
    p->gso_size = x.u.gso.size;
    p->gso_type = x.u.gso.type;
    return NET_TX_OK;
}

static bool add_piece(struct net_packet *p, const struct netif_tx_request *r,
                      uint32_t len)
{
    if (r->offset >= PAGE || len == 0 || len > PAGE - r->offset) {
        return false;
    }
    p->pieces[p->nr_pieces++] = (struct net_piece){
        .gref = r->gref, .offset = r->offset, .len = (uint16_t)len
    };
    return true;
}

/* The slots behind the first one, up to the last of the chain. */
static enum net_tx_result read_chain(const uint8_t (*slots)[NET_TX_SLOT],
                                     unsigned int nr, struct net_packet *p,
                                     struct netif_tx_request *reqs,
                                     unsigned int *nr_reqs)
{
    while ((reqs[*nr_reqs - 1].flags & NETTXF_more_data) != 0) {
        struct netif_tx_request *r = &reqs[*nr_reqs];

        if (*nr_reqs == NET_SLOTS_MAX || p->nr_slots == nr) {
            return NET_TX_FATAL;
        }
        memcpy(r, slots[p->nr_slots], sizeof(*r));
        note(p, r->id, false);
        (*nr_reqs)++;
    }
    return NET_TX_OK;
}

static bool collect(struct net_packet *p, const struct netif_tx_request *reqs,
                    unsigned int nr)
{
    uint32_t rest = 0, first;
    unsigned int i;

    for (i = 1; i < nr; i++) {
        rest += reqs[i].size;
    }
    if (rest >= reqs[0].size || reqs[0].size < NET_FRAME_MIN) {
        return false;
    }
    first = reqs[0].size - rest;      /* the first says the whole length */
    p->size = reqs[0].size;
    for (i = 0; i < nr; i++) {
        if (!add_piece(p, &reqs[i], i == 0 ? first : reqs[i].size)) {
            return false;
        }
    }
    return true;
}

enum net_tx_result net_tx_parse(const uint8_t (*slots)[NET_TX_SLOT],
                                unsigned int nr, struct net_packet *p)
{
    struct netif_tx_request reqs[NET_SLOTS_MAX];
    enum net_tx_result extra = NET_TX_OK, chain;
    unsigned int nr_reqs = 1;

    memset(p, 0, sizeof(*p));
    memcpy(&reqs[0], slots[0], sizeof(reqs[0]));
    note(p, reqs[0].id, false);
    if ((reqs[0].flags & NETTXF_extra_info) != 0) {
        extra = nr < 2 ? NET_TX_FATAL : read_extra(slots[1], p);
        if (extra == NET_TX_FATAL) {
            return extra;
        }
    }
    chain = read_chain(slots, nr, p, reqs, &nr_reqs);
    if (chain != NET_TX_OK) {
        return chain;
    }
    p->csum_blank = (reqs[0].flags & NETTXF_csum_blank) != 0;
    return extra == NET_TX_OK && collect(p, reqs, nr_reqs) ? NET_TX_OK
                                                           : NET_TX_DROP;
}

/* ---- offsets for the checksum ---------------------------------------------------- */

#define ETH_LEN     14u
#define PROTO_TCP   6u
#define PROTO_UDP   17u

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* What an IP frame carries and where that begins. */
struct transport {
    unsigned int start;               /* of its TCP or UDP header; 0: none */
    uint8_t proto;
    uint8_t gso_type;                 /* what may cut its TCP up */
};

static struct transport find_transport(const uint8_t *f, uint32_t size)
{
    struct transport none = { 0, 0, XEN_NETIF_GSO_TYPE_NONE };
    unsigned int ip = ETH_LEN, len;
    uint16_t type = be16(f + 12);

    if (type == 0x8100 && size >= ETH_LEN + 4) {
        type = be16(f + 16);
        ip += 4;
    }
    if (type == 0x0800 && size >= ip + 20) {
        len = (f[ip] & 0xfu) * 4;
        return len < 20 ? none : (struct transport){
            ip + len, f[ip + 9], XEN_NETIF_GSO_TYPE_TCPV4
        };
    }
    if (type == 0x86dd && size >= ip + 40) {
        return (struct transport){    /* no extension headers */
            ip + 40, f[ip + 6], XEN_NETIF_GSO_TYPE_TCPV6
        };
    }
    return none;
}

/* How the frame is to be cut; false: its headers do not allow it. */
static bool fill_gso(const struct net_packet *p, const struct transport *t,
                     const uint8_t *frame, struct virtio_net_hdr *h)
{
    if (t->proto != PROTO_TCP || p->gso_type != t->gso_type) {
        return false;
    }
    h->gso_type = p->gso_type == XEN_NETIF_GSO_TYPE_TCPV4
                      ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
    h->gso_size = p->gso_size;
    h->hdr_len = (uint16_t)(t->start + (frame[t->start + 12] >> 4) * 4u);
    return true;
}

int net_vnet_header(const struct net_packet *p, const uint8_t *frame,
                    uint32_t size, uint8_t header[NET_VNET_HEADER])
{
    struct virtio_net_hdr h = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };

    if (p->csum_blank || p->gso_size != 0) {
        struct transport t = find_transport(frame, size);

        if (t.start == 0 || (t.proto != PROTO_TCP && t.proto != PROTO_UDP) ||
            t.start + (t.proto == PROTO_TCP ? 20u : 8u) > size) {
            return -1;
        }
        h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h.csum_start = (uint16_t)t.start;
        h.csum_offset = t.proto == PROTO_TCP ? 16 : 6;
        if (p->gso_size != 0 && !fill_gso(p, &t, frame, &h)) {
            return -1;
        }
    }
    memcpy(header, &h, sizeof(h));
    return 0;
}

int net_rx_frame(const uint8_t header[NET_VNET_HEADER], struct net_frame *f)
{
    struct virtio_net_hdr h;

    memcpy(&h, header, sizeof(h));
    memset(f, 0, sizeof(*f));
    if ((h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        f->flags = NETRXF_csum_blank | NETRXF_data_validated;
    } else if ((h.flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0) {
        f->flags = NETRXF_data_validated;
    }
    switch (h.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return 0;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        f->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        f->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
        break;
    default:
        return -1;
    }
    f->gso_size = h.gso_size;
    f->flags |= NETRXF_extra_info;
    return h.gso_size != 0 ? 0 : -1;
}

/* ---- answers ------------------------------------------------------------------------- */

void net_tx_response(uint16_t id, int status, uint8_t rsp[4])
{
    struct netif_tx_response r = { .id = id, .status = (int16_t)status };

    static_assert(sizeof(r) == 4, "ABI size");
    memcpy(rsp, &r, sizeof(r));
}

void net_rx_response(uint16_t id, uint16_t flags, int status,
                     uint8_t rsp[NET_RX_SLOT])
{
    struct netif_rx_response r;

    memset(&r, 0, sizeof(r));
    r.id = id;
    r.flags = flags;
    r.status = (int16_t)status;
    memcpy(rsp, &r, sizeof(r));
}

void net_rx_extra(const struct net_frame *f, uint8_t rsp[NET_RX_SLOT])
{
    struct netif_extra_info x;

    static_assert(sizeof(x) == NET_RX_SLOT, "ABI size");
    memset(&x, 0, sizeof(x));
    x.type = XEN_NETIF_EXTRA_TYPE_GSO;
    x.u.gso.size = f->gso_size;
    x.u.gso.type = f->gso_type;
    memcpy(rsp, &x, sizeof(x));
}

void net_rx_request(const uint8_t slot[NET_RX_SLOT], uint16_t *id,
                    uint32_t *gref)
{
    struct netif_rx_request r;

    memcpy(&r, slot, sizeof(r));
    *id = r.id;
    *gref = r.gref;
}
