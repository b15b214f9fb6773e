/* SPDX-License-Identifier: MIT */
/*
 * back/net_int.h - what net.c, net_tx.c and net_rx.c share.
 *
 * Owns    the layout of the buffers: NET_BATCH frames from the guest, then
 *         NET_BATCH + 1 to it (one may wait for room in the ring).  Pieces
 *         begin at page boundaries, because a grant copy that crosses one is
 *         two.
 * Tests   tests/unit/pvdrv/test_net.c
 */
#ifndef BACK_NET_INT_H
#define BACK_NET_INT_H

#include <back/net.h>

#define NET_PAGE       4096u
#define NET_FRAME_ROOM (NET_SLOTS_MAX * NET_PAGE)
#define NET_BUFFERS    (2 * NET_BATCH + 1)

/* Frames moved, 0: nothing to do. */
unsigned int net_run_tx(struct net *n);
unsigned int net_run_rx(struct net *n, bool *tap_empty);

#endif
