/* SPDX-License-Identifier: MIT */
/*
 * ring/ring.h - the backend's end of a shared request/response ring.
 *
 * Owns    index arithmetic, barriers and the notify rule.  The pages belong
 *         to a guest: each index is read once and checked, each slot copied
 *         once; our own positions live in struct ring_back, never in the page.
 *
 * INV-RB1 req_cons - rsp_prod <= nr_slots: answers never pass requests.
 * INV-RB2 a producer farther than nr_slots beyond rsp_prod breaks the ring;
 *         a broken ring gives no more requests.
 * ABI     xen/io/ring.h
 * Tests   tests/unit/pvdrv/test_ring.c
 *
 * Freestanding: no allocation, no libc beyond memcpy.
 */
#ifndef RING_RING_H
#define RING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first 64 bytes of the first page. */
struct ring_header {
    uint32_t req_prod, req_event;
    uint32_t rsp_prod, rsp_event;
    uint8_t  pad[48];
};

struct ring_back {
    struct ring_header *shared;
    uint8_t *slots;
    uint32_t slot_size;
    uint32_t nr_slots;            /* a power of two */
    uint32_t req_cons;            /* next request to take */
    uint32_t rsp_prod;            /* next response to write */
    uint32_t rsp_published;       /* what the guest has been told */
    bool     broken;
};

/* Slots of @slot_size bytes in a ring of @bytes. */
uint32_t ring_nr_slots(size_t bytes, uint32_t slot_size);

/* Begin at @req_cons, @rsp_prod: both 0 for a fresh connection. */
void ring_attach(struct ring_back *r, void *pages, size_t bytes,
                 uint32_t slot_size, uint32_t req_cons, uint32_t rsp_prod);

/* Requests that wait, or -1: the ring is broken (INV-RB2). */
int ring_pending(struct ring_back *r);

/* Copy the next request; only after ring_pending() > 0. */
void ring_take(struct ring_back *r, void *slot);

/* Copy of slot @index as it is, without moving any position. */
void ring_peek(const struct ring_back *r, uint32_t index, void *slot);

/* Write the next response; the guest does not see it yet. */
void ring_put(struct ring_back *r, const void *response, size_t size);

/* Show what was put.  True: the guest wants an event. */
bool ring_publish(struct ring_back *r);

/*
 * Ask for an event at the next request.  True: one arrived meanwhile, look
 * again.
 */
bool ring_wait(struct ring_back *r);
/* The same for @nr requests: an event when that many wait. */
bool ring_wait_for(struct ring_back *r, uint32_t nr);

#endif
