/* SPDX-License-Identifier: MIT */
/*
 * conn/conn.h - a peer's bytes: partial messages in, whole messages out.
 *
 * Owns    the buffer of the message being received and the queue of what the
 *         peer has not taken yet.  The transport (unix.c, ring.c) moves bytes
 *         and never blocks.
 * Leaves  what messages mean, and when to stop reading from a peer that does
 *         not take its replies, to server/.
 * Tests   tests/unit/store/test_server.c
 */
#ifndef CONN_CONN_H
#define CONN_CONN_H

#include <lib/buf.h>
#include <proto/wire.h>
#include <sys/uio.h>

struct conn;

struct conn_ops {
    /* Bytes moved, 0: not now, -errno: the connection is broken. */
    long (*read)(struct conn *c, void *data, size_t len);
    long (*write)(struct conn *c, const void *data, size_t len);
};

struct conn {
    const struct conn_ops *ops;
    uint32_t in_start, in_end;
    struct buf out;                   /* unsent, whole messages but the first */
    uint32_t head_left;               /* unsent bytes of that first message */
    bool head_is_reply;
    uint32_t outstanding;             /* replies in `out` */
    char in[WIRE_MESSAGE_MAX];
};

void conn_init(struct conn *c, const struct conn_ops *ops);
void conn_fini(struct conn *c);

/* Receive into what is free of the buffer: as conn_ops.read. */
long conn_fill(struct conn *c);

/*
 * The message at the front, which conn_next() drops.
 * 1, 0: it is not whole yet, -EPROTO: its length is beyond the protocol.
 */
int conn_message(struct conn *c, struct xsd_sockmsg *h, char **body);
void conn_next(struct conn *c);

/* Queue one message.  0 or -ENOMEM, -ENOSPC of the buffer. */
int conn_queue(struct conn *c, const struct xsd_sockmsg *h, const void *body);

/* Send what the peer takes: 0 or -errno. */
int conn_flush(struct conn *c);

/* Account for @len bytes that leave the front of `out`. */
void conn_sent(struct conn *c, size_t len);

#endif
