/* SPDX-License-Identifier: MIT */
/*
 * frame/timer.h - one-shot timers of devices, all on one timerfd.
 *
 * Owns    the list and the clock.  A timer is a member of its device; it
 *         fires once and may be set again from its function.
 * Tests   tests/unit/hvm-emu/frame/test_request.c (timers_run_until:
 *         a clock that tests move)
 */
#ifndef FRAME_TIMER_H
#define FRAME_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct timers;

struct emu_timer {
    void (*fn)(void *arg);
    void *arg;
    struct timers *of;
    struct emu_timer *next;            /* of those that were introduced */
    uint64_t due;                      /* 0: stopped */
};

/* Once per timer. */
void timer_init(struct machine *m, struct emu_timer *t, void (*fn)(void *arg),
                void *arg);
/* Fires @ns from now (at least 1); replaces an earlier deadline. */
void timer_set(struct emu_timer *t, uint64_t ns);
void timer_stop(struct emu_timer *t);
/* Before the device's memory goes. */
void timer_fini(struct emu_timer *t);
/* Time left for saving, 0: stopped. */
uint64_t timer_left(const struct emu_timer *t);

/* Nanoseconds; the only clock of devices. */
uint64_t machine_now(const struct machine *m);

/* NULL: out of memory.  With m->loop NULL the clock stands at 1. */
struct timers *timers_new(struct machine *m);
void timers_free(struct timers *s);
/* Tests: the clock moves there, what is due fires in order. */
void timers_run_until(struct timers *s, uint64_t now);

#endif
