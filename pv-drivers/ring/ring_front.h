/* SPDX-License-Identifier: MIT */
/*
 * ring/ring_front.h - the frontend's end of a shared request/response ring.
 *
 * Owns    index arithmetic, barriers and the notify rule, as ring.h does for
 *         the backend.  The backend is not trusted with our memory either: a
 *         response index out of range breaks the ring, slots are copied.
 *
 * INV-RF1 req_prod - rsp_cons <= nr_slots: requests never pass answers.
 * ABI     xen/io/ring.h
 * Tests   tests/unit/pvdrv/test_ring.c runs both ends against each other
 *
 * Freestanding: no allocation, no libc.
 */
#ifndef RING_RING_FRONT_H
#define RING_RING_FRONT_H

#include <ring/ring.h>

struct ring_front {
    struct ring_header *shared;
    uint8_t *slots;
    uint32_t slot_size;
    uint32_t nr_slots;            /* a power of two */
    uint32_t req_prod;            /* next request to write */
    uint32_t req_published;
    uint32_t rsp_cons;            /* next response to take */
    bool     broken;
};

/* Zero the pages and begin. */
void ring_front_init(struct ring_front *r, void *pages, size_t bytes,
                     uint32_t slot_size);

/* Requests that may still be put. */
uint32_t ring_front_room(const struct ring_front *r);
/* Write the next request; only with room.  Not yet seen by the backend. */
void ring_front_put(struct ring_front *r, const void *request, size_t size);
/* Show what was put.  True: the backend wants an event. */
bool ring_front_publish(struct ring_front *r);
/* Copy the next response.  False: there is none, or the ring is broken. */
bool ring_front_take(struct ring_front *r, void *response, size_t size);
/* Ask for an event at the next response.  True: one is there already. */
bool ring_front_wait(struct ring_front *r);

#endif
