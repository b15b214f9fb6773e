/* SPDX-License-Identifier: MIT */
/*
 * store/blob.h - immutable bytes with a reference count.
 *
 * Owns    the values, permissions and child lists of nodes: a transaction
 *         keeps what it saw by taking a reference, not a copy.
 *         NULL is the empty blob; single-threaded.
 * Tests   tests/unit/store/test_random.c
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include <stddef.h>
#include <stdint.h>

struct blob {
    uint32_t refs;
    uint32_t len;
    char bytes[];
};

/* A blob of @len bytes; from @data unless NULL.  NULL: out of memory. */
struct blob *blob_new(const void *data, size_t len);
struct blob *blob_get(struct blob *b);
void blob_put(struct blob *b);

static inline size_t blob_len(const struct blob *b)
{
    return b == NULL ? 0 : b->len;
}

static inline const char *blob_bytes(const struct blob *b)
{
    return b == NULL ? "" : b->bytes;
}

#endif
