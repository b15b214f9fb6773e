/* SPDX-License-Identifier: MIT */
/*
 * build/unpack.h - gzip, xz and zstd streams into memory, with a cap.
 *
 * Owns    recognising a stream and unpacking exactly one.  Bytes behind its
 *         end are ignored (a kernel has its size there).
 * Tests   tests/unit/toolstack/test_kernel.c
 */
#ifndef BUILD_UNPACK_H
#define BUILD_UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct bytes {
    uint8_t *data;         /* from malloc, or NULL */
    size_t len;
};

void bytes_free(struct bytes *b);

enum packing { PACK_NONE, PACK_GZIP, PACK_XZ, PACK_ZSTD, PACK_OTHER };

/* What @data begins with; PACK_OTHER: a format that nobody unpacks here. */
enum packing unpack_recognise(const uint8_t *data, size_t len);

/*
 * Unpack into at most @max bytes.  0, or -EINVAL (damaged, truncated or not
 * packed), -EFBIG (more than @max), -ENOMEM; @e names the fault.
 */
int unpack(const uint8_t *data, size_t len, size_t max, struct bytes *out,
           struct err *e);

#endif
