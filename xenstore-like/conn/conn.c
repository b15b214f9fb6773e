/* SPDX-License-Identifier: MIT */
/*
 * Messages from bytes and bytes from messages, for any transport.
 * Tests: tests/unit/store/test_server.c
 */
#include <conn/conn.h>

#include <string.h>

void conn_init(struct conn *c, const struct conn_ops *ops)
{
    memset(c, 0, offsetof(struct conn, in));
    c->ops = ops;
    buf_init(&c->out, 0);
}

void conn_fini(struct conn *c)
{
    buf_free(&c->out);
}

long conn_fill(struct conn *c)
{
    long n;

    if (c->in_start > 0) {
        memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
        c->in_end -= c->in_start;
        c->in_start = 0;
    }
    if (c->in_end == sizeof(c->in)) {
        return 0;
    }
    n = c->ops->read(c, c->in + c->in_end, sizeof(c->in) - c->in_end);
    if (n > 0) {
        c->in_end += (uint32_t)n;
    }
    return n;
}

int conn_message(struct conn *c, struct xsd_sockmsg *h, char **body)
{
    uint32_t have = c->in_end - c->in_start;

    if (have < sizeof(*h)) {
        return 0;
    }
    memcpy(h, c->in + c->in_start, sizeof(*h));
    if (h->len > XENSTORE_PAYLOAD_MAX) {
        return -EPROTO;
    }
    if (have - sizeof(*h) < h->len) {
        return 0;
    }
    *body = c->in + c->in_start + sizeof(*h);
    return 1;
}

void conn_next(struct conn *c)
{
    struct xsd_sockmsg h;

    memcpy(&h, c->in + c->in_start, sizeof(h));
    c->in_start += (uint32_t)sizeof(h) + h.len;
}

int conn_queue(struct conn *c, const struct xsd_sockmsg *h, const void *body)
{
    int rc = buf_reserve(&c->out, sizeof(*h) + h->len);

    if (rc != 0) {
        return rc;
    }
    buf_add(&c->out, h, sizeof(*h));
    buf_add(&c->out, body, h->len);
    if (h->type != XS_WATCH_EVENT) {
        c->outstanding++;
    }
    return 0;
}

/* The front of `out` is a message boundary: what begins there? */
static void begin_head(struct conn *c)
{
    struct xsd_sockmsg h;

    memcpy(&h, c->out.data, sizeof(h));
    c->head_left = (uint32_t)sizeof(h) + h.len;
    c->head_is_reply = h.type != XS_WATCH_EVENT;
}

void conn_sent(struct conn *c, size_t len)
{
    while (len > 0) {
        size_t step;

        if (c->head_left == 0) {
            begin_head(c);
        }
        step = len < c->head_left ? len : c->head_left;
        buf_consume(&c->out, step);
        c->head_left -= (uint32_t)step;
        len -= step;
        if (c->head_left == 0 && c->head_is_reply) {
            c->outstanding--;
        }
    }
}

int conn_flush(struct conn *c)
{
    while (c->out.len > 0) {
        long n = c->ops->write(c, c->out.data, c->out.len);

        if (n <= 0) {
            return (int)n;
        }
        conn_sent(c, (size_t)n);
    }
    return 0;
}
