/* SPDX-License-Identifier: MIT */
/*
 * Console bytes of a guest.  Covered by tests/guests/frontend.
 */
#include <front/console.h>

#define PATIENCE_NS 2000000000ull

void console_front_init(struct console_front *c, void *page, uint32_t port)
{
    c->page = page;
    c->port = port;
    c->dropped = 0;
    __atomic_fetch_or(&guest_env_shared_info()->evtchn_mask[port / 64],
                      1ul << (port % 64), __ATOMIC_SEQ_CST);
}

void console_front_write(struct console_front *c, const char *text, size_t n)
{
    uint64_t deadline = guest_env_now_ns() + PATIENCE_NS;
    uint32_t prod = c->page->out_prod;

    while (n > 0) {
        uint32_t used = prod - __atomic_load_n(&c->page->out_cons,
                                               __ATOMIC_ACQUIRE);

        if (used >= sizeof(c->page->out)) {
            if (!guest_event_wait(c->port, deadline)) {
                c->dropped += n;
                return;
            }
            continue;
        }
        for (; used < sizeof(c->page->out) && n > 0; used++, n--) {
            c->page->out[MASK_XENCONS_IDX(prod++, c->page->out)] = *text++;
        }
        __atomic_store_n(&c->page->out_prod, prod, __ATOMIC_SEQ_CST);
        guest_event_send(c->port);
    }
}

size_t console_front_read(struct console_front *c, char *text, size_t size)
{
    uint32_t cons = c->page->in_cons;
    uint32_t have = __atomic_load_n(&c->page->in_prod, __ATOMIC_ACQUIRE) -
                    cons;
    size_t n;

    if (have > sizeof(c->page->in)) {
        have = 0;                     /* nonsense: nothing was typed */
    }
    for (n = 0; n < size && n < have; n++) {
        text[n] = c->page->in[MASK_XENCONS_IDX(cons++, c->page->in)];
    }
    if (n > 0) {
        __atomic_store_n(&c->page->in_cons, cons, __ATOMIC_SEQ_CST);
        guest_event_send(c->port);
    }
    return n;
}
