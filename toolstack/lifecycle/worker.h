/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/worker.h - the process of one VM, from its start to its end.
 *
 * Owns    building or taking over the domain, watching it and its back ends,
 *         acting on shutdown, reboot and crash as configured.  It may be
 *         killed at any moment: the guest runs on, and a worker started in
 *         the adopt mode continues.
 * Tests   tests/boot/dom0/vmctl.sh
 */
#ifndef LIFECYCLE_WORKER_H
#define LIFECYCLE_WORKER_H

#include <lib/err.h>
#include <lifecycle/rundir.h>

enum worker_mode { WORKER_START, WORKER_START_PAUSED, WORKER_ADOPT };

/* What a worker tells its starter, once, over a pipe. */
struct worker_report {
    int rc;                    /* 0, or -errno with @e filled */
    unsigned int domid;
    struct err e;
};

/*
 * Be a worker: "vmctl worker MODE UUID REPORT-FD LOCK-FD STREAM-FD", where the
 * lock is -1 when the starter does not hold it, and the stream when the VM is
 * booted and not restored.  The status to exit with.
 */
int worker_main(int argc, char **argv);

const char *worker_mode_word(enum worker_mode mode);

/*
 * Start a worker for @run as a process of its own and wait for its report.
 * SIGINT and SIGTERM of the caller reach it while it builds.
 */
int worker_spawn(const struct rundir *run, const char *name,
                 enum worker_mode mode, int stream_fd,
                 struct worker_report *report);

/* Watch all workers for ever and start again those that die. */
int worker_supervise(struct err *e);

#endif
