/* SPDX-License-Identifier: MIT */
/*
 * back/storaged.h - QEMU's storage daemon, one process for one disk.
 *
 * Owns    starting it so that it sees nothing but the files of the image,
 *         the two connections to it (requests, management), its end.
 * Leaves  the requests to blk_vhost.h, in the serving process.
 *
 * INV-SD1 when storaged_stop() has returned, nothing of what the daemon was
 *         told to write will reach the image any more.
 * INV-SD2 what it has answered survives its death by SIGKILL: it writes
 *         through, metadata included.
 * Tests   tests/unit/pvdrv/test_qcow2.c
 */
#ifndef BACK_STORAGED_H
#define BACK_STORAGED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

struct storaged {
    bool  open;                    /* the rest means something */
    pid_t pid;                     /* 0: none */
    int   request_fd;              /* vhost-user, connected */
    int   monitor_fd;              /* QMP */
    bool  greeted;                 /* QMP is ready for commands */
    uint64_t bytes;                /* of the disk */
};

struct storaged_config {
    const char *image;             /* qcow2 */
    bool readonly;
    const char *run_dir;           /* for the socket and the root directory */
    unsigned int domid, vdev;      /* their names */
};

/* 0 or -errno with @e filled; -EAGAIN: a file of the image is locked. */
int storaged_start(struct storaged *s, const struct storaged_config *c,
                   struct err *e);

/* The image's disk becomes larger, while requests go on. */
int storaged_resize(struct storaged *s, uint64_t bytes, struct err *e);

/* @gracefully: it closes the image; otherwise, or if it does not: SIGKILL. */
void storaged_stop(struct storaged *s, bool gracefully);

#endif
