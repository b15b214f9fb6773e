/* SPDX-License-Identifier: MIT */
/*
 * front/blk.h - a disk, from the guest.
 *
 * Owns    one ring page, the grants of requests in flight.
 * Leaves  order to the caller: requests may finish in any.
 * ABI     xen/io/blkif.h
 * Tests   tests/guests/frontend, with our backend and with the kernel's
 *
 * Freestanding: no libc.
 */
#ifndef FRONT_BLK_H
#define FRONT_BLK_H

#include <front/device.h>
#include <ring/blk_msg.h>
#include <ring/ring_front.h>

#define BLK_FRONT_DEPTH 32u

struct blk_front {
    struct front_device dev;
    struct ring_front ring;
    void *page;                    /* kept over connections */
    uint32_t ring_ref, port;
    uint64_t sectors;
    bool readonly, discard, flush;
    struct {
        bool used;
        uint64_t tag;
        unsigned int nr_refs;
        uint32_t refs[BLK_DIRECT_SEGS];
    } slots[BLK_FRONT_DEPTH];
};

/* Connect disk @id ("51712"): 0 or -errno. */
long blk_front_connect(struct blk_front *b, struct guest_store *store,
                       const char *id);
/* Nothing may be in flight. */
long blk_front_disconnect(struct blk_front *b);

/*
 * Start one request; @data is @nr_sectors in whole pages, at most
 * BLK_DIRECT_SEGS of them, NULL for flush and discard.  -EBUSY: finish some.
 */
long blk_front_start(struct blk_front *b, enum blk_kind kind, uint64_t sector,
                     uint64_t nr_sectors, void *data, uint64_t tag);
/*
 * One that finished: 1 with @tag and @status (BLKIF_RSP_*), 0 at the
 * deadline, or -EIO: the backend broke the ring.
 */
long blk_front_finish(struct blk_front *b, uint64_t deadline_ns,
                      uint64_t *tag, int *status);

/* Both in one: 0 or -EIO. */
long blk_front_do(struct blk_front *b, enum blk_kind kind, uint64_t sector,
                  uint64_t nr_sectors, void *data);

#endif
