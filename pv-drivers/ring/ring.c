/* SPDX-License-Identifier: MIT */
/*
 * Positions in a ring shared with an untrusted frontend.  What a slot means is
 * left to blk_msg.  Covered by tests/unit/pvdrv/test_ring.c.
 */
#include <ring/ring.h>

/*
 * Slots are whole words at word-aligned places, some of double words; each is
 * read once.
 */
static void copy_words(void *to, const volatile void *from, size_t n)
{
    const volatile uint32_t *f = from;
    uint8_t *t = to;
    size_t i;

    for (i = 0; i < n / sizeof(*f); i++) {
        uint32_t word = f[i];

        __builtin_memcpy(t + i * sizeof(word), &word, sizeof(word));
    }
}

static void copy_double_words(void *to, const volatile void *from, size_t n)
{
    const volatile uint64_t *f = from;
    uint8_t *t = to;
    size_t i;

#pragma GCC unroll 14
    for (i = 0; i < n / sizeof(*f); i++) {
        uint64_t word = f[i];

        __builtin_memcpy(t + i * sizeof(word), &word, sizeof(word));
    }
}

uint32_t ring_nr_slots(size_t bytes, uint32_t slot_size)
{
    uint32_t n = 1;

    if (bytes < sizeof(struct ring_header) + slot_size) {
        return 0;
    }
    while ((size_t)n * 2 * slot_size <= bytes - sizeof(struct ring_header)) {
        n *= 2;
    }
    return n;
}

void ring_attach(struct ring_back *r, void *pages, size_t bytes,
                 uint32_t slot_size, uint32_t req_cons, uint32_t rsp_prod)
{
    r->shared = pages;
    r->slots = (uint8_t *)pages + sizeof(struct ring_header);
    r->slot_size = slot_size;
    r->nr_slots = ring_nr_slots(bytes, slot_size);
    r->req_cons = req_cons;
    r->rsp_prod = rsp_prod;
    r->rsp_published = rsp_prod;
    r->broken = req_cons - rsp_prod > r->nr_slots;
}

int ring_pending(struct ring_back *r)
{
    uint32_t prod = __atomic_load_n(&r->shared->req_prod, __ATOMIC_ACQUIRE);

    if (r->broken || prod - r->rsp_prod > r->nr_slots ||
        prod - r->req_cons > r->nr_slots) {
        r->broken = true;
        return -1;
    }
    return (int)(prod - r->req_cons);
}

void ring_peek(const struct ring_back *r, uint32_t index, void *slot)
{
    size_t at = (size_t)(index & (r->nr_slots - 1)) * r->slot_size;

    if (r->slot_size == 112) {            /* of disks, the busiest: unrolled */
        copy_double_words(slot, r->slots + at, 112);
    } else if (r->slot_size % sizeof(uint64_t) == 0) {
        copy_double_words(slot, r->slots + at, r->slot_size);
    } else {
        copy_words(slot, r->slots + at, r->slot_size);
    }
}

void ring_take(struct ring_back *r, void *slot)
{
    ring_peek(r, r->req_cons, slot);
    r->req_cons++;
}

void ring_put(struct ring_back *r, const void *response, size_t size)
{
    size_t at = (size_t)(r->rsp_prod & (r->nr_slots - 1)) * r->slot_size;

    __builtin_memcpy(r->slots + at, response, size);
    r->rsp_prod++;
}

bool ring_publish(struct ring_back *r)
{
    uint32_t old = r->rsp_published, now = r->rsp_prod;

    if (old == now) {
        return false;
    }
    __atomic_store_n(&r->shared->rsp_prod, now, __ATOMIC_RELEASE);
    r->rsp_published = now;
    /* Pairs with the frontend's barrier between rsp_event and rsp_prod. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return now - __atomic_load_n(&r->shared->rsp_event, __ATOMIC_RELAXED) <
           now - old;
}

bool ring_wait_for(struct ring_back *r, uint32_t nr)
{
    int pending;

    __atomic_store_n(&r->shared->req_event, r->req_cons + nr,
                     __ATOMIC_RELAXED);
    /* Pairs with the frontend's barrier between req_prod and req_event. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    pending = ring_pending(r);
    return pending < 0 || (uint32_t)pending >= nr;
}

bool ring_wait(struct ring_back *r)
{
    return ring_wait_for(r, 1);
}
