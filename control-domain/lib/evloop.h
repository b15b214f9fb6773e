/* SPDX-License-Identifier: MIT */
/*
 * lib/evloop.h - one thread that waits for descriptors, timers and signals.
 *
 * Owns    the epoll set and its sources.  Callbacks may add and remove any
 *         source, their own included: a removed source is never called again.
 * Leaves  the descriptors of evloop_add() to the caller (never closed here).
 * Tests   tests/unit/lib/test_lib.c
 */
#ifndef LIB_EVLOOP_H
#define LIB_EVLOOP_H

#include <stdint.h>

struct evloop;
struct ev_source;

/* @events: EPOLLIN, EPOLLOUT, EPOLLHUP... as epoll reports them. */
typedef void ev_fd_fn(void *arg, uint32_t events);
typedef void ev_timer_fn(void *arg);
typedef void ev_signal_fn(void *arg, int signo);

struct evloop *evloop_new(void);           /* NULL: out of memory or fds */
void evloop_free(struct evloop *loop);

/* NULL on failure, with errno set. */
struct ev_source *evloop_add(struct evloop *loop, int fd, uint32_t events,
                             ev_fd_fn *fn, void *arg);
int evloop_mod(struct ev_source *src, uint32_t events);
void evloop_del(struct ev_source *src);    /* NULL is allowed */

/* A disarmed timer; evloop_timer_set() arms it.  Clock: monotonic. */
struct ev_source *evloop_timer(struct evloop *loop, ev_timer_fn *fn,
                               void *arg);
/* First after @first_ns, then every @period_ns (0: once); 0, 0 disarms. */
int evloop_timer_set(struct ev_source *src, uint64_t first_ns,
                     uint64_t period_ns);

/* Blocks @signos (ended by 0) for the process and reports them here. */
struct ev_source *evloop_signal(struct evloop *loop, const int *signos,
                                ev_signal_fn *fn, void *arg);

/* Wait at most @timeout_ms (-1: for ever): events handled or -errno. */
int evloop_once(struct evloop *loop, int timeout_ms);
/* Until evloop_stop(): its status, or -errno. */
int evloop_run(struct evloop *loop);
void evloop_stop(struct evloop *loop, int status);

uint64_t evloop_now_ns(void);              /* CLOCK_MONOTONIC */

#endif
