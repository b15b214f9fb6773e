/* SPDX-License-Identifier: MIT */
/*
 * Records of everything that outlives a kill, beside the nodes, whose records
 * txn.c writes.  state_replay.c reads them back.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <server/state.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lib/evloop.h>
#include <lib/log.h>
#include <server/domain.h>
#include <server/state_rec.h>

#define REQUEST_ROOM (64u << 10)      /* records of one request, nodes apart */
#define SNAPSHOT_AFTER (1u << 20)     /* growth that calls for a snapshot */
#define RETRY_NS 10000000000u

/* ---- writing ------------------------------------------------------------ */

static void journal_broke(struct server *s, int rc)
{
    log_err("cannot write %s: %s; a restart would lose the store",
            s->journal_path, strerror(-rc));
    journal_close(&s->journal);
    unlink(s->journal_path);
    s->journal_retry_ns = evloop_now_ns() + RETRY_NS;
}

static void record(struct server *s, uint32_t type, const struct iovec *parts,
                   size_t nr)
{
    size_t bytes = 0;
    size_t i;
    int rc;

    if (s->journal.fd < 0) {
        return;
    }
    for (i = 0; i < nr; i++) {
        bytes += parts[i].iov_len;
    }
    rc = journal_reserve(&s->journal, bytes, 1);
    if (rc != 0) {
        journal_broke(s, rc);
        return;
    }
    journal_add(&s->journal, type, parts, nr);
}

static void record_one(struct server *s, uint32_t type, const void *data,
                       size_t len)
{
    struct iovec part = { (void *)data, len };

    record(s, type, &part, 1);
}

int state_reserve(struct server *s)
{
    if (s->journal_path == NULL) {
        return 0;
    }
    if (s->journal.fd < 0) {
        return -ENOSPC;
    }
    return journal_reserve(&s->journal, REQUEST_ROOM, 16) == 0 ? 0 : -ENOSPC;
}

void state_domain(struct server *s, const struct domain *d)
{
    struct rec_domain rec = {
        .gfn = d->gfn, .domid = d->domid, .target = d->target,
        .remote_port = d->remote_port, .shutdown = d->shutdown,
        .own = d->own,
    };

    record_one(s, REC_DOMAIN, &rec, sizeof(rec));
}

void state_domain_gone(struct server *s, uint32_t domid)
{
    record_one(s, REC_DOMAIN_GONE, &domid, sizeof(domid));
}

static void record_watch(struct client *c, uint32_t type,
                         const struct watch *w)
{
    const char *path = watch_path_of(w);
    struct rec_watch rec;
    struct iovec parts[] = {
        { &rec, sizeof(rec) },
        { (void *)path, strlen(path) + 1 },
        { (void *)w->token, strlen(w->token) + 1 },
    };

    if (c->is_ring && c->domain != NULL) {
        rec = (struct rec_watch){ c->domain->domid, w->strip };
        record(c->server, type, parts, 3);
    }
}

void state_watch(struct client *c, const struct watch *w)
{
    record_watch(c, REC_WATCH, w);
}

void state_unwatch(struct client *c, const struct watch *w)
{
    record_watch(c, REC_UNWATCH, w);
}

void state_reset(struct client *c)
{
    if (c->is_ring && c->domain != NULL) {
        record_one(c->server, REC_RESET, &c->domain->domid,
                   sizeof(c->domain->domid));
    }
}

void state_txn(struct client *c, uint32_t id, bool open)
{
    struct rec_txn rec = { 0, id, c->last_txn_id, open };

    if (c->is_ring && c->domain != NULL) {
        rec.domid = c->domain->domid;
        record_one(c->server, REC_TXN, &rec, sizeof(rec));
    }
}

void state_limit(struct server *s, unsigned int kind)
{
    struct rec_limit rec = { s->quota.limit[kind], kind, 0 };

    record_one(s, REC_LIMIT, &rec, sizeof(rec));
}

void state_special(struct server *s, enum special which)
{
    uint32_t number = which;
    const struct blob *perms = s->special_perms[which];
    struct iovec parts[] = {
        { &number, sizeof(number) },
        { (void *)blob_bytes(perms), blob_len(perms) },
    };

    record(s, REC_SPECIAL, parts, 2);
}

/* @whole: as if nothing of the ring had been recorded before. */
static void record_ring(struct client *c, bool whole)
{
    size_t kept = whole ? 0 : c->saved_out;
    struct rec_ring rec = {
        .domid = c->domain->domid,
        .pos = { c->saved.cons, c->ring.req_cons, c->ring.rsp_prod },
        .head_left = c->conn.head_left,
        .head_is_reply = c->conn.head_is_reply,
        .outstanding = c->conn.outstanding,
        .out_kept = (uint32_t)kept,
        .in_len = c->conn.in_end - c->conn.in_start,
        .add_len = (uint32_t)(c->conn.out.len - kept),
        .ignored = c->ignored,
    };
    struct iovec parts[] = {
        { &rec, sizeof(rec) },
        { c->conn.in + c->conn.in_start, rec.in_len },
        { c->conn.out.data + kept, rec.add_len },
    };

    record(c->server, REC_RING, parts, 3);
    c->saved_out = c->conn.out.len;
    c->saved.cons = c->ring.req_cons;
    c->touched = false;
}

/* ---- snapshot ----------------------------------------------------------- */

static int snapshot_node(void *ctx, const struct node *n)
{
    struct journal *j = ctx;
    int rc = journal_reserve(j, txn_journal_node_size(n->path_len, n->data,
                                                      n->perms), 1);

    if (rc == 0) {
        txn_journal_node(j, n->path, n->path_len, n->data, n->perms);
    }
    return rc;
}

static void snapshot_client(struct client *c)
{
    struct client_txn *t;
    struct watch *w;

    for (w = c->watches; w != NULL; w = w->next_own) {
        state_watch(c, w);
    }
    for (t = c->txns; t != NULL; t = t->next) {
        state_txn(c, t->id, true);
    }
    if (c->ring.page != NULL) {
        record_ring(c, true);
    }
}

static void snapshot_rest(struct server *s)
{
    struct domain *d;
    unsigned int i;

    for (i = 0; i < QUOTA_KINDS; i++) {
        state_limit(s, i);
    }
    for (i = 0; i < SPECIALS; i++) {
        state_special(s, i);
    }
    for (d = s->domains; d != NULL; d = d->next) {
        state_domain(s, d);
        if (d->client != NULL) {
            snapshot_client(d->client);
        }
    }
}

int state_snapshot(struct server *s)
{
    struct journal old = s->journal;
    struct journal fresh;
    int rc;

    if (s->journal_path == NULL) {
        return 0;
    }
    rc = journal_create(&fresh, s->journal_path);
    if (rc != 0) {
        return rc;
    }
    rc = tree_walk(&s->tree, snapshot_node, &fresh);
    if (rc != 0) {
        journal_close(&fresh);
        return rc;
    }
    s->journal = fresh;
    snapshot_rest(s);
    if (s->journal.fd < 0) {          /* it broke, and took the old with it */
        journal_close(&old);
        return -ENOSPC;
    }
    journal_commit(&s->journal);
    rc = journal_publish(&s->journal);
    if (rc != 0) {
        journal_broke(s, rc);
    }
    journal_close(&old);
    s->journal_floor = s->journal.used;
    return rc;
}

static bool snapshot_is_due(const struct server *s)
{
    if (s->journal_path == NULL) {
        return false;
    }
    if (s->journal.fd < 0) {
        return evloop_now_ns() >= s->journal_retry_ns;
    }
    return s->journal.used > 4 * s->journal_floor + SNAPSHOT_AFTER;
}

void state_commit(struct server *s)
{
    struct client *c;

    if (snapshot_is_due(s)) {
        int rc = state_snapshot(s);

        if (rc == 0) {
            return;
        }
        log_warn("no snapshot of the store: %s", strerror(-rc));
        s->journal_floor = s->journal.used;
        s->journal_retry_ns = evloop_now_ns() + RETRY_NS;
    }
    for (c = s->active; c != NULL; c = c->next_active) {
        if (c->is_ring && !c->dead && c->ring.page != NULL &&
            (c->touched || c->conn.out.len != c->saved_out)) {
            record_ring(c, false);
        }
    }
    journal_commit(&s->journal);
}
