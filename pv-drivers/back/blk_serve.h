/* SPDX-License-Identifier: MIT */
/*
 * back/blk_serve.h - the process that serves one connected disk.
 *
 * Owns    a forked child: it maps the ring, gives up all rights, says "up",
 *         serves until its control socket closes or says stop, then drains.
 *         It never returns from blk_serve().
 * Leaves  the store and supervision to its parent (back/device.c).
 * Tests   nested boots; its parts: test_blk, test_confine
 */
#ifndef BACK_BLK_SERVE_H
#define BACK_BLK_SERVE_H

#include <back/blk.h>
#include <back/confine.h>

struct blk_serve {
    unsigned int domid;
    unsigned int vdev;
    uint32_t remote_port;
    struct blk_config config;
    struct blk_image image;       /* open and locked */
    int journal_fd;
    int control_fd;
    const char *empty_dir;
};

/* What it may still do; domid and directory come with the device. */
extern const struct confine blk_sandbox;

void blk_serve(struct blk_serve *s) __attribute__((noreturn));

#endif
