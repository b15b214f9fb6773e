/* SPDX-License-Identifier: MIT */
/* The list, see the header.  Tests: tests/unit/hvm-emu/frame/test_state.c. */
#include <bus/unplug.h>

#include <frame/machine.h>

#include <stddef.h>

void unplug_listen(struct machine *m, struct unplug *u)
{
    u->next = m->unplug;
    m->unplug = u;
}

void unplug_forget(struct machine *m, struct unplug *u)
{
    struct unplug **at = &m->unplug;

    while (*at != NULL && *at != u) {
        at = &(*at)->next;
    }
    if (*at == u) {
        *at = u->next;
    }
}

void unplug_now(struct machine *m, uint32_t what)
{
    struct unplug *u;

    m->unplugged |= what;
    for (u = m->unplug; u != NULL; u = u->next) {
        if ((u->mask & what) != 0) {
            u->fn(u->arg, what);
        }
    }
}
