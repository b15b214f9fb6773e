/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/backend.h - the process that serves one VM's disks.
 *
 * Owns    starting it, knowing it again after the worker was restarted
 *         (process id with start time), seeing its end, stopping it.
 * Leaves  when to start it again to the worker.
 * Tests   tests/unit/toolstack/test_lifecycle.c (VMCTL_BLKD)
 */
#ifndef LIFECYCLE_BACKEND_H
#define LIFECYCLE_BACKEND_H

#include <lifecycle/rundir.h>
#include <sys/types.h>

struct backend {
    const struct rundir *run;
    unsigned int domid;
    pid_t pid;                 /* 0: none */
    int pidfd;                 /* readable when it has ended; -1 */
};

void backend_init(struct backend *b, const struct rundir *run,
                  unsigned int domid);

/* $VMCTL_BLKD, or paravane-blkd beside this program. */
int backend_start(struct backend *b, struct err *e);

/* Find the process of an earlier worker; false: there is none. */
bool backend_adopt(struct backend *b);

/* After pidfd became readable: reap and forget it. */
void backend_reap(struct backend *b);

/* Ask it to end, insist after @timeout_ms. */
void backend_stop(struct backend *b, unsigned int timeout_ms);

#endif
