/* SPDX-License-Identifier: MIT */
/*
 * frame/loop.h - descriptors that devices wait for.
 *
 * Owns    a thin cover over lib/evloop, so that a device also runs in a test
 *         that has no loop (there a watch exists and never fires).
 */
#ifndef FRAME_LOOP_H
#define FRAME_LOOP_H

#include <stdint.h>

struct machine;
struct loop_watch;

/* @events: EPOLLIN, EPOLLOUT.  NULL: out of memory or a bad descriptor. */
struct loop_watch *loop_watch(struct machine *m, int fd, uint32_t events,
                              void (*fn)(void *arg, uint32_t events),
                              void *arg);
int loop_watch_mod(struct loop_watch *w, uint32_t events);
void loop_unwatch(struct loop_watch *w);   /* NULL is allowed; fd stays open */

#endif
