/* SPDX-License-Identifier: MIT */
/*
 * The network backend on the host: a frontend in this file, a packet socket
 * pair in place of the tap.  Chains against their rules, frames both ways byte
 * by byte, hostile slots.
 */
#include "fake_port.h"

#include <back/net.h>

#include <errno.h>
#include <fcntl.h>
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

static struct ring_header *ring(struct front *f, uint32_t ref)
{
    return (struct ring_header *)fake_page(&f->port, ref);
}

static uint8_t *slot(struct front *f, uint32_t ref, uint32_t i, uint32_t size)
{
    return fake_page(&f->port, ref) + 64 + (i & 255) * size;
}

static int setup(void **state)
{
    const struct net_config c = { .tx_ref = TX_REF, .rx_ref = RX_REF };
    struct front *f = calloc(1, sizeof(*f));
    int pair[2];

    fake_port_init(&f->port);
    assert_int_equal(ring_nr_slots(4096, NET_TX_SLOT), 256);
    assert_int_equal(ring_nr_slots(4096, NET_RX_SLOT), 256);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
                                pair), 0);
    f->tap = pair[0];
    f->back_tap = pair[1];
    assert_int_equal(net_start(&f->net, &f->port, pair[1], &f->card, &c), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct front *f = *state;

    net_stop(&f->net);
    assert_int_equal(f->port.mapped, 0);
    fake_port_fini(&f->port);
    close(f->tap);
    close(f->back_tap);
    free(f);
    return 0;
}

static void push(struct front *f, const void *request)
{
    memcpy(slot(f, TX_REF, f->tx_prod++, NET_TX_SLOT), request, NET_TX_SLOT);
    ring(f, TX_REF)->req_prod = f->tx_prod;
}

static void push_tx(struct front *f, uint16_t id, uint32_t ref,
                    uint16_t offset, uint16_t size, uint16_t flags)
{
    struct netif_tx_request r = { .gref = ref, .offset = offset,
                                  .flags = flags, .id = id, .size = size };

    push(f, &r);
}

static bool run(struct front *f)
{
    bool want;

    while (net_run(&f->net, true, &want)) {
    }
    return want;
}

static int tx_status(struct front *f, uint16_t *id)
{
    struct netif_tx_response r;

    assert_int_not_equal(ring(f, TX_REF)->rsp_prod, f->tx_cons);
    memcpy(&r, slot(f, TX_REF, f->tx_cons++, NET_TX_SLOT), sizeof(r));
    *id = r.id;
    return r.status;
}

static void make_frame(uint8_t *p, size_t len, uint8_t seed)
{
    size_t i;

    for (i = 0; i < len; i++) {
        p[i] = (uint8_t)(seed + i * 7);
    }
}

/* An IPv4 TCP frame of @len bytes. */
static void make_tcp(uint8_t *p, size_t len)
{
    make_frame(p, len, 1);
    p[12] = 0x08;
    p[13] = 0x00;
    p[14] = 0x45;
    p[14 + 9] = 6;
    p[14 + 20 + 12] = 0x50;
}

/* ---- from the guest ------------------------------------------------------------------ */

static void frame_of_several_slots_arrives_whole(void **state)
{
    struct front *f = *state;
    uint8_t got[9000];
    uint16_t id;

    make_frame(fake_page(&f->port, DATA_REF), 8192, 3);
    push_tx(f, 1, DATA_REF, 100, 3000, NETTXF_more_data);
    push_tx(f, 2, DATA_REF + 1, 0, 1000, NETTXF_more_data);
    push_tx(f, 3, DATA_REF + 1, 2000, 1500, 0);
    run(f);

    assert_int_equal(recv(f->tap, got, sizeof(got), 0), NET_VNET_HEADER + 3000);
    assert_memory_equal(got + 10, fake_page(&f->port, DATA_REF) + 100, 500);
    assert_memory_equal(got + 510, fake_page(&f->port, DATA_REF + 1), 1000);
    assert_memory_equal(got + 1510, fake_page(&f->port, DATA_REF + 1) + 2000,
                        1500);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(id, 1);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(id, 3);
    assert_int_equal(f->port.copies, 1);
}

static void checksum_and_segmentation_are_handed_on(void **state)
{
    struct front *f = *state;
    struct netif_extra_info x = { .type = XEN_NETIF_EXTRA_TYPE_GSO };
    struct virtio_net_hdr h;
    uint8_t got[5000], raw[NET_TX_SLOT] = { 0 };
    uint16_t id;

    make_tcp(fake_page(&f->port, DATA_REF), 4000);
    x.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
    x.u.gso.size = 1448;
    memcpy(raw, &x, sizeof(x));
    push_tx(f, 9, DATA_REF, 0, 4000, NETTXF_csum_blank | NETTXF_extra_info);
    push(f, raw);
    run(f);

    assert_int_equal(recv(f->tap, got, sizeof(got), 0), 4010);
    memcpy(&h, got, sizeof(h));
    assert_int_equal(h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(h.csum_start, 34);
    assert_int_equal(h.csum_offset, 16);
    assert_int_equal(h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(h.gso_size, 1448);
    assert_int_equal(h.hdr_len, 54);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_NULL);
}

struct chain {
    unsigned int nr;
    struct { uint16_t offset, size, flags; } s[3];
    enum net_tx_result want;
};

static void chains_are_checked_by_table(void **state)
{
    enum { M = NETTXF_more_data, X = NETTXF_extra_info };
    static const struct chain cases[] = {
        { 1, { { 0, 60, 0 } }, NET_TX_OK },
        { 1, { { 0, 14, 0 } }, NET_TX_OK },
        { 1, { { 0, 13, 0 } }, NET_TX_DROP },
        { 1, { { 0, 0, 0 } }, NET_TX_DROP },
        { 1, { { 4036, 60, 0 } }, NET_TX_OK },
        { 1, { { 4037, 60, 0 } }, NET_TX_DROP },
        { 1, { { 4096, 60, 0 } }, NET_TX_DROP },
        { 1, { { 65535, 60, 0 } }, NET_TX_DROP },
        { 1, { { 0, 4097, 0 } }, NET_TX_DROP },
        { 1, { { 0, 60, M } }, NET_TX_FATAL },
        { 1, { { 0, 60, X } }, NET_TX_FATAL },
        { 2, { { 0, 60, M }, { 0, 60, 0 } }, NET_TX_DROP },
        { 2, { { 0, 60, M }, { 0, 61, 0 } }, NET_TX_DROP },
        { 2, { { 0, 60, M }, { 0, 0, 0 } }, NET_TX_DROP },
        { 2, { { 0, 60, M }, { 0, 20, M } }, NET_TX_FATAL },
        { 3, { { 0, 65535, M }, { 0, 65535, M }, { 0, 65535, 0 } },
          NET_TX_DROP },
        { 2, { { 0, 60, 0 }, { 0, 60, M } }, NET_TX_OK },
    };
    uint8_t slots[3][NET_TX_SLOT];
    struct net_packet p;
    size_t i, k;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (k = 0; k < cases[i].nr; k++) {
            struct netif_tx_request r = {
                .gref = 5, .offset = cases[i].s[k].offset,
                .size = cases[i].s[k].size, .flags = cases[i].s[k].flags,
            };

            memcpy(slots[k], &r, sizeof(r));
        }
        assert_int_equal(net_tx_parse(slots, cases[i].nr, &p), cases[i].want);
    }
}

/* Random chains: what is accepted keeps INV-NM1. */
static void random_chains_keep_their_rule(void **state)
{
    uint8_t slots[NET_SLOTS_MAX + 2][NET_TX_SLOT];
    struct net_packet p;
    unsigned int i, k, accepted = 0;

    srandom(3);
    for (i = 0; i < 100000; i++) {
        unsigned int nr = 1 + (unsigned int)random() % (NET_SLOTS_MAX + 2);
        uint32_t sum = 0;

        for (k = 0; k < nr; k++) {
            struct netif_tx_request r = {
                .gref = (uint32_t)random(), .offset = random() % 5000,
                .size = (uint16_t)(k == 0 ? random() : random() % 600),
                .flags = (uint16_t)(random() % 16),
            };

            memcpy(slots[k], &r, sizeof(r));
        }
        if (net_tx_parse(slots, nr, &p) != NET_TX_OK) {
            continue;
        }
        for (k = 0; k < p.nr_pieces; k++) {
            assert_true(p.pieces[k].offset + p.pieces[k].len <= 4096);
            sum += p.pieces[k].len;
        }
        assert_int_equal(sum, p.size);
        assert_true(p.nr_slots <= nr && p.size >= NET_FRAME_MIN);
        accepted++;
    }
    assert_true(accepted > 100);
}

static void offload_without_headers_is_refused(void **state)
{
    struct net_packet p = { .size = 60, .csum_blank = true };
    uint8_t frame[60] = { 0 }, header[NET_VNET_HEADER];
    unsigned int size;

    assert_int_equal(net_vnet_header(&p, frame, p.size, header), -1);   /* not IP */
    make_tcp(frame, sizeof(frame));
    assert_int_equal(net_vnet_header(&p, frame, p.size, header), 0);
    frame[14] = 0x4f;                          /* header beyond the frame */
    assert_int_equal(net_vnet_header(&p, frame, p.size, header), -1);
    make_tcp(frame, sizeof(frame));
    for (size = NET_FRAME_MIN; size < 54; size++) {
        p.size = size;
        assert_int_equal(net_vnet_header(&p, frame, p.size, header), -1);
    }
    make_tcp(frame, sizeof(frame));
    frame[14 + 9] = 17;
    p.size = 60;
    p.gso_size = 100;                          /* UDP does not segment so */
    p.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
    assert_int_equal(net_vnet_header(&p, frame, p.size, header), -1);
}

static void bad_grants_drop_the_frame_only(void **state)
{
    struct front *f = *state;
    uint8_t got[100];
    uint16_t id;

    f->port.bad[DATA_REF] = true;
    push_tx(f, 1, DATA_REF, 0, 60, 0);
    push_tx(f, 2, DATA_REF + 1, 0, 60, 0);
    run(f);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_ERROR);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(recv(f->tap, got, sizeof(got), 0), 70);
    assert_int_equal(recv(f->tap, got, sizeof(got), 0), -1);
    assert_false(net_broken(&f->net));
}

static void endless_chain_breaks_the_ring(void **state)
{
    struct front *f = *state;
    bool want;
    int i;

    for (i = 0; i < 30; i++) {
        push_tx(f, 1, DATA_REF, 0, 60, NETTXF_more_data);
    }
    assert_false(net_run(&f->net, true, &want));
    assert_true(net_broken(&f->net));
    assert_false(want);
}

/* ---- to the guest ------------------------------------------------------------------------ */

static void offer_buffers(struct front *f, unsigned int nr)
{
    unsigned int i;

    for (i = 0; i < nr; i++) {
        struct netif_rx_request r = { .id = (uint16_t)f->rx_prod,
                                      .gref = DATA_REF + f->rx_prod % 64 };

        memcpy(slot(f, RX_REF, f->rx_prod++, NET_RX_SLOT), &r, sizeof(r));
    }
    ring(f, RX_REF)->req_prod = f->rx_prod;
}

static void frames_reach_the_guest_in_order(void **state)
{
    struct front *f = *state;
    uint8_t frame[NET_VNET_HEADER + 1514];
    struct netif_rx_response r;
    unsigned int i;

    memset(frame, 0, sizeof(frame));
    offer_buffers(f, 40);
    for (i = 0; i < 40; i++) {
        make_frame(frame + NET_VNET_HEADER, 1514, (uint8_t)i);
        assert_int_equal(send(f->tap, frame, 10 + 60 + i * 10, 0),
                         70 + i * 10);
        run(f);
    }
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 40);
    for (i = 0; i < 40; i++) {
        memcpy(&r, slot(f, RX_REF, i, NET_RX_SLOT), sizeof(r));
        assert_int_equal(r.id, i);
        assert_int_equal(r.status, 60 + i * 10);
        assert_int_equal(r.offset, 0);
        make_frame(frame, 1514, (uint8_t)i);
        assert_memory_equal(fake_page(&f->port, DATA_REF + i), frame,
                            60 + i * 10);
    }
}

/* Without room the frames stay where they are, and nothing is lost. */
static void frames_wait_for_buffers(void **state)
{
    struct front *f = *state;
    uint8_t frame[70] = { 0 };

    assert_int_equal(send(f->tap, frame, sizeof(frame), 0), 70);
    assert_false(run(f));
    assert_int_equal(ring(f, RX_REF)->req_event, 1);
    offer_buffers(f, 1);
    assert_false(run(f));
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 1);
    assert_int_equal(f->net.stats.rx_frames, 1);
}

static void frames_too_small_are_dropped(void **state)
{
    struct front *f = *state;
    static uint8_t frame[100];

    offer_buffers(f, 4);
    assert_int_equal(send(f->tap, frame, 10 + 13, 0), 10 + 13);
    assert_int_equal(send(f->tap, frame, 5, 0), 5);
    assert_int_equal(send(f->tap, frame, 10 + 60, 0), 10 + 60);
    run(f);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 1);
    assert_int_equal(f->net.stats.rx_dropped, 2);
}

static void send_large(struct front *f, uint8_t *frame, uint32_t size)
{
    const struct virtio_net_hdr h = {
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 1400,
    };

    make_frame(frame + NET_VNET_HEADER, size, 9);
    memcpy(frame, &h, sizeof(h));
    assert_int_equal(send(f->tap, frame, NET_VNET_HEADER + size, 0),
                     NET_VNET_HEADER + size);
}

/* Data, the extra slot second, more data; checksum left to the guest. */
static void a_large_frame_takes_several_slots(void **state)
{
    struct front *f = *state;
    static uint8_t frame[NET_VNET_HEADER + 65549];
    struct netif_rx_response r;
    struct netif_extra_info x;
    unsigned int i;

    offer_buffers(f, 30);
    send_large(f, frame, 10000);
    run(f);

    assert_int_equal(ring(f, RX_REF)->rsp_prod, 4);
    memcpy(&r, slot(f, RX_REF, 0, NET_RX_SLOT), sizeof(r));
    assert_int_equal(r.status, 4096);
    assert_int_equal(r.flags, NETRXF_csum_blank | NETRXF_data_validated |
                              NETRXF_extra_info | NETRXF_more_data);
    memcpy(&x, slot(f, RX_REF, 1, NET_RX_SLOT), sizeof(x));
    assert_int_equal(x.type, XEN_NETIF_EXTRA_TYPE_GSO);
    assert_int_equal(x.flags, 0);
    assert_int_equal(x.u.gso.size, 1400);
    assert_int_equal(x.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV6);
    memcpy(&r, slot(f, RX_REF, 2, NET_RX_SLOT), sizeof(r));
    assert_int_equal(r.id, 2);
    assert_int_equal(r.flags, NETRXF_more_data);
    memcpy(&r, slot(f, RX_REF, 3, NET_RX_SLOT), sizeof(r));
    assert_int_equal(r.flags, 0);
    assert_int_equal(r.status, 10000 - 8192);
    assert_memory_equal(fake_page(&f->port, DATA_REF), frame + 10, 4096);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 2), frame + 10 + 4096,
                        4096);
    assert_memory_equal(fake_page(&f->port, DATA_REF + 3), frame + 10 + 8192,
                        10000 - 8192);

    send_large(f, frame, 65549);
    run(f);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 4 + 18);
    for (i = 0; i < 18; i++) {
        memcpy(&r, slot(f, RX_REF, 4 + i, NET_RX_SLOT), sizeof(r));
        assert_int_equal((r.flags & NETRXF_more_data) != 0 || i == 1, i != 17);
    }
}

/* A frame that finds too few buffers waits, and asks for just as many. */
static void a_large_frame_waits_for_its_slots(void **state)
{
    struct front *f = *state;
    static uint8_t frame[NET_VNET_HEADER + 65549];
    bool want;

    offer_buffers(f, 3);
    send_large(f, frame, 10000);
    send_large(f, frame, 5000);
    run(f);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 0);
    assert_int_equal(ring(f, RX_REF)->req_event, 4);
    assert_false(net_run(&f->net, false, &want));
    assert_false(want);

    offer_buffers(f, 4);
    run(f);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 7);
    assert_int_equal(f->net.stats.rx_frames, 2);
}

static void an_unknown_offload_is_not_handed_on(void **state)
{
    struct front *f = *state;
    uint8_t frame[NET_VNET_HEADER + 60] = { 0 };
    struct virtio_net_hdr h = { .gso_type = VIRTIO_NET_HDR_GSO_UDP,
                                .gso_size = 100 };

    offer_buffers(f, 3);
    memcpy(frame, &h, sizeof(h));
    assert_int_equal(send(f->tap, frame, sizeof(frame), 0), sizeof(frame));
    h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
    h.gso_size = 0;
    memcpy(frame, &h, sizeof(h));
    assert_int_equal(send(f->tap, frame, sizeof(frame), 0), sizeof(frame));
    run(f);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 0);
    assert_int_equal(f->net.stats.rx_dropped, 2);
}

static void a_tap_that_has_gone_is_noticed(void **state)
{
    struct front *f = *state;

    offer_buffers(f, 3);
    close(f->tap);
    f->tap = -1;
    run(f);
    assert_true(f->net.closed);
}

/* ---- what a card may send --------------------------------------------------------------- */

static void credit_is_a_bound_and_comes_back(void **state)
{
    struct front *f = *state;
    uint16_t id;
    int i;

    assert_true(net_credit_parse("4000,1000", &f->card.credit));
    net_credit_refill(&f->card.credit, 5000000);
    for (i = 0; i < 6; i++) {
        push_tx(f, (uint16_t)i, DATA_REF, 0, 1000, 0);
    }
    run(f);
    assert_int_equal(f->net.stats.tx_frames, 4);
    assert_true(f->net.stalled);
    net_credit_refill(&f->card.credit, 5999999);
    run(f);
    assert_int_equal(f->net.stats.tx_frames, 4);
    net_credit_refill(&f->card.credit, 6000000);
    run(f);
    assert_int_equal(f->net.stats.tx_frames, 6);
    assert_false(f->net.stalled);
    for (i = 0; i < 6; i++) {
        assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    }
}

static void credit_is_read_or_refused(void **state)
{
    static const char *const bad[] = {
        "", "5", "5,", ",5", "0,5", "5,0", "5,5x", "99999999999,5", "5,9999999999",
    };
    struct net_credit c;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(net_credit_parse(bad[i], &c));
        assert_int_equal(c.bytes, 0);
    }
}

static void frames_of_another_sender_are_dropped_when_asked(void **state)
{
    static const uint8_t mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 };
    struct front *f = *state;
    uint16_t id;

    memcpy(f->card.mac, mac, 6);
    f->card.check_mac = true;
    memcpy(fake_page(&f->port, DATA_REF) + 6, mac, 6);
    push_tx(f, 1, DATA_REF, 0, 60, 0);
    push_tx(f, 2, DATA_REF + 1, 0, 60, 0);
    push_tx(f, 3, DATA_REF, 0, 70, NETTXF_more_data);      /* in pieces */
    push_tx(f, 4, DATA_REF, 10, 60, 0);
    run(f);

    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_ERROR);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
}

static void bad_buffer_is_answered_with_an_error(void **state)
{
    struct front *f = *state;
    uint8_t frame[70] = { 0 };
    struct netif_rx_response r;

    f->port.bad[DATA_REF] = true;
    offer_buffers(f, 2);
    assert_int_equal(send(f->tap, frame, sizeof(frame), 0), 70);
    run(f);
    memcpy(&r, slot(f, RX_REF, 0, NET_RX_SLOT), sizeof(r));
    assert_int_equal(r.status, NETIF_RSP_ERROR);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 1);
}

/* A successor starts at the published positions. */
static void successor_goes_on_at_the_published_positions(void **state)
{
    const struct net_config c = { .tx_ref = TX_REF, .rx_ref = RX_REF };
    struct front *f = *state;
    uint8_t got[100] = { 0 };
    uint16_t id;

    push_tx(f, 1, DATA_REF, 0, 60, 0);
    offer_buffers(f, 3);
    run(f);
    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    net_stop(&f->net);                         /* killed */
    push_tx(f, 2, DATA_REF, 0, 61, 0);
    assert_int_equal(net_start(&f->net, &f->port, f->back_tap, &f->card,
                               &c), 0);
    assert_int_equal(send(f->tap, got, 70, 0), 70);
    run(f);

    assert_int_equal(tx_status(f, &id), NETIF_RSP_OKAY);
    assert_int_equal(id, 2);
    assert_int_equal(ring(f, TX_REF)->rsp_prod, 2);
    assert_int_equal(ring(f, RX_REF)->rsp_prod, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(frame_of_several_slots_arrives_whole),
        T(checksum_and_segmentation_are_handed_on),
        cmocka_unit_test(chains_are_checked_by_table),
        cmocka_unit_test(random_chains_keep_their_rule),
        cmocka_unit_test(offload_without_headers_is_refused),
        T(bad_grants_drop_the_frame_only),
        T(endless_chain_breaks_the_ring),
        T(frames_reach_the_guest_in_order),
        T(frames_wait_for_buffers),
        T(frames_too_small_are_dropped),
        T(a_large_frame_takes_several_slots),
        T(a_large_frame_waits_for_its_slots),
        T(an_unknown_offload_is_not_handed_on),
        T(a_tap_that_has_gone_is_noticed),
        T(credit_is_a_bound_and_comes_back),
        cmocka_unit_test(credit_is_read_or_refused),
        T(frames_of_another_sender_are_dropped_when_asked),
        T(bad_buffer_is_answered_with_an_error),
        T(successor_goes_on_at_the_published_positions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
