/* SPDX-License-Identifier: MIT */
/*
 * Records of everything that outlives a kill, beside the nodes, whose records
 * txn.c writes.  Mapping and binding again is up to domain.c.
 * Tests: tests/unit/store/test_crash.c, test_daemon.c
 */
#include <server/state.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lib/evloop.h>
#include <lib/log.h>
#include <server/domain.h>

#define REQUEST_ROOM (64u << 10)      /* records of one request, nodes apart */
#define SNAPSHOT_AFTER (1u << 20)     /* growth that calls for a snapshot */
#define RETRY_NS 10000000000u

enum {
    REC_DOMAIN = 16,                  /* struct rec_domain */
    REC_DOMAIN_GONE,                  /* domid */
    REC_WATCH,                        /* struct rec_watch, path, token */
    REC_UNWATCH,                      /* the same */
    REC_RESET,                        /* domid */
    REC_TXN,                          /* struct rec_txn */
    REC_LIMIT,                        /* struct rec_limit */
    REC_SPECIAL,                      /* number, permissions */
    REC_RING,                         /* struct rec_ring, in, added out */
};

struct rec_domain {
    uint64_t gfn;
    uint32_t domid, target, remote_port;
    uint8_t shutdown, own, pad[2];
};

struct rec_watch {
    uint32_t domid, strip;
};

struct rec_txn {
    uint32_t domid, id, last, open;
};

struct rec_limit {
    uint64_t value;
    uint32_t kind, pad;
};

struct rec_ring {
    uint32_t domid;
    struct ring_saved pos;
    uint32_t head_left, head_is_reply, outstanding;
    uint32_t out_kept;                /* bytes of earlier records unsent */
    uint32_t in_len, add_len;
    uint32_t ignored;
};

/* ---- writing ---------------------------------------------------------------- */

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

/* ---- snapshot ------------------------------------------------------------------- */

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

/* ---- reading ----------------------------------------------------------------------- */

/* A record of fixed size, or the fixed part of a longer one. */
static bool take(const struct journal_record *rec, void *to, size_t len)
{
    if (rec->len < len) {
        return false;
    }
    memcpy(to, rec->data, len);
    return true;
}

static struct client *client_of(struct server *s, uint32_t domid)
{
    struct domain *d = domain_find(s, domid);

    return d == NULL ? NULL : d->client;
}

static int replay_domain(struct server *s, const struct journal_record *rec)
{
    struct rec_domain r;
    struct domain *d;

    if (!take(rec, &r, sizeof(r))) {
        return -EIO;
    }
    d = domain_find(s, r.domid);
    if (d == NULL) {
        d = domain_new(s, r.domid);
    }
    if (d == NULL) {
        return -ENOMEM;
    }
    d->gfn = r.gfn;
    d->target = r.target;
    d->remote_port = r.remote_port;
    d->shutdown = r.shutdown != 0;
    d->own = r.own != 0;
    if (d->client == NULL && client_new_ring(s, d) == NULL) {
        return -ENOMEM;
    }
    d->client->actor.target = d->target;
    d->client->actor.privileged = d->own;
    return 0;
}

static int replay_gone(struct server *s, const struct journal_record *rec)
{
    struct domain *d;
    struct client *c;
    uint32_t domid;

    if (!take(rec, &domid, sizeof(domid))) {
        return -EIO;
    }
    d = domain_find(s, domid);
    if (d == NULL) {
        return -EIO;
    }
    c = d->client;
    domain_free(s, d);
    if (c != NULL) {
        s->active = NULL;             /* nobody else is active in a replay */
        client_free(c);
    }
    return 0;
}

static int replay_watch(struct server *s, const struct journal_record *rec)
{
    struct rec_watch r;
    const char *part[2];
    struct client *c;
    struct watch *w;

    if (!take(rec, &r, sizeof(r)) ||
        wire_split(rec->data + sizeof(r), rec->len - sizeof(r), part, 2) !=
        0 || r.strip > strlen(part[0])) {
        return -EIO;
    }
    c = client_of(s, r.domid);
    if (c == NULL) {
        return -EIO;
    }
    if (rec->type == REC_WATCH) {
        return client_add_watch(c, part[0], part[1], r.strip, &w);
    }
    w = watch_find(c->watches, part[0], part[1]);
    if (w == NULL) {
        return -EIO;
    }
    client_del_watch(c, w);
    return 0;
}

static int replay_reset(struct server *s, const struct journal_record *rec)
{
    struct client *c;
    uint32_t domid;

    if (!take(rec, &domid, sizeof(domid))) {
        return -EIO;
    }
    c = client_of(s, domid);
    if (c == NULL) {
        return -EIO;
    }
    client_drop_watches(c);
    client_drop_txns(c);
    return 0;
}

static int replay_txn(struct server *s, const struct journal_record *rec)
{
    struct rec_txn r;
    struct client_txn *t;
    struct client *c;
    int rc;

    if (!take(rec, &r, sizeof(r))) {
        return -EIO;
    }
    c = client_of(s, r.domid);
    if (c == NULL) {
        return -EIO;
    }
    c->last_txn_id = r.last;
    t = client_find_txn(c, r.id);
    if (!r.open) {
        if (t != NULL) {
            client_del_txn(c, t);
        }
        return 0;
    }
    rc = client_add_txn(c, r.id, &t);
    if (rc == 0) {
        t->txn.doomed = true;         /* its changes died with the process */
    }
    return rc;
}

static int replay_limit(struct server *s, const struct journal_record *rec)
{
    struct rec_limit r;

    if (!take(rec, &r, sizeof(r)) || r.kind >= QUOTA_KINDS) {
        return -EIO;
    }
    s->quota.limit[r.kind] = r.value;
    return 0;
}

static int replay_special(struct server *s, const struct journal_record *rec)
{
    uint32_t number;
    struct blob *perms;

    if (!take(rec, &number, sizeof(number)) || number >= SPECIALS ||
        rec->len < sizeof(number) + sizeof(struct perm)) {
        return -EIO;
    }
    perms = blob_new(rec->data + sizeof(number), rec->len - sizeof(number));
    if (perms == NULL) {
        return -ENOMEM;
    }
    blob_put(s->special_perms[number]);
    s->special_perms[number] = perms;
    return 0;
}

static int replay_ring(struct server *s, const struct journal_record *rec)
{
    struct rec_ring r;
    struct conn *conn;
    struct client *c;
    const char *in;

    if (!take(rec, &r, sizeof(r)) ||
        (uint64_t)sizeof(r) + r.in_len + r.add_len != rec->len ||
        r.in_len > WIRE_MESSAGE_MAX) {
        return -EIO;
    }
    c = client_of(s, r.domid);
    if (c == NULL || r.out_kept > c->conn.out.len) {
        return -EIO;
    }
    conn = &c->conn;
    in = rec->data + sizeof(r);
    memcpy(conn->in, in, r.in_len);
    conn->in_start = 0;
    conn->in_end = r.in_len;
    buf_consume(&conn->out, conn->out.len - r.out_kept);
    if (r.add_len > 0 &&
        buf_add(&conn->out, in + r.in_len, r.add_len) != 0) {
        return -ENOMEM;
    }
    conn->head_left = r.head_left;
    conn->head_is_reply = r.head_is_reply != 0;
    conn->outstanding = r.outstanding;
    c->ignored = r.ignored != 0;
    c->saved = r.pos;
    return 0;
}

static int replay(struct server *s, const struct journal_record *rec)
{
    static int (*const readers[])(struct server *,
                                  const struct journal_record *) = {
        [REC_DOMAIN]      = replay_domain,
        [REC_DOMAIN_GONE] = replay_gone,
        [REC_WATCH]       = replay_watch,
        [REC_UNWATCH]     = replay_watch,
        [REC_RESET]       = replay_reset,
        [REC_TXN]         = replay_txn,
        [REC_LIMIT]       = replay_limit,
        [REC_SPECIAL]     = replay_special,
        [REC_RING]        = replay_ring,
    };

    if (rec->type < REC_DOMAIN) {
        return txn_replay(&s->tree, rec);
    }
    if (rec->type >= sizeof(readers) / sizeof(readers[0])) {
        return -EIO;
    }
    return readers[rec->type](s, rec);
}

static int replay_all(struct server *s, const struct journal *j)
{
    struct journal_record rec;
    size_t pos = 0;
    int rc = 0;

    while (rc == 0 && journal_next(j, &pos, &rec)) {
        rc = replay(s, &rec);
    }
    return rc != 0 ? rc : tree_check(&s->tree);
}

/* The tree, or an empty one when the journal cannot be understood. */
static int adopt(struct server *s, struct journal *old, bool *restored)
{
    int rc = replay_all(s, old);

    if (rc == 0) {
        s->journal = *old;            /* and goes on from here */
        *restored = true;
        return 0;
    }
    log_err("%s cannot be read back: %s; the store begins empty", old->path,
            strerror(-rc));
    journal_close(old);
    server_fini(s);
    return server_init(s);
}

int state_open(struct server *s, const char *path, bool *restored)
{
    struct journal old;
    int rc;

    *restored = false;
    if (journal_open(&old, path) == 0) {
        rc = adopt(s, &old, restored);
        if (rc != 0) {
            return rc;
        }
    }
    s->journal_path = strdup(path);
    if (s->journal_path == NULL) {
        return -ENOMEM;
    }
    return *restored ? 0 : state_snapshot(s);
}
