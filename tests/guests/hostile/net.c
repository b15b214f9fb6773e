/* SPDX-License-Identifier: MIT */
/*
 * hostile/net.c - a card's front that lies: chains without end, lengths that
 * do not add up, offloads its headers do not allow, buffers nobody may write.
 */
#include <lib/print.h>
#include <ring/net_msg.h>
#include <ring/ring_front.h>
#include <xen/grant_table.h>
#include <xen/io/netif.h>

#include "hostile.h"

static struct front_device dev;
static struct ring_front tx, rx;
static uint8_t *rings;                /* tx, rx */
static uint32_t tx_ref, rx_ref, port;

/* ---- frames ---------------------------------------------------------------------- */

/* Something that looks like TCP, UDP, ARP or nothing, in a granted page. */
static void write_headers(uint8_t *f)
{
    static const uint16_t types[] = { 0x0800, 0x86dd, 0x0806, 0x8100, 0 };
    uint16_t type = types[domu_random(ARRAY_SIZE(types))];
    unsigned int i;

    for (i = 0; i < 64; i++) {
        f[i] = (uint8_t)domu_random(256);
    }
    if (now_and_then(2)) {
        memset(f, 0xff, 6);
    }
    f[12] = (uint8_t)(type >> 8);
    f[13] = (uint8_t)type;
    f[14] = (uint8_t)(now_and_then(4) ? domu_random(256) : 0x45);
    f[23] = now_and_then(2) ? 6 : 17;
    f[46] = (uint8_t)domu_random(256);
}

static struct netif_tx_request random_slot(bool more)
{
    unsigned int page = domu_random(DATA_PAGES);
    struct netif_tx_request r = {
        .gref = now_and_then(6) ? any_ref() : h.refs[page],
        .offset = (uint16_t)(now_and_then(5) ? odd_number() : 0),
        .size = (uint16_t)(now_and_then(5) ? odd_number()
                                           : 14 + domu_random(1500)),
        .id = (uint16_t)domu_random(65536),
        .flags = more ? NETTXF_more_data : 0,
    };

    write_headers(h.pages + page * PAGE_SIZE);
    if (now_and_then(3)) {
        r.flags |= (uint16_t)domu_random(16) & ~NETTXF_more_data;
    }
    return r;
}

static void put_tx(const void *slot)
{
    ring_front_put(&tx, slot, NET_TX_SLOT);
    h.ops++;
}

/* A packet: mostly whole, with the lengths that a chain should have. */
static void send_packet(void)
{
    /* Beyond eighteen slots the backend gives the ring up. */
    unsigned int nr = !now_and_then(3) ? 1
                      : 1 + domu_random(now_and_then(200) ? 22 : 18), i;
    struct netif_tx_request r = random_slot(nr > 1);
    union {
        struct netif_extra_info info;
        uint8_t slot[NET_TX_SLOT];
    } x;

    if (ring_front_room(&tx) < nr + 1) {
        return;
    }
    if (nr > 1 && !now_and_then(4)) {
        r.size = (uint16_t)(100 * nr);
    }
    put_tx(&r);
    if (r.flags & NETTXF_extra_info) {
        memset(&x, 0, sizeof(x));
        x.info.type = (uint8_t)domu_random(6);
        x.info.flags = (uint8_t)now_and_then(200);
        x.info.u.gso.size = (uint16_t)odd_number();
        x.info.u.gso.type = (uint8_t)domu_random(3);
        put_tx(&x);
    }
    for (i = 1; i < nr && ring_front_room(&tx) > 0; i++) {
        r = random_slot(i + 1 < nr);
        r.size = now_and_then(6) ? r.size : 100;
        put_tx(&r);
    }
}

static void offer_buffer(void)
{
    struct netif_rx_request r = {
        .id = (uint16_t)domu_random(65536), .gref = any_ref()
    };

    if (ring_front_room(&rx) > 0) {
        ring_front_put(&rx, &r, sizeof(r));
        h.ops++;
    }
}

/* ---- the rings --------------------------------------------------------------------- */

static void take_answers(struct ring_front *r)
{
    uint32_t prod = __atomic_load_n(&r->shared->rsp_prod, __ATOMIC_ACQUIRE);

    if (prod - r->rsp_cons <= r->nr_slots) {
        h.answers += prod - r->rsp_cons;
        r->rsp_cons = prod;
    }
    r->shared->rsp_event = r->rsp_cons + 1;
}

static void scribble(void)
{
    struct ring_front *r = now_and_then(2) ? &tx : &rx;

    switch (domu_random(4)) {
    case 0:
        r->shared->req_event = (uint32_t)odd_number();
        break;
    case 1:
        r->shared->rsp_event = (uint32_t)odd_number();
        break;
    case 2:
        r->slots[domu_random(r->nr_slots * r->slot_size)] =
            (uint8_t)domu_random(256);
        break;
    default:
        h.pages[domu_random(DATA_PAGES * PAGE_SIZE)] =
            (uint8_t)domu_random(256);
    }
}

static void jump(void)
{
    struct ring_front *r = now_and_then(2) ? &tx : &rx;

    __atomic_store_n(&r->shared->req_prod,
                     r->req_prod + r->nr_slots + 1 + domu_random(1u << 30),
                     __ATOMIC_SEQ_CST);
    guest_event_send(port);
}

/* False: the backend has given us up. */
static bool one_round(void)
{
    uint32_t n = domu_random(30), i;

    for (i = 0; i < n; i++) {
        send_packet();
        if (now_and_then(2)) {
            offer_buffer();
        }
        if (now_and_then(5)) {
            disturb_grant();
        }
        if (now_and_then(5)) {
            scribble();
        }
    }
    ring_front_publish(&tx);
    ring_front_publish(&rx);
    guest_event_send(port);
    take_answers(&tx);
    take_answers(&rx);
    for (i = 0; i < 10 && ring_front_room(&tx) < 32; i++) {
        guest_event_send(port);
        guest_event_wait(port, now_ns() + 20 * NS_PER_MS);
        take_answers(&tx);
    }
    if (now_and_then(40)) {
        flood_events(port);
    }
    return ring_front_room(&tx) >= 32;
}

/* ---- a connection ------------------------------------------------------------------- */

static void tell_queue(const char *prefix)
{
    static const char *const names[] = { "tx-ring-ref", "rx-ring-ref",
                                         "event-channel" };
    const uint32_t numbers[] = { tx_ref, rx_ref, port };
    char key[48];
    unsigned int i;

    for (i = 0; i < 3; i++) {
        format(key, sizeof(key), "%s%s", prefix, names[i]);
        front_write(&dev, key, numbers[i]);
    }
}

/* One pair of rings for several queues, or fewer queues than said. */
static void tell_queues(void)
{
    unsigned int nr = domu_random(10), i;
    char prefix[16];

    front_write(&dev, "multi-queue-num-queues", nr);
    for (i = 0; i < domu_random(9) || i == 0; i++) {
        format(prefix, sizeof(prefix), "queue-%u/", i);
        tell_queue(prefix);
    }
}

static bool connect(void)
{
    ring_front_init(&tx, rings, PAGE_SIZE, NET_TX_SLOT);
    ring_front_init(&rx, rings + PAGE_SIZE, PAGE_SIZE, NET_RX_SLOT);
    tx_ref = (uint32_t)guest_grant(dev.back_domid, rings, true);
    rx_ref = (uint32_t)guest_grant(dev.back_domid, rings + PAGE_SIZE, true);
    port = (uint32_t)guest_event_open(dev.back_domid);
    grant_pages(dev.back_domid);
    tell_queue("");
    if (now_and_then(4)) {
        tell_queues();
    } else {
        front_write(&dev, "multi-queue-num-queues", 1);
    }
    front_write(&dev, "request-rx-copy", 1);
    if (now_and_then(8)) {
        disturb_keys(&dev);
    }
    front_set_state(&dev, XenbusStateConnected);
    return connected(&dev);
}

static void session(void)
{
    uint32_t n = 20 + domu_random(100);

    while (n-- > 0 && one_round()) {
    }
    if (now_and_then(4)) {
        jump();
    } else if (now_and_then(3)) {
        disturb_keys(&dev);
    }
}

static void disconnect(void)
{
    guest_event_close(port);
    ungrant_pages();
    guest_grant_end(tx_ref);
    guest_grant_end(rx_ref);
}

void attack_net(void)
{
    rings = pages_alloc(2);
    guest_must(front_appear(&dev, &store, "vif", "0"), "card");
    guest_must(front_wait_back(&dev, 1u << XenbusStateInitWait), "backend");
    attack_sessions(&dev, &(struct attack){ connect, session, disconnect });
}
