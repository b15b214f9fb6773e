/* SPDX-License-Identifier: MIT */
/*
 * From a message to its operation: one row per type, with the right to use
 * it and what it may change, checked before anything runs.
 * Tests: tests/unit/store/test_server.c, tests/fuzz/fuzz_store_wire.c
 */
#include <server/ops.h>

#include <stdio.h>
#include <string.h>

#include <lib/log.h>
#include <server/state.h>

#define OP_CONTROL 1u                 /* the control domain only */
#define OP_CHANGES 2u                 /* refused while nothing can be kept */
#define OP_IN_TXN  4u                 /* tx_id counts */

static const struct {
    op_fn *run;
    unsigned int flags;
} ops[XS_TYPE_COUNT] = {
    [XS_CONTROL]           = { op_control,           OP_CONTROL },
    [XS_DIRECTORY]         = { op_directory,         OP_IN_TXN },
    [XS_READ]              = { op_read,              OP_IN_TXN },
    [XS_GET_PERMS]         = { op_get_perms,         OP_IN_TXN },
    [XS_WATCH]             = { op_watch,             OP_CHANGES },
    [XS_UNWATCH]           = { op_unwatch,           0 },
    [XS_TRANSACTION_START] = { op_transaction_start, 0 },
    [XS_TRANSACTION_END]   = { op_transaction_end,   OP_IN_TXN | OP_CHANGES },
    [XS_INTRODUCE]         = { op_introduce,         OP_CONTROL | OP_CHANGES },
    [XS_RELEASE]           = { op_release,           OP_CONTROL },
    [XS_GET_DOMAIN_PATH]   = { op_get_domain_path,   0 },
    [XS_WRITE]             = { op_write,             OP_IN_TXN | OP_CHANGES },
    [XS_MKDIR]             = { op_mkdir,             OP_IN_TXN | OP_CHANGES },
    [XS_RM]                = { op_rm,                OP_IN_TXN | OP_CHANGES },
    [XS_SET_PERMS]         = { op_set_perms,         OP_IN_TXN | OP_CHANGES },
    [XS_IS_DOMAIN_INTRODUCED] = { op_is_domain_introduced, 0 },
    [XS_RESUME]            = { op_resume,            OP_CONTROL },
    [XS_SET_TARGET]        = { op_set_target,        OP_CONTROL | OP_CHANGES },
    [XS_RESET_WATCHES]     = { op_reset_watches,     0 },
    [XS_DIRECTORY_PART]    = { op_directory_part,    OP_IN_TXN },
};

/* ---- answers ------------------------------------------------------------ */

static void reply(struct request *req, uint32_t type, const void *data,
                  size_t len)
{
    struct xsd_sockmsg h = req->header;

    h.type = type;
    h.len = (uint32_t)len;
    if (conn_queue(&req->client->conn, &h, data) != 0) {
        /* A reply that cannot be stored breaks the stream of replies. */
        log_err("out of memory for a reply; closing the connection");
        client_kill(req->client);
    }
}

static void reply_error(struct request *req, int err)
{
    const char *name = wire_error_name(err);

    reply(req, XS_ERROR, name, strlen(name) + 1);
}

void reply_data(struct request *req, const void *data, size_t len)
{
    if (len > XENSTORE_PAYLOAD_MAX) {
        reply_error(req, E2BIG);
        return;
    }
    reply(req, req->header.type, data, len);
}

void reply_text(struct request *req, const char *text)
{
    reply_data(req, text, strlen(text) + 1);
}

void reply_ok(struct request *req)
{
    reply_text(req, "OK");
}

/* ---- what operations share ---------------------------------------------- */

int request_path(struct request *req, const char *text,
                 char path[PATH_BUF_SIZE])
{
    char base[32] = "";

    if (text[0] != '/') {
        snprintf(base, sizeof(base), "/local/domain/%u",
                 req->client->actor.domid);
    }
    if (path_canonicalize(text, base, path) != 0 ||
        !path_is_valid(path, req->server->quota.limit[QUOTA_PATH_MAX])) {
        return -EINVAL;
    }
    return 0;
}

struct txn *request_txn(struct request *req)
{
    return req->txn == NULL ? NULL : &req->txn->txn;
}

/* ---- dispatch ----------------------------------------------------------- */

static int check_row(struct request *req)
{
    uint32_t type = req->header.type;
    unsigned int flags;

    if (type >= XS_TYPE_COUNT || ops[type].run == NULL) {
        return -ENOSYS;
    }
    flags = ops[type].flags;
    if ((flags & OP_CONTROL) != 0 && !req->client->actor.privileged) {
        return -EACCES;
    }
    if ((flags & OP_IN_TXN) != 0 && req->header.tx_id != 0) {
        req->txn = client_find_txn(req->client, req->header.tx_id);
        if (req->txn == NULL) {
            return -ENOENT;
        }
    }
    if ((flags & (OP_CHANGES | OP_IN_TXN)) != 0 && type != XS_RM &&
        type != XS_TRANSACTION_END && client_over_memory(req->client)) {
        return -ENOSPC;
    }
    if ((flags & OP_CHANGES) != 0) {
        return state_reserve(req->server);
    }
    return 0;
}

void dispatch_message(struct client *c, const struct xsd_sockmsg *h,
                      char *body)
{
    struct request req = {
        .client = c, .server = c->server, .header = *h, .body = body,
    };
    int rc = check_row(&req);

    if (rc == 0) {
        rc = ops[h->type].run(&req);
    }
    if (rc != 0) {
        reply_error(&req, -rc);
    }
    if (c->server->trace) {
        log_info("d%u %s id %u tx %u len %u: %s", c->actor.domid,
                 wire_type_name(h->type), h->req_id, h->tx_id, h->len,
                 rc == 0 ? "ok" : wire_error_name(-rc));
    }
}
