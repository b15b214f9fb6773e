/* SPDX-License-Identifier: MIT */
/*
 * XS_CONTROL: what `xenstore-control` asks, for the control domain.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/ops.h>

#include <stdio.h>
#include <string.h>

#include <lib/buf.h>
#include <lib/log.h>
#include <server/domain.h>
#include <server/state.h>

#define WORDS_MAX 8

static int do_help(struct request *req, const char **word, size_t nr);

static int do_check(struct request *req, const char **word, size_t nr)
{
    int rc = tree_check(&req->server->tree);

    if (rc == 0) {
        reply_ok(req);
    }
    return rc;
}

static int do_log(struct request *req, const char **word, size_t nr)
{
    if (nr != 1 ||
        (strcmp(word[0], "on") != 0 && strcmp(word[0], "off") != 0)) {
        return -EINVAL;
    }
    req->server->trace = strcmp(word[0], "on") == 0;
    reply_ok(req);
    return 0;
}

static int do_print(struct request *req, const char **word, size_t nr)
{
    if (nr != 1) {
        return -EINVAL;
    }
    log_info("control: %s", word[0]);
    reply_ok(req);
    return 0;
}

static int set_limit(struct request *req, const char *name, const char *value)
{
    uint64_t limit;
    unsigned int i;

    if (wire_parse_number(value, INT64_MAX, &limit) != 0) {
        return -EINVAL;
    }
    for (i = 0; i < QUOTA_KINDS; i++) {
        if (strcmp(name, quota_name(i)) == 0) {
            req->server->quota.limit[i] = limit;
            state_limit(req->server, i);
            reply_ok(req);
            return 0;
        }
    }
    return -EINVAL;
}

static int reply_buf(struct request *req, struct buf *b, int rc)
{
    if (rc == 0) {
        reply_data(req, b->data, b->len + 1);
    }
    buf_free(b);
    return rc;
}

static int list_limits(struct request *req)
{
    struct buf b = BUF_INIT;
    unsigned int i;
    int rc = 0;

    for (i = 0; i < QUOTA_KINDS && rc == 0; i++) {
        rc = buf_addf(&b, "%-17s: %8llu\n", quota_name(i),
                      (unsigned long long)req->server->quota.limit[i]);
    }
    return reply_buf(req, &b, rc);
}

static int list_usage(struct request *req, const char *domain)
{
    struct buf b = BUF_INIT;
    struct account *a;
    uint64_t domid;

    if (wire_parse_number(domain, UINT16_MAX, &domid) != 0) {
        return -EINVAL;
    }
    a = quota_account(&req->server->quota, (uint32_t)domid);
    if (a == NULL) {
        return -ENOMEM;
    }
    return reply_buf(req, &b, buf_addf(&b,
        "nodes       : %8llu\nwatches     : %8llu\n"
        "transactions: %8llu\nmemory      : %8lld\n",
        (unsigned long long)a->nodes, (unsigned long long)a->watches,
        (unsigned long long)a->transactions, (long long)a->memory));
}

static int do_quota(struct request *req, const char **word, size_t nr)
{
    if (nr == 0) {
        return list_limits(req);
    }
    if (nr == 1) {
        return list_usage(req, word[0]);
    }
    if (nr == 3 && strcmp(word[0], "set") == 0) {
        return set_limit(req, word[1], word[2]);
    }
    return -EINVAL;
}

static int do_memreport(struct request *req, const char **word, size_t nr)
{
    struct server *s = req->server;
    struct buf b = BUF_INIT;
    const struct client *c;
    unsigned int sockets = 0;
    unsigned int rings = 0;
    size_t unsent = 0;

    for (c = s->clients; c != NULL; c = c->next) {
        sockets += !c->is_ring;
        rings += c->is_ring;
        unsent += c->conn.out.len;
    }
    return reply_buf(req, &b, buf_addf(&b,
        "nodes: %zu\nwatched paths: %zu\nsockets: %u\nrings: %u\n"
        "unsent bytes: %zu\njournal bytes: %zu\n", s->tree.count,
        s->watches.count, sockets, rings, unsent, s->journal.used));
}

static int do_snapshot(struct request *req, const char **word, size_t nr)
{
    int rc = state_snapshot(req->server);

    if (rc == 0) {
        reply_ok(req);
    }
    return rc;
}

static const struct {
    const char *name;
    int (*run)(struct request *req, const char **word, size_t nr);
} commands[] = {
    { "check",     do_check },
    { "help",      do_help },
    { "log",       do_log },
    { "memreport", do_memreport },
    { "print",     do_print },
    { "quota",     do_quota },
    { "snapshot",  do_snapshot },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int do_help(struct request *req, const char **word, size_t nr)
{
    struct buf b = BUF_INIT;
    size_t i;
    int rc = 0;

    for (i = 0; i < NR_COMMANDS && rc == 0; i++) {
        rc = buf_addf(&b, "%s\n", commands[i].name);
    }
    return reply_buf(req, &b, rc);
}

int op_control(struct request *req)
{
    const char *word[WORDS_MAX];
    size_t nr = wire_count_strings(req->body, req->header.len);
    size_t i;

    if (nr == 0 || nr > WORDS_MAX ||
        wire_split(req->body, req->header.len, word, nr) != 0) {
        return -EINVAL;
    }
    for (i = 0; i < NR_COMMANDS; i++) {
        if (strcmp(word[0], commands[i].name) == 0) {
            return commands[i].run(req, word + 1, nr - 1);
        }
    }
    return -EINVAL;
}
