/* SPDX-License-Identifier: MIT */
/*
 * Byte rings shared with an untrusted guest.  Who keeps the bytes is left to
 * console_guest.  Covered by tests/unit/services/test_console.c.
 */
#include <services/console_ring.h>

#include <lib/xen_abi.h>

#include <xen/io/console.h>

static uint32_t load(const XENCONS_RING_IDX *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

size_t console_ring_peek(const struct xencons_interface *ring, char *buf,
                         size_t size)
{
    uint32_t cons = load(&ring->out_cons);
    uint32_t prod = load(&ring->out_prod);
    uint32_t n = prod - cons;
    size_t i;

    if (n > sizeof(ring->out)) {
        /* Nonsense: take the last full ring of it, as the newest bytes. */
        n = sizeof(ring->out);
        cons = prod - n;
    }
    if (n > size) {
        n = (uint32_t)size;
    }
    for (i = 0; i < n; i++) {
        buf[i] = ring->out[MASK_XENCONS_IDX(cons + i, ring->out)];
    }
    return n;
}

void console_ring_consume(struct xencons_interface *ring, size_t len)
{
    uint32_t cons = load(&ring->out_cons);
    uint32_t prod = load(&ring->out_prod);

    if (prod - cons > sizeof(ring->out)) {
        cons = prod - (uint32_t)sizeof(ring->out);
    }
    __atomic_store_n(&ring->out_cons, cons + (uint32_t)len, __ATOMIC_SEQ_CST);
}

size_t console_ring_room(const struct xencons_interface *ring)
{
    uint32_t used = load(&ring->in_prod) - load(&ring->in_cons);

    return used > sizeof(ring->in) ? 0 : sizeof(ring->in) - used;
}

size_t console_ring_put(struct xencons_interface *ring, const char *data,
                        size_t len)
{
    uint32_t prod = load(&ring->in_prod);
    size_t room = console_ring_room(ring);
    size_t i;

    if (len > room) {
        len = room;
    }
    for (i = 0; i < len; i++) {
        ring->in[MASK_XENCONS_IDX(prod + i, ring->in)] = data[i];
    }
    __atomic_store_n(&ring->in_prod, prod + (uint32_t)len, __ATOMIC_SEQ_CST);
    return len;
}
