/* SPDX-License-Identifier: MIT */
/*
 * Starting from a journal: every record done again in its order.  Mapping
 * and binding the domains again is up to domain.c.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <server/state.h>

#include <stdlib.h>
#include <string.h>

#include <lib/log.h>
#include <server/domain.h>
#include <server/state_rec.h>

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
