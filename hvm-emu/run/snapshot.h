/* SPDX-License-Identifier: MIT */
/*
 * run/snapshot.h - the state of a whole device model in a file.
 *
 * Owns    the file: a line that says what it is, the state of each device,
 *         and the server's id, so that a successor for the same guest goes on
 *         where this process ended: requests that wait stay where they are.
 *         Its last section says that it is whole.
 * Leaves  the guest's memory, windows of devices included, to whoever saves
 *         guests.
 * Tests   tests/unit/hvm-emu/frame/test_request.c
 */
#ifndef RUN_SNAPSHOT_H
#define RUN_SNAPSHOT_H

#include <dev/devices.h>

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct snapshot {
    uint32_t domid, server_id;
    uint32_t unplugged;                /* machine.unplugged */
};

#define SNAPSHOT_MAX (8u << 20)

/* The bytes.  0 or -errno. */
int snapshot_save(struct buf *out, const struct snapshot *s,
                  const struct devices *d);
/* What it says of itself: 0, or -EPROTO. */
int snapshot_head(const struct buf *in, struct snapshot *s);
/* The devices.  0 or -errno with @e filled. */
int snapshot_load(const struct buf *in, struct devices *d, struct err *e);

/* @out receives what is in @fd from its start. */
int snapshot_read_fd(int fd, struct buf *out);
/* Replaces what is in @fd. */
int snapshot_write_fd(int fd, const struct buf *in);

#endif
