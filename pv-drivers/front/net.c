/* SPDX-License-Identifier: MIT */
/*
 * Frames of a guest.  The handshake is left to device.c, positions to
 * ring/ring_front.  Covered by tests/guests/frontend.
 */
#include <front/net.h>

#include <xen/grant_table.h>
#include <xen/io/netif.h>

/* ---- connection --------------------------------------------------------------- */

static long share_page(struct net_front *n, void **page, bool writable,
                       uint32_t *ref)
{
    long rc;

    if (*page == NULL) {
        *page = guest_env_pages(1);
    }
    rc = *page == NULL ? -ENOMEM
                       : guest_grant(n->dev.back_domid, *page, writable);
    if (rc >= 0) {
        *ref = (uint32_t)rc;
    }
    return rc < 0 ? rc : 0;
}

/* Buffers stay granted for the whole connection. */
static long share_all(struct net_front *n)
{
    long rc = share_page(n, &n->tx_page, true, &n->tx_ref);
    unsigned int i;

    if (rc == 0) {
        rc = share_page(n, &n->rx_page, true, &n->rx_ref);
    }
    for (i = 0; rc == 0 && i < NET_FRONT_BUFFERS; i++) {
        rc = share_page(n, (void **)&n->out[i].page, false, &n->out[i].ref);
        n->out[i].busy = false;
        if (rc == 0) {
            rc = share_page(n, (void **)&n->in[i].page, true, &n->in[i].ref);
        }
    }
    if (rc == 0) {
        ring_front_init(&n->tx, n->tx_page, GUEST_PAGE, NET_TX_SLOT);
        ring_front_init(&n->rx, n->rx_page, GUEST_PAGE, NET_RX_SLOT);
        rc = guest_event_open(n->dev.back_domid);
    }
    if (rc < 0) {
        return rc;
    }
    n->port = (uint32_t)rc;
    return 0;
}

static void offer_buffer(struct net_front *n, unsigned int i)
{
    struct netif_rx_request r = { .id = (uint16_t)i, .gref = n->in[i].ref };

    ring_front_put(&n->rx, &r, sizeof(r));
    if (ring_front_publish(&n->rx)) {
        guest_event_send(n->port);
    }
}

static long tell(struct net_front *n)
{
    const struct { const char *key; uint64_t value; } keys[] = {
        { "tx-ring-ref", n->tx_ref }, { "rx-ring-ref", n->rx_ref },
        { "event-channel", n->port }, { "request-rx-copy", 1 },
        { "feature-rx-notify", 1 }, { "feature-sg", 0 },
        { "feature-no-csum-offload", 1 },
    };
    unsigned int i;
    long rc = 0;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && rc >= 0; i++) {
        rc = front_write(&n->dev, keys[i].key, keys[i].value);
    }
    return rc < 0 ? rc : front_set_state(&n->dev, XenbusStateConnected);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "00:16:3e:..." of our own directory. */
static long read_mac(struct net_front *n)
{
    char path[FRONT_PATH], text[24];
    unsigned int i;

    if (!guest_store_join(path, sizeof(path), n->dev.path, "mac") ||
        guest_store_read(n->dev.store, path, text, sizeof(text)) != 17) {
        return -EINVAL;
    }
    for (i = 0; i < 6; i++) {
        int hi = hex_digit((char)(text[i * 3] | 0x20));
        int lo = hex_digit((char)(text[i * 3 + 1] | 0x20));

        if (hi < 0 || lo < 0) {
            return -EINVAL;
        }
        n->mac[i] = (uint8_t)(hi << 4 | lo);
    }
    return 0;
}

long net_front_connect(struct net_front *n, struct guest_store *store,
                       const char *id)
{
    long rc = front_appear(&n->dev, store, "vif", id);
    unsigned int i;

    if (rc >= 0) {
        rc = read_mac(n);
    }
    if (rc >= 0) {
        rc = front_wait_back(&n->dev, 1u << XenbusStateInitWait);
    }
    if (rc >= 0) {
        rc = share_all(n);
    }
    for (i = 0; rc >= 0 && i < NET_FRONT_BUFFERS; i++) {
        offer_buffer(n, i);
    }
    if (rc >= 0) {
        rc = tell(n);
    }
    if (rc >= 0) {
        rc = front_wait_back(&n->dev, 1u << XenbusStateConnected |
                                      1u << XenbusStateClosing |
                                      1u << XenbusStateClosed);
    }
    return rc < 0 || front_back_state(&n->dev) == XenbusStateConnected
           ? rc : -EIO;
}

long net_front_disconnect(struct net_front *n)
{
    long rc = front_close(&n->dev);
    unsigned int i;

    guest_event_close(n->port);
    for (i = 0; i < NET_FRONT_BUFFERS; i++) {
        guest_grant_end(n->out[i].ref);
        guest_grant_end(n->in[i].ref);
    }
    guest_grant_end(n->tx_ref);
    guest_grant_end(n->rx_ref);
    return rc;
}

/* ---- frames ------------------------------------------------------------------------ */

static void reap_sent(struct net_front *n)
{
    struct netif_tx_response r;

    while (ring_front_take(&n->tx, &r, sizeof(r))) {
        if (r.id >= NET_FRONT_BUFFERS || !n->out[r.id].busy) {
            n->tx.broken = true;
            return;
        }
        n->out[r.id].busy = false;
        n->dropped += r.status != NETIF_RSP_OKAY;
    }
}

long net_front_send(struct net_front *n, const void *frame, size_t len)
{
    struct netif_tx_request r = { .size = (uint16_t)len };
    unsigned int i;

    if (len > NET_FRONT_FRAME) {
        return -E2BIG;
    }
    reap_sent(n);
    for (i = 0; i < NET_FRONT_BUFFERS && n->out[i].busy; i++) {
    }
    if (n->tx.broken || i == NET_FRONT_BUFFERS) {
        ring_front_wait(&n->tx);
        return n->tx.broken ? -EIO : -EBUSY;
    }
    n->out[i].busy = true;
    __builtin_memcpy(n->out[i].page, frame, len);
    r.id = (uint16_t)i;
    r.gref = n->out[i].ref;
    ring_front_put(&n->tx, &r, sizeof(r));
    if (ring_front_publish(&n->tx)) {
        guest_event_send(n->port);
    }
    return 0;
}

/* A frame in one piece, wholly inside its page. */
static long take_frame(struct net_front *n, const struct netif_rx_response *r,
                       void *frame, size_t size)
{
    uint32_t len = r->status > 0 ? (uint32_t)r->status : 0;

    if (len < NET_FRAME_MIN || r->offset + len > GUEST_PAGE || len > size ||
        (r->flags & NETRXF_more_data) != 0) {
        n->dropped++;
        return 0;
    }
    __builtin_memcpy(frame, n->in[r->id].page + r->offset, len);
    return len;
}

long net_front_receive(struct net_front *n, void *frame, size_t size)
{
    struct netif_rx_response r;
    long len = 0;

    while (len == 0 && ring_front_take(&n->rx, &r, sizeof(r))) {
        if (r.id >= NET_FRONT_BUFFERS) {
            n->rx.broken = true;
            break;
        }
        len = take_frame(n, &r, frame, size);
        offer_buffer(n, r.id);
    }
    return n->rx.broken ? -EIO : len;
}

void net_front_wait(struct net_front *n, uint64_t deadline_ns)
{
    if (!ring_front_wait(&n->rx)) {
        guest_event_wait(n->port, deadline_ns);
    }
}
