/* SPDX-License-Identifier: MIT */
/*
 * What paravane-slirpd does with frames before libslirp sees them.
 */
#include <back/slirp_frame.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];

static int setup(void **state)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair);
}

static int teardown(void **state)
{
    close(pair[0]);
    if (pair[1] >= 0) {
        close(pair[1]);
    }
    return 0;
}

static void give(const struct virtio_net_hdr *h, const uint8_t *frame,
                 size_t len)
{
    uint8_t packet[4096];

    memcpy(packet, h, sizeof(*h));
    memcpy(packet + sizeof(*h), frame, len);
    assert_int_equal(send(pair[1], packet, sizeof(*h) + len, 0),
                     sizeof(*h) + len);
}

/* RFC 1071's example, 0001 f203 f4f5 f6f7: its sum is ddf2. */
static void an_open_checksum_is_completed(void **state)
{
    struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                .csum_start = 20, .csum_offset = 8 };
    uint8_t frame[30] = { 0 }, got[SLIRP_FRAME_MAX];
    const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

    memcpy(frame + 20, data, sizeof(data));
    give(&h, frame, sizeof(frame));
    assert_int_equal(slirp_frame_read(pair[0], got, 1500), 30);
    assert_int_equal(got[28] << 8 | got[29], 0x220d);

    h.csum_offset = 0;                 /* an odd length, a field in the sum */
    give(&h, frame, 29);
    assert_int_equal(slirp_frame_read(pair[0], got, 1500), 29);
    assert_memory_not_equal(got + 20, data, 2);
}

static void what_cannot_be_taken_is_dropped(void **state)
{
    static const struct {
        struct virtio_net_hdr h;
        size_t len;
        uint8_t to;
        long want;
    } rows[] = {
        { { 0 }, 60, 10, 60 },
        { { 0 }, 13, 10, 0 },
        { { 0 }, 1518, 10, 1518 },
        { { 0 }, 1519, 10, 0 },
        { { 0 }, 60, 127, 0 },
        { { 0 }, 60, 0, 0 },
        { { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 99 }, 60, 10, 0 },
        { { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 99,
            .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
            .csum_offset = 16 }, 1900, 10, 1900 },
        { { .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 99,
            .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
            .csum_offset = 16 }, 1900, 10, 0 },
        { { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 58,
            .csum_offset = 1 }, 60, 10, 0 },
        { { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 65535,
            .csum_offset = 65535 }, 60, 10, 0 },
        { { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 58 }, 60, 10,
          60 },
    };
    uint8_t got[SLIRP_FRAME_MAX];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t frame[2000] = { [12] = 0x08, [14] = 0x45,
                                [14 + 16] = rows[i].to, [14 + 19] = 1 };

        give(&rows[i].h, frame, rows[i].len);
        assert_int_equal(slirp_frame_read(pair[0], got, 1500), rows[i].want);
    }
}

static void the_end_is_noticed(void **state)
{
    uint8_t got[SLIRP_FRAME_MAX] = { 0 };
    int i;

    assert_int_equal(slirp_frame_read(pair[0], got, 1500), -EAGAIN);
    assert_int_equal(send(pair[1], "short", 5, 0), 5);
    assert_int_equal(slirp_frame_read(pair[0], got, 1500), 0);
    for (i = 0; i < 1000; i++) {           /* far more than there is room for */
        assert_int_equal(slirp_frame_write(pair[0], got, 1500), 0);
    }
    close(pair[1]);
    pair[1] = -1;
    assert_int_equal(slirp_frame_read(pair[0], got, 1500), -EPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_open_checksum_is_completed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_taken_is_dropped, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_end_is_noticed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
