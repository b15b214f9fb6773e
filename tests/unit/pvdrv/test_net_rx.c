/* SPDX-License-Identifier: MIT */
/*
 * The network back end on the host, to the guest: order, buffers, large
 * frames, a tap that has gone.
 */
#include "net_front.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(frames_reach_the_guest_in_order),
        T(frames_wait_for_buffers),
        T(frames_too_small_are_dropped),
        T(a_large_frame_takes_several_slots),
        T(a_large_frame_waits_for_its_slots),
        T(an_unknown_offload_is_not_handed_on),
        T(a_tap_that_has_gone_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
