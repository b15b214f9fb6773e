/* SPDX-License-Identifier: MIT */
/*
 * Hostile fronts against the cores of the backends, 100000 operations each,
 * from fixed seeds: the same run every time.  The guest's pages change and its
 * grants go away at every call of the port, that is, while a request is under
 * way.  After each connection nothing may be mapped or in flight.
 * tests/fuzz/fuzz_rings does the same with a second thread and no end;
 * tests/guests/hostile from a real guest.
 */
#include "fake_port.h"

#include <back/blk.h>
#include <back/net.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>
#include <xen/io/netif.h>

#define OPERATIONS 100000u
#define SECTORS    2048u
#define HOT        16u             /* pages: rings, lists, data */

static struct port port;
static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) * below >> 32);
}

static bool once_in(uint32_t n)
{
    return rnd(n) == 0;
}

static uint64_t odd_number(void)
{
    static const uint64_t odd[] = {
        0, 1, 7, 8, 255, 256, 257, 2047, 2048, 4095, 4096, 65535, 65536,
        0x7fffffff, 0x80000000u, 0xffffffffu, 1ul << 32, (1ul << 55) - 1,
        1ul << 63, ~0ul - 7, ~0ul,
    };

    return odd[rnd(sizeof(odd) / sizeof(odd[0]))];
}

static uint32_t any_ref(void)
{
    if (once_in(3000)) {
        return rnd(4);                /* data into the ring itself */
    }
    return once_in(16) ? (uint32_t)odd_number() | 1024 : 4 + rnd(60);
}

/* Called by the fake port before it maps or copies. */
static void disturb(struct port *p)
{
    uint32_t ref = 4 + rnd(60);

    fake_page(p, rnd(HOT))[64 + rnd(4096 - 64)] = (uint8_t)rnd(256);
    if (once_in(8)) {
        p->bad[ref] = !p->bad[ref];
    }
    if (once_in(8)) {
        p->no_map[ref] = !p->no_map[ref];
    }
}

static void begin(void)
{
    memset(port.bad, 0, sizeof(port.bad));
    memset(port.no_map, 0, sizeof(port.no_map));
    memset(fake_page(&port, 0), 0, 4 * 4096);
}

/* Write a slot; now and then a producer that no frontend has. */
static void push(uint32_t ref, uint32_t *prod, uint32_t nr, uint32_t size,
                 const void *slot)
{
    struct ring_header *h = (struct ring_header *)fake_page(&port, ref);

    memcpy(fake_page(&port, ref) + 64 + (*prod & (nr - 1)) * size, slot,
           size);
    (*prod)++;
    h->rsp_event = once_in(5) ? (uint32_t)odd_number() : *prod;
    h->req_prod = once_in(4000) ? *prod + nr + 1 + rnd(1u << 20) : *prod;
}

/* ---- block -------------------------------------------------------------------- */

static void segments(struct blkif_request_segment *s, unsigned int nr)
{
    unsigned int i;

    for (i = 0; i < nr; i++) {
        s[i].gref = any_ref();
        s[i].first_sect = (uint8_t)(once_in(12) ? rnd(256) : 0);
        s[i].last_sect = (uint8_t)(once_in(12) ? rnd(256) : rnd(8));
    }
}

static void random_request(uint8_t slot[BLK_SLOT_SIZE])
{
    struct blkif_request r;
    struct blkif_request_indirect in;
    struct blkif_request_discard d;
    unsigned int page, i;

    memset(slot, 0, BLK_SLOT_SIZE);
    switch (rnd(12)) {
    case 0:
        for (i = 0; i < BLK_SLOT_SIZE; i++) {
            slot[i] = (uint8_t)rnd(256);
        }
        return;
    case 1:
        memset(&d, 0, sizeof(d));
        d.operation = BLKIF_OP_DISCARD;
        d.flag = (uint8_t)rnd(4);
        d.sector_number = once_in(3) ? odd_number() : rnd(SECTORS);
        d.nr_sectors = once_in(3) ? odd_number() : rnd(64);
        memcpy(slot, &d, sizeof(d));
        return;
    case 2:
    case 3:
        page = 4 + rnd(HOT - 4);
        memset(&in, 0, sizeof(in));
        in.operation = BLKIF_OP_INDIRECT;
        in.indirect_op = (uint8_t)rnd(8);
        in.nr_segments = (uint16_t)(once_in(4) ? odd_number() : 1 + rnd(256));
        in.sector_number = rnd(SECTORS);
        in.indirect_grefs[0] = once_in(6) ? any_ref() : page;
        segments((void *)fake_page(&port, page), 256);
        memcpy(slot, &in, sizeof(in));
        return;
    default:
        memset(&r, 0, sizeof(r));
        r.operation = (uint8_t)(once_in(20) ? rnd(256) : rnd(4));
        r.nr_segments = (uint8_t)(once_in(10) ? rnd(256) : 1 + rnd(11));
        r.sector_number = once_in(10) ? odd_number() : rnd(SECTORS);
        segments(r.seg, BLKIF_MAX_SEGMENTS_PER_REQUEST);
        memcpy(slot, &r, sizeof(r));
    }
}

/* What a predecessor left that had been taken over. */
static void scramble(struct blk_journal *j)
{
    unsigned int i;

    for (i = 0; i < 32; i++) {
        struct blk_record *r = &j->records[i];

        r->state = once_in(8) ? (uint32_t)odd_number() : rnd(3);
        r->req_index = once_in(4) ? (uint32_t)odd_number() : rnd(64);
        r->rsp_index = once_in(4) ? (uint32_t)odd_number() : rnd(64);
        random_request(r->request);
    }
    j->rsp_prod = once_in(8) ? (uint32_t)odd_number() : rnd(32);
    j->req_cons = j->rsp_prod + rnd(33);
}

/* Make room as a frontend does, or do not: the ring then breaks or waits. */
static void let_run(struct blk *b, struct blk_image *image, uint32_t prod)
{
    /* Signed: the answers are ahead after a jump of the shared index. */
    while (!blk_broken(b) &&
           (int32_t)(prod - b->ring.rsp_published) >= 31) {
        if (!blk_run(b) && b->in_flight > 0) {
            blk_image_wait(image);
        }
    }
}

static uint32_t one_disk(struct blk_journal *journal)
{
    struct blk_config c = { .ring_refs = { 0 }, .nr_ring_pages = 1,
                            .persistent = rnd(2), .discard = true,
                            .resume = once_in(3), .plain_io = rnd(2) };
    struct blk_image image = { .fd = memfd_create("disk", 0),
                               .sectors = SECTORS };
    uint32_t prod = 0, n = 500 + rnd(3000), i;
    uint8_t slot[BLK_SLOT_SIZE];
    static struct blk b;
    struct stat st;

    begin();
    assert_int_equal(ftruncate(image.fd, SECTORS * 512), 0);
    scramble(journal);
    if (blk_start(&b, &port, &image, journal, &c) != 0) {
        assert_true(c.resume);
        assert_int_equal(port.mapped, 0);
        blk_image_close(&image);
        return 1;
    }
    prod = b.ring.req_cons;
    for (i = 0; i < n && !blk_broken(&b); i++) {
        random_request(slot);
        push(0, &prod, 32, BLK_SLOT_SIZE, slot);
        if (once_in(4)) {
            blk_run(&b);
        }
        let_run(&b, &image, prod);
    }
    blk_drain(&b);
    assert_int_equal(b.in_flight, 0);
    assert_true(b.grants.nr_mapped <= BLK_GRANTS_MAX);
    assert_int_equal(fstat(image.fd, &st), 0);
    assert_int_equal(st.st_size, SECTORS * 512);
    blk_stop(&b);
    blk_image_close(&image);
    assert_int_equal(port.mapped, 0);
    return i;
}

static void disk_survives_a_hundred_thousand_operations(void **state)
{
    int fd = memfd_create("journal", 0);
    struct blk_journal *journal = blk_journal_map(fd);
    uint32_t done = 0, disks = 0;

    assert_non_null(journal);
    for (seed = 1; done < OPERATIONS; disks++) {
        done += one_disk(journal);
    }
    print_message("block: %u operations over %u connections\n", done, disks);
    blk_journal_unmap(journal);
    close(fd);
}

/* ---- network -------------------------------------------------------------------- */

static struct netif_tx_request random_tx(bool more)
{
    struct netif_tx_request t = {
        .gref = any_ref(), .id = (uint16_t)rnd(65536),
        .offset = (uint16_t)(once_in(5) ? odd_number() : 0),
        .size = (uint16_t)(once_in(5) ? odd_number() : 14 + rnd(1500)),
        .flags = (uint16_t)(more ? NETTXF_more_data : 0),
    };

    if (once_in(4)) {
        t.flags |= (uint16_t)(rnd(16) & ~NETTXF_more_data);
    }
    return t;
}

/* A chain; mostly with an end, as frontends push them. */
static uint32_t push_packet(uint32_t *tx)
{
    uint32_t nr = once_in(3) ? 1 + rnd(20) : 1, i;
    struct netif_tx_request t = random_tx(nr > 1);
    union {
        struct netif_extra_info info;
        uint8_t slot[NET_TX_SLOT];
    } x;

    if (nr > 1 && !once_in(4)) {
        t.size = (uint16_t)(100 * nr);
    }
    push(0, tx, 256, NET_TX_SLOT, &t);
    if (t.flags & NETTXF_extra_info) {
        memset(&x, 0, sizeof(x));
        x.info.type = (uint8_t)rnd(6);
        x.info.flags = (uint8_t)once_in(60);
        x.info.u.gso.size = (uint16_t)odd_number();
        x.info.u.gso.type = (uint8_t)rnd(3);
        push(0, tx, 256, NET_TX_SLOT, &x);
        nr++;
    }
    for (i = 1; i + (t.flags & NETTXF_extra_info ? 1 : 0) < nr; i++) {
        struct netif_tx_request next =
            random_tx(i + 1 + (t.flags & NETTXF_extra_info ? 1 : 0) < nr);

        next.size = once_in(8) ? next.size : 100;
        push(0, tx, 256, NET_TX_SLOT, &next);
    }
    return nr;
}

static void drain_tap(int fd)
{
    static uint8_t sink[70000];

    while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0) {
    }
}

static uint32_t one_card(void)
{
    const struct net_config c = { .tx_ref = 0, .rx_ref = 1 };
    uint8_t frame[NET_VNET_HEADER + 9000] = { 0 };
    uint32_t tx = 0, rx = 0, ops = 0, limit = 500 + rnd(4000);
    static struct net_card card;
    static struct net net;
    bool want;
    int tap[2];

    begin();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
                                tap), 0);
    assert_int_equal(net_start(&net, &port, tap[0], &card, &c), 0);
    while (ops < limit && !net_broken(&net)) {
        struct netif_rx_request r = { .id = (uint16_t)ops,
                                      .gref = any_ref() };

        ops += push_packet(&tx);
        if (rx - net.rx.rsp_published < 250) {
            push(1, &rx, 256, NET_RX_SLOT, &r);
            ops++;
        }
        if (once_in(3) || tx - net.tx.rsp_published > 200) {
            if (send(tap[1], frame, 10 + 14 + rnd(8900), 0) < 0) {
                drain_tap(tap[1]);
            }
            net_run(&net, true, &want);
            drain_tap(tap[1]);
        }
    }
    net_stop(&net);
    close(tap[0]);
    close(tap[1]);
    assert_int_equal(port.mapped, 0);
    return ops;
}

static void card_survives_a_hundred_thousand_operations(void **state)
{
    uint32_t done = 0, cards = 0;

    for (seed = 2; done < OPERATIONS; cards++) {
        done += one_card();
    }
    print_message("net: %u operations over %u connections\n", done, cards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_survives_a_hundred_thousand_operations),
        cmocka_unit_test(card_survives_a_hundred_thousand_operations),
    };
    int rc;

    fake_port_init(&port);
    port.disturb = disturb;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    fake_port_fini(&port);
    return rc;
}
