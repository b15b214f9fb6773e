/* SPDX-License-Identifier: MIT */
/*
 * Clients: sockets and rings, what they have registered, and one client's
 * turn in a round.  Requests are run by dispatch.c, events made by events.c.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/server.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <lib/evloop.h>
#include <lib/log.h>
#include <server/domain.h>
#include <server/state.h>

static struct log_rate complaints = LOG_RATE(10);

/* ---- life --------------------------------------------------------------- */

static void on_socket(void *arg, uint32_t events)
{
    client_activate(arg);
}

static struct client *client_new(struct server *s)
{
    struct client *c = calloc(1, sizeof(*c));

    if (c != NULL) {
        c->server = s;
        c->next = s->clients;
        s->clients = c;
    }
    return c;
}

struct client *client_new_socket(struct server *s, int fd)
{
    struct client *c = client_new(s);

    if (c == NULL) {
        return NULL;
    }
    unix_conn_init(&c->sock, fd);
    c->actor.privileged = true;
    if (s->loop != NULL) {
        c->source_events = EPOLLIN;
        c->source = evloop_add(s->loop, fd, EPOLLIN, on_socket, c);
        if (c->source == NULL) {
            client_kill(c);
            client_activate(c);
        }
    }
    return c;
}

struct client *client_new_ring(struct server *s, struct domain *d)
{
    struct client *c = client_new(s);

    if (c == NULL) {
        return NULL;
    }
    conn_init(&c->conn, NULL);        /* ring_conn_init() once it is mapped */
    c->is_ring = true;
    c->domain = d;
    c->actor.domid = d->domid;
    c->actor.target = d->target;
    c->actor.privileged = d->own;
    d->client = c;
    return c;
}

void client_activate(struct client *c)
{
    if (!c->active) {
        c->active = true;
        c->next_active = c->server->active;
        c->server->active = c;
    }
}

void client_kill(struct client *c)
{
    if (c->dead) {
        return;
    }
    c->dead = true;
    evloop_del(c->source);
    c->source = NULL;
    client_drop_watches(c);
    client_drop_txns(c);
    client_activate(c);
}

void client_free(struct client *c)
{
    struct client **link = &c->server->clients;

    while (*link != c) {
        link = &(*link)->next;
    }
    *link = c->next;
    client_drop_watches(c);
    client_drop_txns(c);
    evloop_del(c->source);
    if (c->is_ring) {
        ring_conn_fini(&c->ring);
    } else {
        unix_conn_fini(&c->sock);
    }
    free(c);
}

/* ---- watches and transactions ------------------------------------------- */

static struct account *account_of(const struct client *c)
{
    return quota_account(&c->server->quota, c->actor.domid);
}

int client_add_watch(struct client *c, const char *path, const char *token,
                     uint32_t strip, struct watch **out)
{
    struct account *a = account_of(c);
    int rc;

    if (a == NULL) {
        return -ENOMEM;
    }
    rc = watch_add(&c->server->watches, &c->watches, c, path, token, strip,
                   out);
    if (rc == 0) {
        a->watches++;
        a->memory += (int64_t)watch_cost(path, token);
    }
    return rc;
}

void client_del_watch(struct client *c, struct watch *w)
{
    struct account *a = account_of(c);

    a->watches--;
    a->memory -= (int64_t)watch_cost(watch_path_of(w), w->token);
    watch_del(&c->server->watches, &c->watches, w);
}

void client_drop_watches(struct client *c)
{
    while (c->watches != NULL) {
        client_del_watch(c, c->watches);
    }
}

struct client_txn *client_find_txn(struct client *c, uint32_t id)
{
    struct client_txn *t = c->txns;

    while (t != NULL && t->id != id) {
        t = t->next;
    }
    return t;
}

int client_add_txn(struct client *c, uint32_t id, struct client_txn **out)
{
    struct account *a = account_of(c);
    struct client_txn *t = a == NULL ? NULL : calloc(1, sizeof(*t));

    if (t == NULL) {
        return -ENOMEM;
    }
    while (id == 0) {
        if (++c->last_txn_id != 0 &&
            client_find_txn(c, c->last_txn_id) == NULL) {
            id = c->last_txn_id;
        }
    }
    t->id = id;
    txn_init(&t->txn, &c->server->tree);
    t->next = c->txns;
    c->txns = t;
    c->nr_txns++;
    a->transactions++;
    *out = t;
    return 0;
}

void client_del_txn(struct client *c, struct client_txn *t)
{
    struct client_txn **link = &c->txns;

    while (*link != t) {
        link = &(*link)->next;
    }
    *link = t->next;
    c->nr_txns--;
    account_of(c)->transactions--;
    txn_fini(&t->txn);
    free(t);
}

void client_drop_txns(struct client *c)
{
    while (c->txns != NULL) {
        client_del_txn(c, c->txns);
    }
}

bool client_over_memory(struct client *c)
{
    const struct account *a = account_of(c);
    const struct client_txn *t;
    uint64_t bytes = c->conn.out.len;

    if (c->actor.privileged) {
        return false;
    }
    for (t = c->txns; t != NULL; t = t->next) {
        bytes += t->txn.bytes;
    }
    return a == NULL || (int64_t)bytes + a->memory >
                        (int64_t)c->server->quota.limit[QUOTA_MEMORY];
}

/* ---- a turn ------------------------------------------------------------- */

static bool is_stuck(const struct client *c)
{
    return c->conn.out.len > CLIENT_OUT_HIGH ||
           (!c->actor.privileged &&
            c->conn.outstanding >= c->server->quota.limit[QUOTA_OUTSTANDING]);
}

/* A socket is closed; a domain is told, and not served until it restarts. */
static void give_up(struct client *c, long rc)
{
    if (!c->is_ring) {
        client_kill(c);
        return;
    }
    glog_warn(&complaints, c->domain->domid, "broke the ring protocol: %s",
              rc == -ERANGE ? "indices" : "length");
    ring_set_error(&c->ring, rc == -ERANGE ? XENSTORE_ERROR_RINGIDX :
                                             XENSTORE_ERROR_PROTO);
    host_notify(c->server->host, c->domain->local_port);
    c->ignored = true;
    c->touched = true;
    client_drop_watches(c);
    client_drop_txns(c);
    state_reset(c);
}

static void restart_ring(struct client *c)
{
    client_drop_watches(c);
    client_drop_txns(c);
    state_reset(c);
    buf_reset(&c->conn.out);
    c->conn.in_start = c->conn.in_end = 0;
    c->conn.head_left = 0;
    c->conn.outstanding = 0;
    c->saved_out = 0;
    c->ignored = false;
    c->missed = false;
    c->touched = true;
    ring_reconnect(&c->ring);
    c->saved.cons = c->ring.req_cons;
}

/* Serve at most CLIENT_BUDGET requests.  True: there may be more. */
static bool serve(struct client *c)
{
    unsigned int budget = CLIENT_BUDGET;

    c->drained = false;
    while (budget > 0) {
        struct xsd_sockmsg h;
        char *body;
        long rc;

        c->stuck = is_stuck(c);
        if (c->stuck || c->dead || c->ignored) {
            return false;
        }
        rc = conn_message(&c->conn, &h, &body);
        if (rc == 1) {
            dispatch_message(c, &h, body);
            conn_next(&c->conn);
            c->touched = true;
            budget--;
            continue;
        }
        if (rc == 0 && !c->drained) {
            rc = conn_fill(&c->conn);
            /* A short read: the loop tells when a socket has more. */
            c->drained = !c->is_ring && rc > 0 &&
                         c->conn.in_end < sizeof(c->conn.in);
        } else if (rc == 0) {
            return false;
        }
        if (rc == 0) {
            return false;
        }
        if (rc < 0) {
            give_up(c, rc);
            return false;
        }
        c->touched = true;
    }
    return true;
}

static void watch_socket(struct client *c)
{
    uint32_t events = (c->stuck ? 0u : EPOLLIN) |
                      (c->conn.out.len > 0 ? EPOLLOUT : 0u);

    if (c->source != NULL && events != c->source_events) {
        c->source_events = events;
        evloop_mod(c->source, events);
    }
}

/* Is there a page to talk over?  Not between a restart and its map. */
static bool is_connected(const struct client *c)
{
    return !c->is_ring || c->ring.page != NULL;
}

/* After the commit: send, and see whether that made room to go on. */
static bool send_out(struct client *c)
{
    int rc = 0;

    if (c->dead || !is_connected(c)) {
        return false;
    }
    if (!c->ignored) {
        rc = conn_flush(&c->conn);
    }
    c->saved_out = c->conn.out.len;
    if (c->is_ring && ring_publish(&c->ring) && !c->ignored && !c->stuck) {
        c->more = true;
    }
    if (rc < 0) {
        give_up(c, rc);
        return c->is_ring;            /* once more, to commit that */
    }
    if (!c->is_ring) {
        watch_socket(c);
    } else if (c->ring.want_notify) {
        c->ring.want_notify = false;
        host_notify(c->server->host, c->domain->local_port);
    }
    return c->more || (c->stuck && !is_stuck(c)) ||
           (c->missed && c->conn.out.len <= CLIENT_OUT_HIGH);
}

static void take_turn(struct client *c)
{
    c->more = false;
    if (c->dead || !is_connected(c)) {
        return;
    }
    if (c->is_ring && ring_wants_reconnect(&c->ring)) {
        restart_ring(c);
    } else if (c->is_ring && ring_resync(&c->ring)) {
        c->touched = true;
        c->saved.cons = c->ring.req_cons;
    }
    events_retry(c);
    c->more = serve(c);
}

static struct client *pop_active(struct server *s)
{
    struct client *c = s->active;

    s->active = c->next_active;
    c->next_active = NULL;
    c->active = false;
    return c;
}

bool server_round(struct server *s)
{
    struct client *turns = s->active;
    struct client *again = NULL;
    struct client *c;

    /* Turns may activate others, by events; those only want to send. */
    s->active = NULL;
    while (turns != NULL) {
        c = turns;
        turns = c->next_active;
        c->active = false;
        take_turn(c);
        client_activate(c);
    }
    state_commit(s);                  /* INV-SS1 */
    while (s->active != NULL) {
        c = pop_active(s);
        if (c->dead) {
            client_free(c);
        } else if (send_out(c)) {
            c->next_active = again;
            again = c;
        }                             /* one that died came back here */
    }
    while (again != NULL) {
        c = again;
        again = c->next_active;
        client_activate(c);
    }
    return s->active != NULL;
}
