/* SPDX-License-Identifier: MIT */
/*
 * lib/buf.h - a byte buffer that grows up to a limit.
 *
 * Owns    its memory.  Bytes are appended at the end and consumed from the
 *         front; a zero byte that is not counted always follows the data.
 * Tests   tests/unit/lib/test_lib.c
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stddef.h>

struct buf {
    char  *data;           /* NULL while nothing was appended */
    size_t len;
    size_t room;           /* bytes allocated, the final zero included */
    size_t limit;          /* largest len allowed; 0 = no limit */
};

#define BUF_INIT { .data = NULL }

void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b);

/* 0, -ENOSPC: the limit would be passed, -ENOMEM.  Nothing changes then. */
int buf_reserve(struct buf *b, size_t more);
int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *text);
int buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Drop the first @len bytes (at most all of them). */
void buf_consume(struct buf *b, size_t len);

/* Forget the contents, keep the memory. */
void buf_reset(struct buf *b);

/* read() once into the buffer: bytes read, 0 at end, -errno. */
long buf_read_fd(struct buf *b, int fd, size_t max);

/* write() once from the front and consume: bytes written or -errno. */
long buf_write_fd(struct buf *b, int fd);

#endif
