/* SPDX-License-Identifier: MIT */
/*
 * Timers of devices.  A machine has a dozen, so the list is not sorted; a
 * round fires each timer at most once, so one that sets itself again at once
 * does not keep the loop.  Covered by tests/unit/hvm-emu/frame/test_request.c.
 */
#include <frame/timer.h>

#include <frame/machine.h>
#include <lib/evloop.h>

#include <stdlib.h>

struct timers {
    struct emu_timer *first;
    struct ev_source *source;          /* NULL: the clock of a test */
    uint64_t test_now;
    uint64_t armed;                    /* what source was set to, 0: nothing */
};

static uint64_t now_of(const struct timers *s)
{
    return s->source != NULL ? evloop_now_ns() : s->test_now;
}

uint64_t machine_now(const struct machine *m)
{
    return now_of(m->timers);
}

static struct emu_timer *earliest(const struct timers *s)
{
    struct emu_timer *best = NULL;
    struct emu_timer *t;

    for (t = s->first; t != NULL; t = t->next) {
        if (t->due != 0 && (best == NULL || t->due < best->due)) {
            best = t;
        }
    }
    return best;
}

static void arm(struct timers *s)
{
    struct emu_timer *t = earliest(s);
    uint64_t due = t != NULL ? t->due : 0;
    uint64_t now;

    if (s->source == NULL || due == s->armed) {
        return;
    }
    now = now_of(s);
    s->armed = due;
    evloop_timer_set(s->source, due == 0 ? 0 : due > now ? due - now : 1, 0);
}

/* The earliest that is due by @now: false if there is none. */
static bool fire_one(struct timers *s, uint64_t now)
{
    struct emu_timer *t = earliest(s);

    if (t == NULL || t->due > now) {
        return false;
    }
    t->due = 0;
    t->fn(t->arg);
    return true;
}

static unsigned int count(const struct timers *s)
{
    unsigned int n = 0;
    struct emu_timer *t;

    for (t = s->first; t != NULL; t = t->next) {
        n++;
    }
    return n;
}

static void expired(void *arg)
{
    struct timers *s = arg;
    uint64_t now = now_of(s);
    unsigned int left = count(s);

    s->armed = 0;
    while (left-- > 0 && fire_one(s, now)) {
    }
    arm(s);
}

void timers_run_until(struct timers *s, uint64_t now)
{
    struct emu_timer *t = earliest(s);

    while (t != NULL && t->due <= now) {
        if (t->due > s->test_now) {
            s->test_now = t->due;
        }
        fire_one(s, now);
        t = earliest(s);
    }
    s->test_now = now;
}

void timer_init(struct machine *m, struct emu_timer *t, void (*fn)(void *arg),
                void *arg)
{
    *t = (struct emu_timer) { .fn = fn, .arg = arg, .of = m->timers,
                              .next = m->timers->first };
    m->timers->first = t;
}

void timer_set(struct emu_timer *t, uint64_t ns)
{
    uint64_t now = now_of(t->of);

    t->due = ns > UINT64_MAX / 2 ? UINT64_MAX / 2 : now + (ns == 0 ? 1 : ns);
    arm(t->of);
}

void timer_stop(struct emu_timer *t)
{
    t->due = 0;
    arm(t->of);
}

void timer_fini(struct emu_timer *t)
{
    struct emu_timer **at = &t->of->first;

    timer_stop(t);
    while (*at != NULL && *at != t) {
        at = &(*at)->next;
    }
    if (*at == t) {
        *at = t->next;
    }
}

uint64_t timer_left(const struct emu_timer *t)
{
    uint64_t now = now_of(t->of);

    return t->due == 0 ? 0 : t->due > now ? t->due - now : 1;
}

struct timers *timers_new(struct machine *m)
{
    struct timers *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->test_now = 1;
    if (m->loop != NULL) {
        s->source = evloop_timer(m->loop, expired, s);
        if (s->source == NULL) {
            free(s);
            return NULL;
        }
    }
    return s;
}

void timers_free(struct timers *s)
{
    if (s != NULL) {
        evloop_del(s->source);
        free(s);
    }
}
