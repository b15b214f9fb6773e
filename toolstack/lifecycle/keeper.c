/* SPDX-License-Identifier: MIT */
/*
 * A back end that dies is started again at once; one that dies again soon has
 * to wait, twice as long each time.  Tests: tests/boot/dom0/vmctl.sh.
 */
#include <errno.h>
#include <lib/err.h>
#include <lib/log.h>
#include <lifecycle/keeper.h>
#include <sys/epoll.h>

#define MS           1000000ull
#define RETRY_MIN_MS 50u
#define RETRY_MAX_MS 5000u
#define STABLE_MS    10000u
#define STOP_MS      3000u

static void ended(void *arg, uint32_t events);

static void watch(struct keeper *k)
{
    evloop_del(k->event);
    k->event = NULL;
    if (k->backend->pidfd >= 0) {
        k->event = evloop_add(k->loop, k->backend->pidfd, EPOLLIN, ended, k);
        k->since_ns = evloop_now_ns();
    }
}

static void later(struct keeper *k)
{
    evloop_timer_set(k->timer, k->retry_ms * MS, 0);
    k->retry_ms = k->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS
                                                 : k->retry_ms * 2;
}

static void again(void *arg)
{
    struct keeper *k = arg;
    struct err e = ERR_INIT;

    if (k->backend->pid != 0) {
        return;
    }
    if (backend_start(k->backend, &e) != 0) {
        log_errval(&e);
        later(k);
        return;
    }
    log_info("%s back end started: process %d", k->backend->kind->name,
             k->backend->pid);
    watch(k);
}

static void ended(void *arg, uint32_t events)
{
    struct keeper *k = arg;

    log_warn("%s back end %d has ended", k->backend->kind->name,
             k->backend->pid);
    evloop_del(k->event);
    k->event = NULL;
    if (evloop_now_ns() - k->since_ns > STABLE_MS * MS) {
        k->retry_ms = RETRY_MIN_MS;
    }
    backend_reap(k->backend);
    later(k);
}

int keeper_init(struct keeper *k, struct evloop *loop, struct backend *b)
{
    k->loop = loop;
    k->backend = b;
    k->retry_ms = RETRY_MIN_MS;
    k->timer = evloop_timer(loop, again, k);
    return k->timer == NULL ? -errno : 0;
}

void keeper_follow(struct keeper *k, const struct domain_def *def)
{
    if (!k->backend->kind->needed(def)) {
        keeper_unfollow(k);
        backend_stop(k->backend, STOP_MS);
    } else if (k->backend->pid == 0) {
        k->retry_ms = RETRY_MIN_MS;
        again(k);
    } else if (k->event == NULL) {
        k->retry_ms = RETRY_MIN_MS;
        watch(k);
    }
}

void keeper_unfollow(struct keeper *k)
{
    evloop_del(k->event);
    k->event = NULL;
    evloop_timer_set(k->timer, 0, 0);
}
