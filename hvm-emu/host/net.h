/* SPDX-License-Identifier: MIT */
/*
 * host/net.h - frames of an emulated card, to and from a tap or a process
 * that speaks TCP/IP (user mode), both as the PV back end uses them.
 *
 * Owns    the descriptor: making it before rights are given up, reading it
 *         only while the card has room.
 * Leaves  taps to back/net_tap.h, user mode to back/net_user.h.
 * Tests   tests/unit/hvm-emu/test_e1000.c (by a socket), nested boots (hvm)
 */
#ifndef HOST_NET_H
#define HOST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emu_nic;
struct err;
struct host_net;
struct machine;

#define HOST_NET_FRAME_MAX 65550u      /* a segment of IP and its header */

struct host_net_ops {
    bool (*room)(void *arg);           /* for a frame */
    void (*frame)(void *arg, uint8_t *frame, size_t len);
};

/* How the rest of a frame is to be done; zero: it is done. */
struct host_net_offload {
    uint16_t csum_start, csum_offset;  /* csum_start 0: none */
    uint16_t segment, header;          /* segment 0: none */
    bool ipv6;
};

/* NULL with @e filled.  nic->fd, if it is one, is taken over. */
struct host_net *host_net_open(struct machine *m, const struct emu_nic *nic,
                               unsigned int index,
                               const struct host_net_ops *ops, void *arg,
                               struct err *e);
void host_net_close(struct host_net *n);

/* A frame that finds no room is lost, as networks lose them. */
void host_net_send(struct host_net *n, const uint8_t *frame, size_t len,
                   const struct host_net_offload *o);
/* The card has room again. */
void host_net_kick(struct host_net *n);

#endif
