/* SPDX-License-Identifier: MIT */
/*
 * dom0/unpack.h - decompress a kernel: xz, zstd or gzip by magic number.
 *
 * Owns    the glue to Debian's static liblzma and libz, and to unzstd.  Those
 *         objects are linked into the boot area (dom0/unpack.lds) and are
 *         freed with it.  They use SSE, the red zone and %fs:0x28, so they
 *         run on the boot CPU with interrupts off and FS based on a page of
 *         zeros (dom0/kernel.c prepares that).
 * Tests   tests/unit/dom0/test_unpack.c (the same glue on the host)
 */
#ifndef DOM0_UNPACK_H
#define DOM0_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0; -EINVAL: magic of none of the three; -EIO: the data are damaged or do
 * not fit into @room bytes.  *out_len is written on success only. */
int unpack(const void *in, size_t in_len, void *out, size_t room,
           size_t *out_len);

/* Memory for the libraries, given by dom0/kernel.c; NULL: none. */
void *unpack_alloc(size_t bytes);
void unpack_free(void *p);

#endif
