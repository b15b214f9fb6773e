/* SPDX-License-Identifier: MIT */
/*
 * Frames with a virtio header (linux/virtio_net.h).  What they mean is left to
 * libslirp.  Covered by tests/unit/pvdrv/test_slirp_frame.c.
 */
#include <back/slirp_frame.h>

#include <errno.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define ETH_LEN  14u
#define VLAN_LEN 4u
#define IP_MAX   65535u

/* The Internet checksum over what follows @start, into its field. */
static bool complete_checksum(uint8_t *frame, size_t len, size_t start,
                              size_t offset)
{
    uint32_t sum = 0;
    size_t i;

    if (start + offset + 2 > len) {
        return false;
    }
    for (i = start; i + 1 < len; i += 2) {
        sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
    }
    sum += i < len ? (uint32_t)frame[i] << 8 : 0;
    sum = (sum & 0xffffu) + (sum >> 16);
    sum = ~((sum & 0xffffu) + (sum >> 16)) & 0xffffu;
    sum = sum == 0 ? 0xffffu : sum;    /* zero means: none (UDP) */
    frame[start + offset] = (uint8_t)(sum >> 8);
    frame[start + offset + 1] = (uint8_t)sum;
    return true;
}

/* 127.0.0.0/8 and 0.0.0.0/8 are this host itself, for its own sockets. */
static bool for_loopback(const uint8_t *frame, size_t len)
{
    uint8_t net;

    if (len < ETH_LEN + 20 || frame[12] != 0x08 || frame[13] != 0x00) {
        return false;
    }
    net = frame[ETH_LEN + 16];
    return net == 127 || net == 0;
}

/*
 * libslirp takes a TCP segment of any length that IP can say: what the guest
 * wants to be cut up may stay whole.
 */
static bool good_length(const struct virtio_net_hdr *h, size_t len,
                        unsigned int mtu)
{
    switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return len <= mtu + ETH_LEN + VLAN_LEN;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        return len <= IP_MAX + ETH_LEN &&
               (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
    default:
        return false;
    }
}

static bool acceptable(const struct virtio_net_hdr *h, uint8_t *frame,
                       size_t len, unsigned int mtu)
{
    if (len < ETH_LEN || !good_length(h, len, mtu) ||
        for_loopback(frame, len)) {
        return false;
    }
    return (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0 ||
           complete_checksum(frame, len, h->csum_start, h->csum_offset);
}

long slirp_frame_read(int fd, uint8_t frame[SLIRP_FRAME_MAX],
                      unsigned int mtu)
{
    uint8_t packet[sizeof(struct virtio_net_hdr) + SLIRP_FRAME_MAX];
    struct virtio_net_hdr h;
    ssize_t got = read(fd, packet, sizeof(packet));
    size_t len;

    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR) ? -EAGAIN
                                                              : -EPIPE;
    }
    if ((size_t)got < sizeof(h)) {
        return 0;
    }
    memcpy(&h, packet, sizeof(h));
    len = (size_t)got - sizeof(h);
    memcpy(frame, packet + sizeof(h), len);
    return acceptable(&h, frame, len, mtu) ? (long)len : 0;
}

int slirp_frame_write(int fd, const void *frame, size_t len)
{
    struct virtio_net_hdr h = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };
    struct iovec iov[] = {
        { &h, sizeof(h) }, { (void *)(uintptr_t)frame, len },
    };

    if (writev(fd, iov, 2) >= 0 || errno == EAGAIN || errno == ENOBUFS ||
        errno == EINTR) {
        return 0;
    }
    return -EPIPE;
}
