/* SPDX-License-Identifier: MIT */
/*
 * Begin and end of transactions; what happens in between is in store/txn.c.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/ops.h>

#include <stdio.h>
#include <string.h>

#include <server/state.h>

int op_transaction_start(struct request *req)
{
    struct client *c = req->client;
    struct client_txn *t;
    char text[12];
    int rc;

    if (req->header.tx_id != 0) {
        return -EBUSY;                /* they do not nest */
    }
    if (!c->actor.privileged &&
        c->nr_txns >= req->server->quota.limit[QUOTA_TRANSACTIONS]) {
        return -ENOSPC;
    }
    rc = client_add_txn(c, 0, &t);
    if (rc != 0) {
        return rc;
    }
    state_txn(c, t->id, true);
    snprintf(text, sizeof(text), "%u", t->id);
    reply_text(req, text);
    return 0;
}

int op_transaction_end(struct request *req)
{
    struct client *c = req->client;
    const char *answer;
    int rc = 0;

    if (req->txn == NULL) {
        return -ENOENT;
    }
    if (wire_split(req->body, req->header.len, &answer, 1) != 0 ||
        (strcmp(answer, "T") != 0 && strcmp(answer, "F") != 0)) {
        return -EINVAL;
    }
    if (answer[0] == 'T') {
        rc = txn_commit(&req->txn->txn, &c->actor, &req->server->journal);
        if (rc == 0) {
            events_fire_txn(req->server, &req->txn->txn);
        }
    }
    state_txn(c, req->txn->id, false);
    client_del_txn(c, req->txn);
    req->txn = NULL;
    if (rc == 0) {
        reply_ok(req);
    }
    return rc;
}
