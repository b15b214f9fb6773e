/* SPDX-License-Identifier: MIT */
/*
 * back/blk_journal.h - requests in flight, kept where a killed process leaves
 * them for the next one: a small file of /run, mapped shared.
 *
 * Owns    one record per request between "taken from the ring" and "its
 *         answer is visible", and the two ring positions.  The single private
 *         copy of a request is the one in its record.
 *
 * INV-BJ1 a record is TAKEN before req_cons passes it, and ANSWERED before
 *         its response is written: at every instruction the file says what
 *         was taken and which answers exist.
 * INV-BJ2 recovery rewrites a response only if its index is not published:
 *         the guest may reuse a slot once the answer was published.
 * Tests   tests/unit/pvdrv/test_blk_crash.c cuts the run at every step
 */
#ifndef BACK_BLK_JOURNAL_H
#define BACK_BLK_JOURNAL_H

#include <ring/blk_msg.h>
#include <ring/ring.h>

#include <stddef.h>
#include <stdint.h>

#define BLK_JOURNAL_SLOTS 512u     /* a ring of 16 pages */

enum blk_record_state { BLK_REC_FREE, BLK_REC_TAKEN, BLK_REC_ANSWERED };

struct blk_record {
    uint32_t state;                /* enum blk_record_state; written last */
    uint32_t req_index;
    uint32_t rsp_index;
    uint32_t pad;
    uint8_t  response[BLK_RESPONSE_SIZE];
    uint8_t  request[BLK_SLOT_SIZE];
};

struct blk_journal {
    uint64_t magic;
    uint32_t nr_slots;
    uint32_t valid;                /* a connection was begun */
    uint32_t req_cons;
    uint32_t rsp_prod;
    uint8_t  pad[104];
    struct blk_record records[BLK_JOURNAL_SLOTS];
};

/* Map @fd, a file of any length.  NULL: no memory, or not a file. */
struct blk_journal *blk_journal_map(int fd);
void blk_journal_unmap(struct blk_journal *j);

/* A fresh connection of @nr_slots: nothing in flight. */
void blk_journal_begin(struct blk_journal *j, uint32_t nr_slots,
                       uint32_t req_cons, uint32_t rsp_prod);
/* Was a connection of this size begun and is its state plausible? */
int blk_journal_usable(const struct blk_journal *j, uint32_t nr_slots);

/* Take the next request of @r into a free record: its number, or -1. */
int blk_journal_take(struct blk_journal *j, struct ring_back *r);

/* Note the answer of record @n and write it to the ring. */
void blk_journal_answer(struct blk_journal *j, struct ring_back *r,
                        unsigned int n, const uint8_t *response);

/* After ring_publish(): all answered records are free again, or just these. */
void blk_journal_published(struct blk_journal *j);
void blk_journal_free(struct blk_journal *j, const uint16_t *records,
                      unsigned int nr);

/*
 * Continue a connection: positions from the journal, unpublished answers
 * written again (not published).  Then @redo lists the records to execute
 * again: how many.
 */
unsigned int blk_journal_recover(struct blk_journal *j, struct ring_back *r,
                                 void *pages, size_t bytes,
                                 uint32_t slot_size,
                                 uint16_t redo[BLK_JOURNAL_SLOTS]);

#endif
