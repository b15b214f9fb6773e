/* SPDX-License-Identifier: MIT */
/*
 * xenbus/keys.h - typed access to the keys of one device.
 *
 * Owns    reading numbers and strings of a device directory.  Values under
 *         the frontend's directory are a guest's: a number that is not one,
 *         or out of its range, is an error, never a default.
 * Tests   tests/unit/pvdrv/test_state.c (parsing), nested boots
 */
#ifndef XENBUS_KEYS_H
#define XENBUS_KEYS_H

#include <xenbus/state.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xs;

#define KEYS_PATH_MAX 256u

/* A decimal number of at most @max; the whole text.  0 or -EINVAL. */
int keys_parse_u32(const char *text, uint32_t max, uint32_t *value);

/* 0, -ENOENT: no such key, -EINVAL: not a number, -ERANGE: above @max. */
int keys_read_u32(struct xs *xs, const char *dir, const char *key,
                  uint32_t max, uint32_t *value);
/* @def when the key does not exist. */
int keys_read_u32_or(struct xs *xs, const char *dir, const char *key,
                     uint32_t max, uint32_t def, uint32_t *value);
/* Up to @size - 1 bytes without zero bytes; -ENAMETOOLONG otherwise. */
int keys_read_text(struct xs *xs, const char *dir, const char *key, char *text,
                   size_t size);

int keys_write_u64(struct xs *xs, const char *dir, const char *key,
                   uint64_t value);
int keys_write_text(struct xs *xs, const char *dir, const char *key,
                    const char *text);

/* A missing or senseless state is XenbusStateUnknown. */
enum xenbus_state keys_read_state(struct xs *xs, const char *dir);
int keys_write_state(struct xs *xs, const char *dir, enum xenbus_state state);

#endif
