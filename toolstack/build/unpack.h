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
    size_t mapped;         /* not 0: from mmap, of this size */
};

void bytes_free(struct bytes *b);

enum packing { PACK_NONE, PACK_GZIP, PACK_XZ, PACK_ZSTD, PACK_OTHER };

/* What @data begins with; PACK_OTHER: a format that nobody unpacks here. */
enum packing unpack_recognise(const uint8_t *data, size_t len);

/*
 * Unpack into @out, which has room for @max bytes; *@out_len of them are used.
 * 0, or -EINVAL (damaged, truncated or not packed), -EFBIG (more than @max),
 * -ENOMEM; @e names the fault.
 */
int unpack(const uint8_t *data, size_t len, uint8_t *out, size_t max,
           size_t *out_len, struct err *e);

/*
 * The same in a process of its own that can do nothing else (seccomp, no
 * privileges), into a fresh mapping.  A decompressor that a file breaks takes
 * nothing with it.
 */
int unpack_confined(const uint8_t *data, size_t len, size_t max,
                    struct bytes *out, struct err *e);

#endif
