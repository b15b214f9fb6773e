/* SPDX-License-Identifier: MIT */
/*
 * A hostile frontend for the block and the network backend: random requests,
 * random indices, and a second thread that rewrites the shared pages while the
 * backend reads them.  Nothing may be touched outside the image, a broken ring
 * must stay broken, and after the end nothing may stay mapped.
 * Covers: pv-drivers/ring, back/blk, blk_journal, blk_grants, net.
 *
 *   fuzz_rings [SECONDS [SEED]]
 */
#include "../unit/pvdrv/fake_port.h"

#include <back/blk.h>
#include <back/net.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>
#include <xen/io/netif.h>

#define SECTORS     2048u
#define HOT_PAGES   8u                 /* rings, segment lists, data */
#define ROUNDS      400u               /* of one connection */

static struct port port;
static volatile bool flipping, done;

static uint32_t rnd(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(*seed >> 8) * below >> 24);
}

static void need(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

/* Rewrites single bytes of slots and lists, never the indices. */
static void *flip(void *arg)
{
    uint32_t seed = *(uint32_t *)arg;

    while (!done) {
        volatile uint8_t *page = fake_page(&port, rnd(&seed, HOT_PAGES));

        if (flipping) {
            page[64 + rnd(&seed, 4096 - 64)] = (uint8_t)rnd(&seed, 256);
        } else {
            usleep(100);
        }
    }
    return NULL;
}

static void push(uint32_t ref, uint32_t *prod, uint32_t nr, uint32_t slot_size,
                 const void *slot, uint32_t *seed)
{
    struct ring_header *h = (struct ring_header *)fake_page(&port, ref);

    memcpy(fake_page(&port, ref) + 64 + (*prod & (nr - 1)) * slot_size, slot,
           slot_size);
    (*prod)++;
    h->rsp_event = *prod + rnd(seed, 3);
    /* Now and then a jump that no frontend makes. */
    h->req_prod = rnd(seed, 3000) == 0 ? *prod + rnd(seed, 1u << 20) : *prod;
}

/* ---- block ---------------------------------------------------------------------- */

static void random_request(uint8_t slot[BLK_SLOT_SIZE], uint32_t *seed)
{
    struct blkif_request r;
    uint32_t i;

    memset(&r, 0, sizeof(r));
    r.operation = (uint8_t)rnd(seed, 8);
    r.nr_segments = (uint8_t)rnd(seed, 13);
    r.id = rnd(seed, 1000);
    r.sector_number = rnd(seed, SECTORS + 16);
    for (i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
        r.seg[i].gref = rnd(seed, 40) == 0 ? rnd(seed, 1u << 24)
                                           : rnd(seed, 64);
        r.seg[i].first_sect = (uint8_t)rnd(seed, 4);
        r.seg[i].last_sect = (uint8_t)(r.seg[i].first_sect + rnd(seed, 6));
    }
    memcpy(slot, &r, sizeof(r));
    if (r.operation == BLKIF_OP_INDIRECT) {
        slot[1] = (uint8_t)rnd(seed, 3);
        slot[2] = (uint8_t)rnd(seed, 40);
        slot[3] = 0;
        slot[28] = (uint8_t)(1 + rnd(seed, HOT_PAGES - 1));
        memset(slot + 29, 0, 3);
    }
}

static uint64_t one_disk(struct blk_journal *journal, uint32_t *seed)
{
    struct blk_config c = { .ring_refs = { 0 }, .nr_ring_pages = 1,
                            .persistent = rnd(seed, 2) != 0, .discard = true,
                            .plain_io = rnd(seed, 2) != 0 };
    struct blk_image image = { .fd = memfd_create("disk", 0),
                               .sectors = SECTORS };
    static struct blk blk;
    uint8_t slot[BLK_SLOT_SIZE];
    uint32_t prod = 0, i;
    uint64_t requests;
    struct stat st;

    need(ftruncate(image.fd, SECTORS * 512) == 0, "memfd");
    memset(fake_page(&port, 0), 0, 4096);
    need(blk_start(&blk, &port, &image, journal, &c) == 0, "start");
    flipping = true;
    for (i = 0; i < ROUNDS && !blk_broken(&blk); i++) {
        random_request(slot, seed);
        push(0, &prod, 32, BLK_SLOT_SIZE, slot, seed);
        if (rnd(seed, 4) == 0) {
            blk_run(&blk);
        }
        while (!blk_broken(&blk) && prod - blk.ring.rsp_published >= 30 &&
               blk_run(&blk)) {
        }
        if (prod - blk.ring.rsp_published >= 30 && blk.in_flight > 0) {
            blk_image_wait(&image);
            blk_run(&blk);
        }
    }
    blk_drain(&blk);
    need(blk.in_flight == 0, "all answered");
    need(fstat(image.fd, &st) == 0 && st.st_size == SECTORS * 512, "size");
    requests = blk.stats.requests;
    blk_stop(&blk);
    flipping = false;
    blk_image_close(&image);
    need(port.mapped == 0, "nothing stays mapped");
    return requests;
}

/* ---- network --------------------------------------------------------------------- */

static uint64_t one_card(uint32_t *seed)
{
    const struct net_config c = { .tx_ref = 0, .rx_ref = 1 };
    uint8_t frame[NET_VNET_HEADER + 1500] = { 0 }, sink[70000];
    uint32_t tx = 0, rx = 0, i;
    static struct net net;
    static struct net_card card;
    uint64_t frames;
    bool want;
    int tap[2];

    memset(fake_page(&port, 0), 0, 2 * 4096);
    need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, tap) == 0,
         "socketpair");
    need(net_start(&net, &port, tap[0], &card, &c) == 0, "start");
    flipping = true;
    for (i = 0; i < ROUNDS && !net_broken(&net); i++) {
        struct netif_tx_request t = {
            .gref = rnd(seed, 64), .offset = (uint16_t)rnd(seed, 200),
            .size = (uint16_t)(14 + rnd(seed, 3000)),
            .flags = rnd(seed, 8) == 0 ? (uint16_t)rnd(seed, 16) : 0,
        };
        struct netif_rx_request r = { .id = (uint16_t)i,
                                      .gref = rnd(seed, 64) };

        push(0, &tx, 256, NET_TX_SLOT, &t, seed);
        push(1, &rx, 256, NET_RX_SLOT, &r, seed);
        if (send(tap[1], frame, 10 + 14 + rnd(seed, 1400), 0) < 0 ||
            rnd(seed, 3) == 0) {
            net_run(&net, true, &want);
        }
        while (recv(tap[1], sink, sizeof(sink), 0) > 0) {
        }
    }
    frames = net.stats.tx_frames + net.stats.tx_dropped + net.stats.rx_frames;
    net_stop(&net);
    flipping = false;
    close(tap[0]);
    close(tap[1]);
    need(port.mapped == 0, "nothing stays mapped");
    return frames;
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : (uint32_t)getpid();
    uint32_t flip_seed = seed ^ 0x5a5a5a5a;
    uint64_t requests = 0, frames = 0;
    int fd = memfd_create("journal", 0);
    struct blk_journal *journal = blk_journal_map(fd);
    pthread_t flipper;

    printf("fuzz_rings: seed %u\n", seed);
    fake_port_init(&port);
    need(journal != NULL && pthread_create(&flipper, NULL, flip,
                                           &flip_seed) == 0, "set-up");
    do {
        requests += one_disk(journal, &seed);
        frames += one_card(&seed);
    } while (time(NULL) < end);
    done = true;
    pthread_join(flipper, NULL);
    printf("fuzz_rings: %llu block requests, %llu frames\n",
           (unsigned long long)requests, (unsigned long long)frames);
    return 0;
}
