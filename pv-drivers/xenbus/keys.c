/* SPDX-License-Identifier: MIT */
/*
 * Keys of a device directory as numbers and text.  Their meaning is left to
 * back/.  Covered by tests/unit/pvdrv/test_state.c.
 */
#include <xenbus/keys.h>

#include <client/xs.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int keys_parse_u32(const char *text, uint32_t max, uint32_t *value)
{
    uint64_t v = 0;
    size_t i;

    if (text[0] == '\0') {
        return -EINVAL;
    }
    for (i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || i > 10) {
            return -EINVAL;
        }
        v = v * 10 + (uint64_t)(text[i] - '0');
    }
    if (v > max) {
        return -ERANGE;
    }
    *value = (uint32_t)v;
    return 0;
}

static int path_of(char path[KEYS_PATH_MAX], const char *dir, const char *key)
{
    int n = snprintf(path, KEYS_PATH_MAX, "%s/%s", dir, key);

    return n < 0 || n >= (int)KEYS_PATH_MAX ? -ENAMETOOLONG : 0;
}

int keys_read_text(struct xs *xs, const char *dir, const char *key, char *text,
                   size_t size)
{
    char path[KEYS_PATH_MAX], *value;
    size_t len;
    int rc = path_of(path, dir, key);

    if (rc == 0) {
        rc = xs_read(xs, XS_TXN_NONE, path, &value, &len);
    }
    if (rc != 0) {
        return rc;
    }
    if (len >= size || memchr(value, '\0', len) != NULL) {
        rc = -ENAMETOOLONG;
    } else {
        memcpy(text, value, len);
        text[len] = '\0';
    }
    free(value);
    return rc;
}

int keys_read_u32(struct xs *xs, const char *dir, const char *key,
                  uint32_t max, uint32_t *value)
{
    char text[16];
    int rc = keys_read_text(xs, dir, key, text, sizeof(text));

    if (rc == -ENAMETOOLONG) {
        return -EINVAL;
    }
    return rc != 0 ? rc : keys_parse_u32(text, max, value);
}

int keys_read_u32_or(struct xs *xs, const char *dir, const char *key,
                     uint32_t max, uint32_t def, uint32_t *value)
{
    int rc = keys_read_u32(xs, dir, key, max, value);

    if (rc == -ENOENT) {
        *value = def;
        rc = 0;
    }
    return rc;
}

int keys_write_text(struct xs *xs, const char *dir, const char *key,
                    const char *text)
{
    char path[KEYS_PATH_MAX];
    int rc = path_of(path, dir, key);

    return rc != 0 ? rc : xs_write_string(xs, XS_TXN_NONE, path, text);
}

int keys_write_u64(struct xs *xs, const char *dir, const char *key,
                   uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    return keys_write_text(xs, dir, key, text);
}

enum xenbus_state keys_read_state(struct xs *xs, const char *dir)
{
    uint32_t v;

    if (keys_read_u32(xs, dir, "state", XenbusStateReconfigured, &v) != 0) {
        return XenbusStateUnknown;
    }
    return (enum xenbus_state)v;
}

int keys_write_state(struct xs *xs, const char *dir, enum xenbus_state state)
{
    return keys_write_u64(xs, dir, "state", state);
}
