/* SPDX-License-Identifier: MIT */
/*
 * back/blk.h - one connected disk: ring in, image I/O, answers out.
 *
 * Owns    the requests in flight and the memory for their data (an arena of
 *         fixed size: a request that finds no room waits, and with it the
 *         ring, so memory is bounded whatever the guest does).
 * Leaves  the connection (keys, states) to device.c, waiting to blk_serve.c.
 *
 * INV-BK1 each request taken is answered exactly once.
 * INV-BK2 a write reaches the image only if all of its data was copied.
 * Tests   tests/unit/pvdrv/test_blk.c
 */
#ifndef BACK_BLK_H
#define BACK_BLK_H

#include <back/blk_grants.h>
#include <back/blk_image.h>
#include <back/blk_journal.h>
#include <port/port.h>
#include <ring/blk_msg.h>
#include <ring/ring.h>

#include <stdbool.h>
#include <stdint.h>

#define BLK_RING_PAGES_MAX 16u
#define BLK_ARENA_PAGES    2048u       /* 8 MiB of data in flight */

struct blk_config {
    uint32_t ring_refs[BLK_RING_PAGES_MAX];
    unsigned int nr_ring_pages;
    bool persistent;
    bool discard;
    bool resume;                   /* continue from the journal */
    bool plain_io;                 /* no io_uring */
    bool narrow;                   /* the front's layout is that of x86_32 */
};

struct blk_stats {
    uint64_t requests, sectors_read, sectors_written, flushes, discards;
    uint64_t errors;
};

struct blk_task;

struct blk {
    struct port *port;
    struct blk_image *image;
    struct blk_journal *journal;
    struct port_pages ring_pages;
    struct ring_back ring;
    struct blk_grants grants;
    struct blk_limits limits;
    struct blk_task *tasks;        /* one per journal record */
    struct blk_task *stuck;        /* taken, waits for arena room */
    unsigned int in_flight;
    bool draining, narrow;
    uint16_t redo[BLK_JOURNAL_SLOTS];  /* records to execute again */
    unsigned int nr_redo, next_redo;
    uint16_t answered[BLK_JOURNAL_SLOTS];  /* records, not yet published */
    unsigned int nr_answered;
    bool recovered;                /* more of them, of the one before us */
    uint8_t *arena;
    uint8_t arena_used[BLK_ARENA_PAGES];
    unsigned int arena_next;       /* where the search for room begins */
    struct port_copy *pieces;      /* the batch being collected */
    unsigned int nr_pieces;
    struct blk_task *batch;        /* tasks whose pieces those are */
    struct blk_stats stats;
};

/*
 * Connect to the ring of @port's peer; no request is looked at before the
 * first blk_run().  @image is open and locked; the caller
 * keeps image, journal and port alive until blk_stop().
 */
int blk_start(struct blk *b, struct port *port, struct blk_image *image,
              struct blk_journal *journal, const struct blk_config *config);

/* Unmap; nothing may be in flight (blk_drain). */
void blk_stop(struct blk *b);

/*
 * The peer notified us, or I/O finished: do what there is to do.  True: more
 * waits already, call again soon; false: an event will tell.
 */
bool blk_run(struct blk *b);

/* Take no more requests and finish those in flight. */
void blk_drain(struct blk *b);

/* The image has @sectors from now on; requests in flight stay as they are. */
void blk_resize(struct blk *b, uint64_t sectors);

/* The peer broke the ring: only blk_drain() and blk_stop() make sense. */
bool blk_broken(const struct blk *b);

#endif
