/* SPDX-License-Identifier: MIT */
/*
 * host/keeper.h - a process that keeps a qcow2 image's storage daemon.
 *
 * Owns    starting the daemon (back/storaged) and ending it, which the device
 *         model may not do itself once it has no rights: the keeper waits for
 *         a word, or for the device model's death.
 * Tests   tests/unit/hvm-emu/frame/test_image.c
 */
#ifndef HOST_KEEPER_H
#define HOST_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

struct err;

struct keeper {
    int fd;                            /* to it; -1: none */
    int request_fd;                    /* the daemon's vhost-user socket */
    uint64_t bytes;                    /* of the disk */
};

/* @domid, @index: for names.  0 or -errno with @e filled. */
int keeper_start(struct keeper *k, const char *image, bool readonly,
                 unsigned int domid, unsigned int index, struct err *e);
/* When it returns, the daemon has gone and with it the image's lock. */
void keeper_stop(struct keeper *k);

#endif
