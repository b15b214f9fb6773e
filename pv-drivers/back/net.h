/* SPDX-License-Identifier: MIT */
/*
 * back/net.h - one queue of a network card: a pair of rings on one side, a
 * tap (or what behaves like one) on the other.
 *
 * Owns    both directions, in batches of at most NET_BATCH frames, each batch
 *         copied by one grant copy.  Memory is fixed.  A frame that does not
 *         fit or cannot be copied is dropped, as networks do.
 * Leaves  the tap's existence and the connection to net_device.c; net_tx.c
 *         has the way from the guest, net_rx.c the way to it.
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

#define NET_BATCH      32u
#define NET_QUEUES_MAX 8u

struct net_config {
    uint32_t tx_ref, rx_ref;
};

/* What a guest may send: @bytes every @us microseconds. */
struct net_credit {
    uint64_t bytes, us;                /* 0: no limit */
    uint64_t left, next_ns;
};

/* What the queues of a card share. */
struct net_card {
    uint8_t mac[6];
    bool check_mac;                    /* frames must come from @mac */
    bool one_page;                     /* the guest takes no longer frames */
    struct net_credit credit;
};

struct net_stats {
    uint64_t tx_frames, tx_bytes, tx_dropped;     /* from the guest */
    uint64_t rx_frames, rx_bytes, rx_dropped;     /* to the guest */
};

struct net {
    struct port *port;
    struct net_card *card;
    int tap_fd;                    /* frames with a virtio header */
    struct port_pages tx_page, rx_page;
    struct ring_back tx, rx;
    uint8_t *buffers;              /* see net_int.h */
    unsigned int rx_next;          /* buffer of the next frame to read */
    uint32_t rx_held;              /* length of a frame that waits in it */
    unsigned int rx_need;          /* and the slots it waits for */
    bool stalled;                  /* the guest has used up its credit */
    bool closed;                   /* the tap has gone */
    struct net_stats stats;
};

/* Map the rings.  0 or -errno. */
int net_start(struct net *n, struct port *port, int tap_fd,
              struct net_card *card, const struct net_config *config);
void net_stop(struct net *n);

/*
 * Move what can be moved.  @tap_ready: frames may be read from the tap.
 * *@want_tap: the guest has room, wake when the tap has frames.  True: more
 * waits already.
 */
bool net_run(struct net *n, bool tap_ready, bool *want_tap);
bool net_broken(const struct net *n);

/* At @now_ns: give the guest its due. */
void net_credit_refill(struct net_credit *c, uint64_t now_ns);
/* "bytes,microseconds" of the store; false: it makes no sense. */
bool net_credit_parse(const char *text, struct net_credit *c);

#endif
