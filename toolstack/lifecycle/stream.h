/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/stream.h - a VM that is started from a saved guest.
 *
 * Owns    the descriptor of the stream, and what of it is needed after the
 *         domain has its memory.
 * Leaves  the steps to start.c.
 * Tests   tests/boot/dom0/save.sh
 */
#ifndef LIFECYCLE_STREAM_H
#define LIFECYCLE_STREAM_H

#include <lib/buf.h>
#include <save/reader.h>

struct stream {
    bool given;                /* or else the VM is booted */
    bool open;
    int fd;
    struct save_reader reader;
    struct buf store;          /* entries for the new domain */
    struct buf emulator;       /* state for its device model */
};

/* @fd -1: there is none.  A zeroed struct says the same. */
void stream_init(struct stream *s, int fd);
/* Reads the header. */
int stream_open(struct stream *s, struct err *e);
/* Nothing of it is needed any more: a restart boots. */
void stream_close(struct stream *s);

#endif
