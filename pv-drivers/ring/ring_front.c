/* SPDX-License-Identifier: MIT */
/*
 * Positions in a ring, seen from the guest.  What a slot means is left to
 * front/.  Covered by tests/unit/pvdrv/test_ring.c.
 */
#include <ring/ring_front.h>

static volatile uint8_t *slot_at(const struct ring_front *r, uint32_t index)
{
    return r->slots + (size_t)(index & (r->nr_slots - 1)) * r->slot_size;
}

void ring_front_init(struct ring_front *r, void *pages, size_t bytes,
                     uint32_t slot_size)
{
    __builtin_memset(r, 0, sizeof(*r));
    __builtin_memset(pages, 0, bytes);
    r->shared = pages;
    r->slots = (uint8_t *)pages + sizeof(struct ring_header);
    r->slot_size = slot_size;
    r->nr_slots = ring_nr_slots(bytes, slot_size);
    r->shared->req_event = 1;
    r->shared->rsp_event = 1;
}

uint32_t ring_front_room(const struct ring_front *r)
{
    return r->nr_slots - (r->req_prod - r->rsp_cons);
}

void ring_front_put(struct ring_front *r, const void *request, size_t size)
{
    volatile uint8_t *to = slot_at(r, r->req_prod);
    const uint8_t *from = request;
    size_t i;

    for (i = 0; i < size; i++) {
        to[i] = from[i];
    }
    r->req_prod++;
}

bool ring_front_publish(struct ring_front *r)
{
    uint32_t old = r->req_published, now = r->req_prod;

    if (old == now) {
        return false;
    }
    __atomic_store_n(&r->shared->req_prod, now, __ATOMIC_RELEASE);
    r->req_published = now;
    /* Pairs with the backend's barrier between req_event and req_prod. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return now - __atomic_load_n(&r->shared->req_event, __ATOMIC_RELAXED) <
           now - old;
}

/* Responses that wait; more than there were requests breaks the ring. */
static uint32_t waiting(struct ring_front *r)
{
    uint32_t prod = __atomic_load_n(&r->shared->rsp_prod, __ATOMIC_ACQUIRE);

    if (r->broken || prod - r->rsp_cons > r->req_published - r->rsp_cons) {
        r->broken = true;
        return 0;
    }
    return prod - r->rsp_cons;
}

bool ring_front_take(struct ring_front *r, void *response, size_t size)
{
    volatile uint8_t *from = slot_at(r, r->rsp_cons);
    uint8_t *to = response;
    size_t i;

    if (waiting(r) == 0) {
        return false;
    }
    for (i = 0; i < size; i++) {
        to[i] = from[i];
    }
    r->rsp_cons++;
    return true;
}

bool ring_front_wait(struct ring_front *r)
{
    __atomic_store_n(&r->shared->rsp_event, r->rsp_cons + 1,
                     __ATOMIC_RELAXED);
    /* Pairs with the backend's barrier between rsp_prod and rsp_event. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return waiting(r) > 0;
}
