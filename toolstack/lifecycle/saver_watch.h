/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/saver_watch.h - the worker's part when its VM is saved.
 *
 * Owns    what follows when the guest has suspended itself: nothing while its
 *         saver lives; when that was killed, its work is ended.
 * Leaves  the trace of the saver to saver.h.
 * Tests   tests/boot/dom0/save-faults.sh
 */
#ifndef LIFECYCLE_SAVER_WATCH_H
#define LIFECYCLE_SAVER_WATCH_H

#include <lib/evloop.h>
#include <lifecycle/vm.h>

struct saver_watch {
    struct evloop *loop;
    struct vm *vm;
    bool *look;                /* set when the worker is to look again */
    struct ev_source *source;  /* the end of the saver */
    int fd;
};

void saver_watch_init(struct saver_watch *w, struct evloop *loop,
                      struct vm *vm, bool *look);

/* The guest has suspended.  True: it is saved, the VM is over. */
bool saver_watch_suspended(struct saver_watch *w);
void saver_watch_end(struct saver_watch *w);

#endif
