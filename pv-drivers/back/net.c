/* SPDX-License-Identifier: MIT */
/*
 * One queue of a card: its rings, its credit, its turns.  The two directions
 * are left to net_tx.c and net_rx.c, positions to ring/ring.  Covered by
 * tests/unit/pvdrv/test_net.c.
 */
#include <back/net.h>
#include <back/net_int.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_ROUNDS 16u
#define MIN_BURST  131072u         /* any packet fits, as in the kernel's */

bool net_run(struct net *n, bool tap_ready, bool *want_tap)
{
    bool tap_empty = !tap_ready && n->rx_held == 0, more = false;
    unsigned int round, moved;

    for (round = 0; round < MAX_ROUNDS && !net_broken(n); round++) {
        moved = net_run_tx(n);
        if (!tap_empty) {
            moved += net_run_rx(n, &tap_empty);
        }
        if (moved == 0) {
            break;
        }
    }
    if (n->rx_held != 0) {
        more = ring_wait_for(&n->rx, n->rx_need);
    }
    *want_tap = !net_broken(n) && n->rx_held == 0 &&
                (ring_pending(&n->rx) > 0 || ring_wait(&n->rx));
    return !net_broken(n) && !n->closed &&
           (more || round == MAX_ROUNDS ||
            (!n->stalled && ring_wait(&n->tx)));
}

bool net_broken(const struct net *n)
{
    return n->tx.broken || n->rx.broken;
}

/* ---- credit ----------------------------------------------------------------------------- */

void net_credit_refill(struct net_credit *c, uint64_t now_ns)
{
    uint64_t most = c->bytes > MIN_BURST ? c->bytes : MIN_BURST;

    if (c->bytes == 0 || now_ns < c->next_ns) {
        return;
    }
    c->left = c->left + c->bytes < most ? c->left + c->bytes : most;
    c->next_ns = now_ns + c->us * 1000;
}

bool net_credit_parse(const char *text, struct net_credit *c)
{
    unsigned long long bytes, us;
    char *end;

    memset(c, 0, sizeof(*c));
    bytes = strtoull(text, &end, 10);
    if (end == text || *end != ',') {
        return false;
    }
    text = end + 1;
    us = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || bytes == 0 || bytes > UINT32_MAX ||
        us == 0 || us > 1000000000u) {
        return false;
    }
    c->bytes = bytes;
    c->us = us;
    return true;
}

/* ---- connect ------------------------------------------------------------------------------ */

static int attach(struct net *n, const uint32_t *ref, struct port_pages *page,
                  struct ring_back *r, uint32_t slot_size)
{
    uint32_t start;
    int rc = port_map(n->port, ref, 1, true, page);

    if (rc != 0) {
        return rc;
    }
    start = __atomic_load_n(&((struct ring_header *)page->addr)->rsp_prod,
                            __ATOMIC_ACQUIRE);
    ring_attach(r, page->addr, NET_PAGE, slot_size, start, start);
    return ring_pending(r) < 0 ? -EPROTO : 0;
}

int net_start(struct net *n, struct port *port, int tap_fd,
              struct net_card *card, const struct net_config *c)
{
    int rc;

    memset(n, 0, sizeof(*n));
    n->port = port;
    n->card = card;
    n->tap_fd = tap_fd;
    rc = attach(n, &c->tx_ref, &n->tx_page, &n->tx, NET_TX_SLOT);
    if (rc == 0) {
        rc = attach(n, &c->rx_ref, &n->rx_page, &n->rx, NET_RX_SLOT);
    }
    if (rc == 0) {
        n->buffers = mmap(NULL, NET_BUFFERS * NET_FRAME_ROOM,
                          PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (n->buffers == MAP_FAILED) {
            n->buffers = NULL;
            rc = -ENOMEM;
        }
    }
    if (rc != 0) {
        net_stop(n);
    }
    return rc;
}

void net_stop(struct net *n)
{
    if (n->tx_page.addr != NULL) {
        port_unmap(n->port, &n->tx_page);
    }
    if (n->rx_page.addr != NULL) {
        port_unmap(n->port, &n->rx_page);
    }
    if (n->buffers != NULL) {
        munmap(n->buffers, NET_BUFFERS * NET_FRAME_ROOM);
        n->buffers = NULL;
    }
}
