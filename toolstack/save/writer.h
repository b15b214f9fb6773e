/* SPDX-License-Identifier: MIT */
/*
 * save/writer.h - records into bytes, with their checksums and the end.
 *
 * Owns    numbering, checksums, the running digest.
 * Leaves  where the bytes go to @put, what they mean to the caller.
 * Tests   tests/unit/save/test_stream.c
 */
#ifndef SAVE_WRITER_H
#define SAVE_WRITER_H

#include <save/format.h>
#include <stddef.h>
#include <sys/uio.h>

/* 0, or -errno: the writer then stops. */
typedef int save_put_fn(void *arg, const void *data, size_t len);

struct save_writer {
    save_put_fn *put;
    void *arg;
    uint64_t bytes;
    uint32_t seq;
    void *digest;              /* of the headers */
    void *check;               /* of one record */
};

/* Writes the header.  0 or -errno; save_writer_fini() in any case. */
int save_writer_init(struct save_writer *w, save_put_fn *put, void *arg,
                     const char *program);
int save_writer_record(struct save_writer *w, const char *name,
                       const struct iovec *parts, unsigned int nr);
/* One part, or none. */
int save_writer_add(struct save_writer *w, const char *name, const void *data,
                    size_t len);
/* The record END. */
int save_writer_end(struct save_writer *w);
void save_writer_fini(struct save_writer *w);

#endif
