/* SPDX-License-Identifier: MIT */
/*
 * frame/state.h - the state of devices as bytes, by table.
 *
 * Owns    the format: a section per device (name, version, length), in it the
 *         fields of the table in order, little endian as they lie in memory.
 *         Only plain numbers and arrays of them are fields: no pointers.
 * Leaves  what may be in a field to check(): state read back is foreign bytes.
 * Tests   tests/unit/hvm-emu/frame/test_request.c
 */
#ifndef FRAME_STATE_H
#define FRAME_STATE_H

#include <stddef.h>
#include <stdint.h>

struct buf;

struct state_field {
    const char *name;
    uint32_t offset;
    uint32_t size;                     /* of one element */
    uint32_t count;
};

struct state_table {
    uint32_t version;
    const struct state_field *fields;
    uint32_t nr_fields;
    /* After loading: 0, or -EINVAL if that cannot be.  NULL: all can be. */
    int (*check)(void *dev);
    /* After all devices were loaded and found well: timers, lines.  NULL. */
    void (*loaded)(void *dev);
};

#define STATE_FIELD(type, member) \
    { #member, offsetof(type, member), sizeof(((type *)0)->member), 1 }
#define STATE_ARRAY(type, member) \
    { #member, offsetof(type, member), sizeof(((type *)0)->member[0]), \
      sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0]) }
#define STATE_ROWS(rows) \
    .fields = (rows), .nr_fields = sizeof(rows) / sizeof((rows)[0])

/* 0 or -ENOMEM: one section appended to @out. */
int state_save(struct buf *out, const char *name, const struct state_table *t,
               const void *dev);
/*
 * The section of @name in @data into @dev.  0, -ENOENT: there is none,
 * -EPROTO: another version or size, -EINVAL: check() refused.
 */
int state_load(const uint8_t *data, size_t len, const char *name,
               const struct state_table *t, void *dev);

#endif
