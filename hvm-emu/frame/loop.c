/* SPDX-License-Identifier: MIT */
/* Watches of devices, see the header.  Covered by its users. */
#include <frame/loop.h>

#include <frame/machine.h>
#include <lib/evloop.h>

#include <stdlib.h>

struct loop_watch {
    struct ev_source *source;          /* NULL in a test */
};

struct loop_watch *loop_watch(struct machine *m, int fd, uint32_t events,
                              void (*fn)(void *arg, uint32_t events),
                              void *arg)
{
    struct loop_watch *w = calloc(1, sizeof(*w));

    if (w == NULL || m->loop == NULL) {
        return w;
    }
    w->source = evloop_add(m->loop, fd, events, fn, arg);
    if (w->source == NULL) {
        free(w);
        return NULL;
    }
    return w;
}

int loop_watch_mod(struct loop_watch *w, uint32_t events)
{
    return w->source == NULL ? 0 : evloop_mod(w->source, events);
}

void loop_unwatch(struct loop_watch *w)
{
    if (w != NULL) {
        evloop_del(w->source);
        free(w);
    }
}
