/* SPDX-License-Identifier: MIT */
/*
 * The event loop of every daemon, over epoll, timerfd and signalfd: a confined
 * process then needs epoll_wait, read and timerfd_settime only.  A source that
 * is removed while its event waits in the current batch is kept until the
 * batch is done.  Covered by tests/unit/lib/test_lib.c.
 */
#include <lib/evloop.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32

enum kind { KIND_FD, KIND_TIMER, KIND_SIGNAL };

struct ev_source {
    struct evloop *loop;
    enum kind kind;
    int fd;
    bool dead;                    /* on the graveyard list */
    union {
        ev_fd_fn *fd;
        ev_timer_fn *timer;
        ev_signal_fn *signal;
    } fn;
    void *arg;
    struct ev_source *prev, *next;
};

struct evloop {
    int epoll_fd;
    bool stop;
    int status;
    struct ev_source *live;       /* doubly linked */
    struct ev_source *dead;       /* linked by next; freed after the batch */
};

struct evloop *evloop_new(void)
{
    struct evloop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL) {
        return NULL;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        free(loop);
        return NULL;
    }
    return loop;
}

static void bury(struct evloop *loop)
{
    while (loop->dead != NULL) {
        struct ev_source *src = loop->dead;

        loop->dead = src->next;
        free(src);
    }
}

void evloop_free(struct evloop *loop)
{
    if (loop == NULL) {
        return;
    }
    while (loop->live != NULL) {
        evloop_del(loop->live);
    }
    bury(loop);
    close(loop->epoll_fd);
    free(loop);
}

static struct ev_source *source_new(struct evloop *loop, enum kind kind,
                                    int fd, uint32_t events, void *arg)
{
    struct ev_source *src = calloc(1, sizeof(*src));
    struct epoll_event ev = { .events = events, .data.ptr = src };

    if (src == NULL) {
        return NULL;
    }
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        free(src);
        return NULL;
    }
    src->loop = loop;
    src->kind = kind;
    src->fd = fd;
    src->arg = arg;
    src->next = loop->live;
    if (loop->live != NULL) {
        loop->live->prev = src;
    }
    loop->live = src;
    return src;
}

struct ev_source *evloop_add(struct evloop *loop, int fd, uint32_t events,
                             ev_fd_fn *fn, void *arg)
{
    struct ev_source *src = source_new(loop, KIND_FD, fd, events, arg);

    if (src != NULL) {
        src->fn.fd = fn;
    }
    return src;
}

int evloop_mod(struct ev_source *src, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = src };

    if (epoll_ctl(src->loop->epoll_fd, EPOLL_CTL_MOD, src->fd, &ev) != 0) {
        return -errno;
    }
    return 0;
}

static void unlink_live(struct ev_source *src)
{
    if (src->prev != NULL) {
        src->prev->next = src->next;
    } else {
        src->loop->live = src->next;
    }
    if (src->next != NULL) {
        src->next->prev = src->prev;
    }
}

void evloop_del(struct ev_source *src)
{
    if (src == NULL || src->dead) {
        return;
    }
    epoll_ctl(src->loop->epoll_fd, EPOLL_CTL_DEL, src->fd, NULL);
    if (src->kind != KIND_FD) {
        close(src->fd);
    }
    unlink_live(src);
    src->dead = true;
    src->next = src->loop->dead;
    src->loop->dead = src;
}

struct ev_source *evloop_timer(struct evloop *loop, ev_timer_fn *fn, void *arg)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct ev_source *src;

    if (fd < 0) {
        return NULL;
    }
    src = source_new(loop, KIND_TIMER, fd, EPOLLIN, arg);
    if (src == NULL) {
        close(fd);
        return NULL;
    }
    src->fn.timer = fn;
    return src;
}

static struct timespec ns_to_timespec(uint64_t ns)
{
    return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
                              .tv_nsec = (long)(ns % 1000000000u) };
}

int evloop_timer_set(struct ev_source *src, uint64_t first_ns,
                     uint64_t period_ns)
{
    struct itimerspec its = { .it_value = ns_to_timespec(first_ns),
                              .it_interval = ns_to_timespec(period_ns) };

    return timerfd_settime(src->fd, 0, &its, NULL) != 0 ? -errno : 0;
}

struct ev_source *evloop_signal(struct evloop *loop, const int *signos,
                                ev_signal_fn *fn, void *arg)
{
    struct ev_source *src;
    sigset_t set;
    int fd;

    sigemptyset(&set);
    for (; *signos != 0; signos++) {
        sigaddset(&set, *signos);
    }
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return NULL;
    }
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    src = source_new(loop, KIND_SIGNAL, fd, EPOLLIN, arg);
    if (src == NULL) {
        close(fd);
        return NULL;
    }
    src->fn.signal = fn;
    return src;
}

static void run_signals(struct ev_source *src)
{
    struct signalfd_siginfo info;

    while (!src->dead &&
           read(src->fd, &info, sizeof(info)) == sizeof(info)) {
        src->fn.signal(src->arg, (int)info.ssi_signo);
    }
}

static void run_timer(struct ev_source *src)
{
    uint64_t expirations;

    if (read(src->fd, &expirations, sizeof(expirations)) ==
        sizeof(expirations)) {
        src->fn.timer(src->arg);
    }
}

static void run_source(struct ev_source *src, uint32_t events)
{
    switch (src->kind) {
    case KIND_FD:
        src->fn.fd(src->arg, events);
        break;
    case KIND_TIMER:
        run_timer(src);
        break;
    case KIND_SIGNAL:
        run_signals(src);
        break;
    }
}

int evloop_once(struct evloop *loop, int timeout_ms)
{
    struct epoll_event ev[BATCH];
    int n, i;

    n = epoll_wait(loop->epoll_fd, ev, BATCH, timeout_ms);
    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (i = 0; i < n; i++) {
        struct ev_source *src = ev[i].data.ptr;

        if (!src->dead) {
            run_source(src, ev[i].events);
        }
    }
    bury(loop);
    return n;
}

int evloop_run(struct evloop *loop)
{
    loop->stop = false;
    while (!loop->stop) {
        int rc = evloop_once(loop, -1);

        if (rc < 0) {
            return rc;
        }
    }
    return loop->status;
}

void evloop_stop(struct evloop *loop, int status)
{
    loop->stop = true;
    loop->status = status;
}

uint64_t evloop_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
