/* SPDX-License-Identifier: MIT */
/*
 * The growing byte buffer of the daemons.  It knows nothing of messages or
 * files beyond one read() or write().  Covered by tests/unit/lib/test_lib.c.
 */
#include <lib/buf.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void buf_init(struct buf *b, size_t limit)
{
    memset(b, 0, sizeof(*b));
    b->limit = limit;
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->limit);
}

int buf_reserve(struct buf *b, size_t more)
{
    size_t need, room;
    char *data;

    if (more > SIZE_MAX / 4 - b->len ||
        (b->limit != 0 && b->len + more > b->limit)) {
        return -ENOSPC;
    }
    need = b->len + more + 1;
    if (need <= b->room) {
        return 0;
    }
    room = b->room != 0 ? b->room : 64;
    while (room < need) {
        room *= 2;
    }
    data = realloc(b->data, room);
    if (data == NULL) {
        return -ENOMEM;
    }
    b->data = data;
    b->room = room;
    return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
    int rc = buf_reserve(b, len);

    if (rc != 0) {
        return rc;
    }
    if (len != 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_adds(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int len, rc;

    va_start(ap, fmt);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0) {
        return -EINVAL;
    }
    rc = buf_reserve(b, (size_t)len);
    if (rc != 0) {
        return rc;
    }
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)len;
    return 0;
}

void buf_consume(struct buf *b, size_t len)
{
    if (len >= b->len) {
        buf_reset(b);
        return;
    }
    b->len -= len;
    memmove(b->data, b->data + len, b->len + 1);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

long buf_read_fd(struct buf *b, int fd, size_t max)
{
    ssize_t got;
    int rc = buf_reserve(b, max);

    if (rc != 0) {
        return rc;
    }
    got = read(fd, b->data + b->len, max);
    if (got < 0) {
        return -errno;
    }
    b->len += (size_t)got;
    b->data[b->len] = '\0';
    return got;
}

long buf_write_fd(struct buf *b, int fd)
{
    ssize_t put;

    if (b->len == 0) {
        return 0;
    }
    put = write(fd, b->data, b->len);
    if (put < 0) {
        return -errno;
    }
    buf_consume(b, (size_t)put);
    return put;
}
