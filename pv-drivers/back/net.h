/* SPDX-License-Identifier: MIT */
/*
 * back/net.h - one connected network card: rings on one side, a tap on the
 * other.
 *
 * Owns    both directions, in batches of at most NET_BATCH frames, each batch
 *         copied by one grant copy.  Memory is fixed.  A frame that does not
 *         fit or cannot be copied is dropped, as networks do.
 * Leaves  the tap's existence and the connection to net_device.c.
 *
 * INV-NB1 answers are published at packet boundaries only, so a successor may
 *         start at the published position of each ring.
 * Tests   tests/unit/pvdrv/test_net.c
 */
#ifndef BACK_NET_H
#define BACK_NET_H

#include <port/port.h>
#include <ring/net_msg.h>
#include <ring/ring.h>

#include <stdbool.h>
#include <stdint.h>

#define NET_BATCH 32u

struct net_config {
    uint32_t tx_ref, rx_ref;
};

struct net_stats {
    uint64_t tx_frames, tx_bytes, tx_dropped;     /* from the guest */
    uint64_t rx_frames, rx_bytes, rx_dropped;     /* to the guest */
};

struct net {
    struct port *port;
    int tap_fd;                    /* frames with a virtio header */
    struct port_pages tx_page, rx_page;
    struct ring_back tx, rx;
    uint8_t *buffers;              /* NET_BATCH frames with headers */
    struct net_stats stats;
};

/* Map the rings.  0 or -errno. */
int net_start(struct net *n, struct port *port, int tap_fd,
              const struct net_config *config);
void net_stop(struct net *n);

/*
 * Move what can be moved.  @tap_ready: frames may be read from the tap.
 * *@want_tap: the guest has room, wake when the tap has frames.  True: more
 * waits already.
 */
bool net_run(struct net *n, bool tap_ready, bool *want_tap);
bool net_broken(const struct net *n);

#endif
