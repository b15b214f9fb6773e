/* SPDX-License-Identifier: MIT */
/*
 * hostile/block.c - a disk's front that lies: in its keys, its ring positions,
 * its requests (while they are read), its grants (while they are used).
 */
#include <lib/print.h>
#include <ring/blk_msg.h>
#include <ring/ring_front.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>

#include "hostile.h"

#define RING_PAGES 4u

static struct front_device dev;
static struct ring_front ring;
static uint8_t *ring_pages;
static uint32_t ring_refs[RING_PAGES], port;
static uint64_t sectors;

/* ---- requests ------------------------------------------------------------------- */

static void fill_segments(struct blkif_request_segment *s, unsigned int nr)
{
    unsigned int i;

    for (i = 0; i < nr; i++) {
        s[i].gref = any_ref();
        s[i].first_sect = (uint8_t)(now_and_then(12) ? domu_random(256) : 0);
        s[i].last_sect = (uint8_t)(now_and_then(12) ? domu_random(256)
                                                    : domu_random(8));
    }
}

static void fill_direct(struct blkif_request *r)
{
    r->nr_segments = (uint8_t)(now_and_then(10) ? domu_random(256)
                                                : 1 + domu_random(11));
    r->sector_number = now_and_then(10) ? odd_number()
                                        : domu_random((uint32_t)sectors);
    fill_segments(r->seg, BLKIF_MAX_SEGMENTS_PER_REQUEST);
}

static void fill_indirect(struct blkif_request_indirect *r)
{
    unsigned int page = domu_random(DATA_PAGES), i;

    r->operation = BLKIF_OP_INDIRECT;
    r->indirect_op = (uint8_t)domu_random(8);
    r->nr_segments = (uint16_t)(now_and_then(4) ? odd_number()
                                                : 1 + domu_random(40));
    r->sector_number = domu_random((uint32_t)sectors);
    for (i = 0; i < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; i++) {
        r->indirect_grefs[i] = now_and_then(6) ? any_ref() : h.refs[page];
    }
    fill_segments((struct blkif_request_segment *)(void *)
                  (h.pages + page * PAGE_SIZE), 40);
}

static void fill_discard(struct blkif_request_discard *r)
{
    r->operation = BLKIF_OP_DISCARD;
    r->flag = (uint8_t)domu_random(4);
    r->sector_number = now_and_then(3) ? odd_number()
                                       : domu_random((uint32_t)sectors);
    r->nr_sectors = now_and_then(3) ? odd_number() : domu_random(64);
}

static void random_request(uint8_t slot[BLK_SLOT_SIZE])
{
    static const uint8_t usual[] = { BLKIF_OP_READ, BLKIF_OP_WRITE,
                                     BLKIF_OP_READ, BLKIF_OP_WRITE,
                                     BLKIF_OP_FLUSH_DISKCACHE };
    unsigned int i;

    memset(slot, 0, BLK_SLOT_SIZE);
    switch (domu_random(12)) {
    case 0:
        for (i = 0; i < BLK_SLOT_SIZE; i++) {
            slot[i] = (uint8_t)domu_random(256);
        }
        break;
    case 1:
        fill_discard((void *)slot);
        break;
    case 2:
    case 3:
        fill_indirect((void *)slot);
        break;
    default:
        fill_direct((void *)slot);
        slot[0] = now_and_then(20) ? (uint8_t)domu_random(256)
                                   : usual[domu_random(ARRAY_SIZE(usual))];
    }
    ((struct blkif_request *)(void *)slot)->id = domu_random(1000);
}

/* ---- the ring --------------------------------------------------------------------- */

/* A producer where none can be: the connection ends with it. */
static void jump(void)
{
    uint32_t to = ring.req_prod + (now_and_then(2)
                                   ? ring.nr_slots + 1 + domu_random(1u << 30)
                                   : (uint32_t)odd_number());

    __atomic_store_n(&ring.shared->req_prod, to, __ATOMIC_SEQ_CST);
    guest_event_send(port);
}

/* What belongs to the backend, and slots that were published already. */
static void scribble(void)
{
    switch (domu_random(4)) {
    case 0:
        ring.shared->req_event = (uint32_t)odd_number();
        break;
    case 1:
        ring.shared->rsp_event = (uint32_t)odd_number();
        break;
    case 2:
        ring.slots[domu_random(ring.nr_slots * BLK_SLOT_SIZE)] =
            (uint8_t)domu_random(256);
        break;
    default:
        h.pages[domu_random(DATA_PAGES * PAGE_SIZE)] =
            (uint8_t)domu_random(256);
    }
}

/* As ring_front_take(), but we do not mind what comes. */
static void take_answers(void)
{
    uint32_t prod = __atomic_load_n(&ring.shared->rsp_prod, __ATOMIC_ACQUIRE);

    if (prod - ring.rsp_cons <= ring.nr_slots) {
        h.answers += prod - ring.rsp_cons;
        ring.rsp_cons = prod;
    }
}

/* False: the backend has given us up. */
static bool wait_for_room(void)
{
    unsigned int i;

    for (i = 0; i < 20 && ring_front_room(&ring) == 0; i++) {
        ring.shared->rsp_event = ring.rsp_cons + 1;
        take_answers();
        if (ring_front_room(&ring) == 0) {
            guest_event_send(port);
            guest_event_wait(port, now_ns() + 50 * NS_PER_MS);
            take_answers();
        }
    }
    return ring_front_room(&ring) > 0;
}

static bool one_operation(void)
{
    uint8_t slot[BLK_SLOT_SIZE];

    h.ops++;
    if (!wait_for_room()) {
        return false;
    }
    random_request(slot);
    ring_front_put(&ring, slot, sizeof(slot));
    if (now_and_then(6)) {
        disturb_grant();
    }
    if (now_and_then(4)) {
        scribble();
    }
    if (now_and_then(8) || ring_front_room(&ring) == 0) {
        ring_front_publish(&ring);
        guest_event_send(port);
        take_answers();
    }
    if (now_and_then(500)) {
        flood_events(port);
    }
    return true;
}

/* ---- a connection ------------------------------------------------------------------- */

static void tell(unsigned int order)
{
    char key[] = "ring-ref0";
    unsigned int i;

    front_write(&dev, "ring-page-order", order);
    if (order == 0) {
        front_write(&dev, "ring-ref", ring_refs[0]);
    }
    for (i = 0; i < 1u << order; i++) {
        key[8] = (char)('0' + i);
        front_write(&dev, key, ring_refs[i]);
    }
    front_write(&dev, "event-channel", port);
    front_write_text(&dev, "protocol", "x86_64-abi");
    front_write(&dev, "feature-persistent", domu_random(2));
}

static bool connect(void)
{
    unsigned int order = domu_random(3), i;

    ring_front_init(&ring, ring_pages, (size_t)PAGE_SIZE << order,
                    BLK_SLOT_SIZE);
    for (i = 0; i < RING_PAGES; i++) {
        ring_refs[i] = (uint32_t)guest_grant(dev.back_domid,
                                             ring_pages + i * PAGE_SIZE, true);
    }
    port = (uint32_t)guest_event_open(dev.back_domid);
    grant_pages(dev.back_domid);
    tell(order);
    if (now_and_then(8)) {
        disturb_keys(&dev);
    }
    front_set_state(&dev, XenbusStateInitialised);
    if (!connected(&dev)) {
        return false;
    }
    sectors = front_back_number(&dev, "sectors", 1);
    front_set_state(&dev, XenbusStateConnected);
    return true;
}

static void disconnect(void)
{
    unsigned int i;

    guest_event_close(port);
    ungrant_pages();
    for (i = 0; i < RING_PAGES; i++) {
        guest_grant_end(ring_refs[i]);
    }
}

static void session(void)
{
    uint32_t n = 200 + domu_random(2500);

    while (n-- > 0 && one_operation()) {
    }
    switch (domu_random(4)) {
    case 0:
        jump();
        break;
    case 1:
        disturb_keys(&dev);
        break;
    case 2:                           /* and never read the answers */
        ring_front_publish(&ring);
        guest_event_send(port);
        break;
    default:
        break;
    }
}

void attack_block(void)
{
    ring_pages = pages_alloc(RING_PAGES);
    guest_must(front_open(&dev, &store, "vbd", "51712"), "disk");
    guest_must(front_wait_back(&dev, 1u << XenbusStateInitWait), "backend");
    attack_sessions(&dev, &(struct attack){ connect, session, disconnect });
}
