/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/notice.h - what a worker tells of its running domain.
 *
 * Owns    events about devices (connected, disconnected), about the balloon
 *         and about vCPUs that follow what they were asked.
 * Leaves  events about the domain's life to worker.c, about changes of its
 *         configuration to change.h.
 * Tests   tests/boot/dom0/hotplug.sh
 */
#ifndef LIFECYCLE_NOTICE_H
#define LIFECYCLE_NOTICE_H

#include <lib/evloop.h>
#include <lifecycle/vm.h>

#define NOTICE_DEVICES 128u
#define NOTICE_WATCHES 8u

struct notice {
    struct vm *vm;
    struct ev_source *timer;
    struct xs_watch *watches[NOTICE_WATCHES];
    unsigned int nr_watches;
    struct {
        const char *back_kind;
        unsigned int devid;
        bool connected;
    } seen[NOTICE_DEVICES];
    unsigned int nr_seen;
    uint64_t target_kib, have_kib;     /* 0: no goal */
    unsigned int want_vcpus, have_vcpus;
    unsigned int wait_ms;
};

/* 0 or -errno. */
int notice_init(struct notice *n, struct evloop *loop, struct vm *vm);

/* Have the back ends opened whatever they were given? */
bool notice_all_connected(const struct notice *n);

/* The domain of @vm runs, under a new id perhaps. */
int notice_begin(struct notice *n);
void notice_end(struct notice *n);

#endif
