/* SPDX-License-Identifier: MIT */
/*
 * server/ops.h - one function per message type, behind dispatch.c's table.
 *
 * Owns    struct request: the copied-in message while it is served.  An
 *         operation answers with reply_*() and returns 0, or returns -errno
 *         without having changed anything.
 * Tests   tests/unit/store/test_server.c
 */
#ifndef SERVER_OPS_H
#define SERVER_OPS_H

#include <proto/path.h>
#include <server/server.h>

struct request {
    struct client *client;
    struct server *server;
    struct xsd_sockmsg header;
    char *body;                       /* header.len bytes */
    struct client_txn *txn;           /* NULL: outside transactions */
};

typedef int op_fn(struct request *req);

void reply_data(struct request *req, const void *data, size_t len);
void reply_text(struct request *req, const char *text);   /* with its nul */
void reply_ok(struct request *req);

/* A node's path from the request, made absolute.  0 or -EINVAL. */
int request_path(struct request *req, const char *text,
                 char path[PATH_BUF_SIZE]);

/* The overlay to read through: NULL outside a transaction. */
struct txn *request_txn(struct request *req);

op_fn op_directory, op_directory_part, op_read, op_write, op_mkdir, op_rm;
op_fn op_get_perms, op_set_perms;
op_fn op_watch, op_unwatch, op_reset_watches;
op_fn op_transaction_start, op_transaction_end;
op_fn op_introduce, op_release, op_get_domain_path, op_is_domain_introduced;
op_fn op_resume, op_set_target;
op_fn op_control;

#endif
