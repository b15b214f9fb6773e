/* SPDX-License-Identifier: MIT */
/*
 * frontend/main.c - a PV guest made of pv-drivers/front only.  It prints what
 * dom0's scenarios wait for: GUEST UP, GUEST DISK (size, CRC-32), GUEST WROTE
 * (CRC-32), GUEST INPUT and what input.c says, GUEST LOOP (rounds, errors),
 * GUEST ECHO (answers, bad), GUEST OFF.
 */
#include <domu/domu.h>
#include <front/blk.h>
#include <lib/print.h>

#include "frontend.h"

#define CHUNK_SECTORS 64u              /* 32 KiB, eight segments */
#define CHUNK_BYTES   (CHUNK_SECTORS * 512u)
#define CHUNKS        4u               /* in flight */

static struct blk_front disk;
static struct net_front card;
static struct input_front input;
static uint8_t *buffers;
static uint64_t errors;

struct work {                          /* words of the command line */
    bool disk, net, input, loop;
};

static uint8_t *chunk(uint64_t i)
{
    return buffers + (i % CHUNKS) * CHUNK_BYTES;
}

/* Every word says where it belongs and in which round. */
static void fill(uint8_t *data, uint64_t sector, uint64_t round)
{
    uint64_t *w = (uint64_t *)data, i;

    for (i = 0; i < CHUNK_BYTES / 8; i++) {
        w[i] = (sector * 64 + i) * 0x9e3779b97f4a7c15ull ^ round;
    }
}

static void wait_one(void)
{
    uint64_t tag;
    int status;

    if (blk_front_finish(&disk, now_ns() + FRONT_TIMEOUT_NS, &tag,
                         &status) != 1 || status != 0) {
        errors++;
    }
}

/* Sum of the whole disk, four reads in flight, answers in any order. */
static uint32_t disk_sum(void)
{
    uint32_t sum = 0;
    uint64_t at = 0, i;

    while (at < disk.sectors) {
        uint64_t n, first = at;

        for (n = 0; n < CHUNKS && at < disk.sectors; n++) {
            errors += blk_front_start(&disk, BLK_READ, at, CHUNK_SECTORS,
                                      chunk(n), n) != 0;
            at += CHUNK_SECTORS;
        }
        for (i = 0; i < n; i++) {
            wait_one();
        }
        for (i = 0; i < n; i++) {
            sum = domu_crc(sum, chunk(i), CHUNK_BYTES);
        }
        if (first == at) {
            break;
        }
    }
    return sum;
}

static void need(long rc, const char *what)
{
    if (rc < 0) {
        print("GUEST FAIL %s: %ld\n", what, rc);
        print("GUEST OFF\n");
        guest_shutdown(SHUTDOWN_poweroff);
    }
}

static void run_disk(void)
{
    uint64_t at;

    print("GUEST DISK %lu %08x\n", disk.sectors * 512, disk_sum());
    for (at = disk.sectors / 2; at < disk.sectors; at += CHUNK_SECTORS) {
        fill(chunk(0), at, 0);
        need(blk_front_do(&disk, BLK_WRITE, at, CHUNK_SECTORS, chunk(0)),
             "write");
    }
    need(blk_front_do(&disk, BLK_FLUSH, 0, 0, NULL), "flush");
    if (disk.discard) {
        need(blk_front_do(&disk, BLK_DISCARD, 0, CHUNK_SECTORS, NULL),
             "discard");
    }
    if (blk_front_do(&disk, BLK_READ, disk.sectors - 1, 8, chunk(0)) == 0) {
        print("GUEST FAIL read beyond the end\n");
    }
    print("GUEST WROTE %08x errors %lu\n", disk_sum(), errors);
}

/* One place of the disk, written, read back, compared. */
static void disk_round(uint64_t round)
{
    uint64_t at = domu_random((uint32_t)(disk.sectors / CHUNK_SECTORS)) *
                  CHUNK_SECTORS;

    fill(chunk(0), at, round);
    errors += blk_front_do(&disk, BLK_WRITE, at, CHUNK_SECTORS,
                           chunk(0)) != 0;
    errors += blk_front_do(&disk, BLK_READ, at, CHUNK_SECTORS,
                           chunk(1)) != 0;
    errors += memcmp(chunk(0), chunk(1), CHUNK_BYTES) != 0;
}

/* Until something of a device may have come; steady, not greedy. */
static void loop_wait(const struct work *w)
{
    uint64_t until = now_ns() + 50 * NS_PER_MS;

    if (w->net) {
        net_front_wait(&card, until);
    } else if (w->input) {
        input_front_wait(&input, until);
    } else {
        guest_event_wait(store.port, until);
    }
}

static bool loop_round(const struct work *w, uint64_t round)
{
    if (w->disk) {
        disk_round(round);
    }
    if ((w->net && !net_answer(&card)) ||
        (w->input && !input_say(&input))) {
        errors++;
        return false;
    }
    loop_wait(w);
    return true;
}

static void run_loop(const struct work *w)
{
    uint64_t round, next_look = 0;

    for (round = 1; loop_round(w, round); round++) {
        if (now_ns() >= next_look) {
            next_look = now_ns() + 200 * NS_PER_MS;
            if (domu_should_stop()) {
                break;
            }
        }
    }
    print("GUEST LOOP %lu errors %lu\n", round, errors);
    print("GUEST ECHO %lu bad %lu\n", net_echoes, net_bad);
}

static void connect(const struct work *w)
{
    if (w->disk) {
        need(blk_front_connect(&disk, &store, "51712"), "disk");
        if (!w->loop) {
            run_disk();
        }
    }
    if (w->net) {
        need(net_front_connect(&card, &store, "0"), "card");
        print("GUEST CARD\n");
    }
    if (w->input) {
        need(input_front_connect(&input, &store, "0",
                                 !domu_word("relative")), "input");
        print("GUEST INPUT\n");
    }
}

static void disconnect(const struct work *w)
{
    if (w->disk) {
        need(blk_front_disconnect(&disk), "disk closes");
    }
    if (w->net) {
        need(net_front_disconnect(&card), "card closes");
    }
    if (w->input) {
        need(input_front_disconnect(&input), "input closes");
    }
}

void guest_main(void)
{
    const struct work w = {
        .disk = domu_word("disk"), .net = domu_word("net"),
        .input = domu_word("input"), .loop = domu_word("loop"),
    };

    domu_start();
    buffers = pages_alloc(CHUNKS * CHUNK_BYTES / PAGE_SIZE);
    print("GUEST UP\n");
    connect(&w);
    if (w.loop) {
        run_loop(&w);
    }
    disconnect(&w);
    print("GUEST OFF\n");
    guest_shutdown(SHUTDOWN_poweroff);
}
