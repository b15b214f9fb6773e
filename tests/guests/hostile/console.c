/* SPDX-License-Identifier: MIT */
/*
 * hostile/console.c - a console whose positions jump, whose bytes are control
 * sequences, whose reader never reads.
 */
#include "hostile.h"

/* Terminal escapes, newlines, zeros; what a log must take as it is. */
static void write_bytes(struct xencons_interface *p)
{
    static const char nasty[] = "\033[2J\033]0;title\007\r\n\0\b\xff\xfe%n%s";
    uint32_t n = domu_random(200), i;

    for (i = 0; i < n; i++) {
        p->out[MASK_XENCONS_IDX(p->out_prod + i, p->out)] =
            now_and_then(2) ? nasty[domu_random(sizeof(nasty))]
                            : (char)domu_random(256);
    }
    __atomic_store_n(&p->out_prod, p->out_prod + n, __ATOMIC_SEQ_CST);
}

static void one_operation(struct xencons_interface *p, uint32_t port)
{
    switch (domu_random(10)) {
    case 0:
        p->out_prod = (uint32_t)odd_number();
        break;
    case 1:
        p->out_cons = (uint32_t)odd_number();
        break;
    case 2:
        p->in_cons = (uint32_t)odd_number();
        break;
    case 3:
        p->in_prod = (uint32_t)odd_number();
        break;
    default:
        write_bytes(p);
    }
    if (now_and_then(3)) {
        guest_event_send(port);
    }
    if (now_and_then(100)) {
        flood_events(port);
    }
    h.ops++;
}

void attack_console(void)
{
    struct xencons_interface *p = console.page;

    while (h.ops < h.limit) {
        one_operation(p, console.port);
    }
    /* Sober again: both rings empty. */
    p->in_cons = p->in_prod;
    p->out_prod = p->out_cons;
    h.sessions = 1;
}
