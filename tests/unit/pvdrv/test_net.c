/* SPDX-License-Identifier: MIT */
/*
 * The network back end on the host, from the guest: chains against their
 * rules, frames byte by byte, hostile slots, what a card may send.
 */
#include "net_front.h"

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
        T(credit_is_a_bound_and_comes_back),
        cmocka_unit_test(credit_is_read_or_refused),
        T(frames_of_another_sender_are_dropped_when_asked),
        T(bad_buffer_is_answered_with_an_error),
        T(successor_goes_on_at_the_published_positions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
