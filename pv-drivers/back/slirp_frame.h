/* SPDX-License-Identifier: MIT */
/*
 * back/slirp_frame.h - frames between a packet socket and libslirp.
 *
 * Owns    the virtio header on the socket: a checksum that a guest left open
 *         is completed, what libslirp cannot take is dropped, and so is what
 *         would reach the host's own loopback by its address.
 * Tests   tests/unit/pvdrv/test_slirp_frame.c
 */
#ifndef BACK_SLIRP_FRAME_H
#define BACK_SLIRP_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define SLIRP_FRAME_MAX 65600u

/*
 * The next frame for a network of @mtu: its length, 0 if it was dropped,
 * -EAGAIN if there is none, -EPIPE if nobody is there any more.
 */
long slirp_frame_read(int fd, uint8_t frame[SLIRP_FRAME_MAX],
                      unsigned int mtu);

/* 0, also when there was no room for it; -EPIPE. */
int slirp_frame_write(int fd, const void *frame, size_t len);

#endif
