/* SPDX-License-Identifier: MIT */
/*
 * Immutable bytes with a reference count; whoever changes a node makes a new
 * blob.  Tests: tests/unit/store/test_random.c
 */
#include <store/blob.h>

#include <stdlib.h>
#include <string.h>

struct blob *blob_new(const void *data, size_t len)
{
    struct blob *b = malloc(sizeof(*b) + len);

    if (b == NULL) {
        return NULL;
    }
    b->refs = 1;
    b->len = (uint32_t)len;
    if (data != NULL && len > 0) {
        memcpy(b->bytes, data, len);
    }
    return b;
}

struct blob *blob_get(struct blob *b)
{
    if (b != NULL) {
        b->refs++;
    }
    return b;
}

void blob_put(struct blob *b)
{
    if (b != NULL && --b->refs == 0) {
        free(b);
    }
}
