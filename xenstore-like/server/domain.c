/* SPDX-License-Identifier: MIT */
/*
 * Domains: introduced by the toolstack, served over their ring, released or
 * found dead.  Requests are in op_domain.c, records in state.c.
 * Tests: tests/unit/store/test_daemon.c; nested boots
 */
#include <server/domain.h>

#include <stdlib.h>
#include <string.h>

#include <lib/log.h>
#include <server/state.h>

#define SERVER_FEATURES \
    (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR)

struct domain *domain_find(struct server *s, uint32_t domid)
{
    struct domain *d = s->domains;

    while (d != NULL && d->domid != domid) {
        d = d->next;
    }
    return d;
}

struct domain *domain_find_port(struct server *s, uint32_t port)
{
    struct domain *d = s->domains;

    while (d != NULL && d->local_port != port) {
        d = d->next;
    }
    return d;
}

struct domain *domain_new(struct server *s, uint32_t domid)
{
    struct domain *d = calloc(1, sizeof(*d));

    if (d != NULL) {
        d->domid = domid;
        d->target = domid;
        d->next = s->domains;
        s->domains = d;
    }
    return d;
}

static void detach(struct server *s, struct domain *d)
{
    struct client *c = d->client;

    if (c != NULL) {
        client_kill(c);
        c->ring.page = NULL;
        c->domain = NULL;
        d->client = NULL;
    }
    if (d->local_port != 0) {
        host_unbind(s->host, d->local_port);
        d->local_port = 0;
    }
    if (d->page.ring != NULL) {
        host_unmap_ring(s->host, &d->page);
    }
}

void domain_free(struct server *s, struct domain *d)
{
    struct domain **link = &s->domains;

    while (*link != d) {
        link = &(*link)->next;
    }
    *link = d->next;
    detach(s, d);
    free(d);
}

/* ---- attaching ---------------------------------------------------------- */

static int bind_channel(struct server *s, struct domain *d)
{
    int rc;

    if (d->local_port != 0) {
        host_unbind(s->host, d->local_port);
        d->local_port = 0;
    }
    rc = host_bind(s->host, d->domid, d->remote_port, &d->local_port);
    if (rc != 0) {
        d->local_port = 0;
    }
    return rc;
}

static void announce(struct server *s, struct domain *d)
{
    d->page.ring->server_features = SERVER_FEATURES;
    d->page.ring->error = XENSTORE_ERROR_NONE;
    /* Last: a guest that waits for its store looks at this field. */
    __atomic_store_n(&d->page.ring->connection, XENSTORE_CONNECTED,
                     __ATOMIC_RELEASE);
    host_notify(s->host, d->local_port);
}

static int attach_new(struct server *s, struct domain *d)
{
    int rc = host_map_ring(s->host, d->domid, d->gfn, &d->page);

    if (rc != 0) {
        return rc;
    }
    rc = bind_channel(s, d);
    if (rc == 0 && client_new_ring(s, d) == NULL) {
        rc = -ENOMEM;
    }
    if (rc != 0) {
        return rc;                    /* domain_free() undoes it */
    }
    ring_conn_init(&d->client->ring, d->page.ring);
    d->client->saved.cons = d->client->ring.req_cons;
    d->client->touched = true;
    announce(s, d);
    client_activate(d->client);       /* it may have written already */
    return 0;
}

int domain_introduce(struct server *s, uint32_t domid, uint64_t gfn,
                     uint32_t port)
{
    struct domain *d = domain_find(s, domid);
    int rc;

    if (s->host == NULL) {
        return -ENOSYS;
    }
    if (d != NULL) {                  /* a new channel for the same ring */
        if (d->own) {
            return -EINVAL;
        }
        d->remote_port = port;
        rc = bind_channel(s, d);
        if (rc == 0) {
            host_notify(s->host, d->local_port);
            client_activate(d->client);
        }
        state_domain(s, d);
        return rc;
    }
    if (host_domain_state(s->host, domid) == HOST_DOMAIN_GONE) {
        return -ENOENT;
    }
    d = domain_new(s, domid);
    if (d == NULL) {
        return -ENOMEM;
    }
    d->gfn = gfn;
    d->remote_port = port;
    rc = attach_new(s, d);
    if (rc != 0) {
        log_warn("d%u: cannot serve its store ring: %s", domid,
                 strerror(-rc));
        domain_free(s, d);
        return -EINVAL;
    }
    state_domain(s, d);
    events_fire_special(s, SPECIAL_INTRODUCE);
    return 0;
}

int domain_introduce_own(struct server *s)
{
    struct domain *d = domain_find(s, 0);
    struct host_page page = { NULL, 0, false };
    bool restored = d != NULL;
    uint32_t port;
    int rc = host_own_ring(s->host, &page, &port);

    if (rc != 0) {
        return rc;
    }
    if (d == NULL) {
        d = domain_new(s, 0);
    }
    if (d == NULL || (d->client == NULL && client_new_ring(s, d) == NULL)) {
        host_unmap_ring(s->host, &page);
        return -ENOMEM;
    }
    d->own = true;
    d->client->actor.privileged = true;
    d->page = page;
    d->remote_port = port;
    rc = bind_channel(s, d);
    if (rc != 0) {
        domain_free(s, d);
        return rc;
    }
    if (restored) {
        ring_resume(&d->client->ring, page.ring, &d->client->saved);
    } else {
        ring_conn_init(&d->client->ring, page.ring);
    }
    d->client->saved.cons = d->client->ring.req_cons;
    d->client->saved_out = d->client->conn.out.len;
    d->client->touched = true;
    state_domain(s, d);
    announce(s, d);
    client_activate(d->client);
    return 0;
}

/* ---- restart ------------------------------------------------------------ */

static int attach_restored(struct server *s, struct domain *d)
{
    struct client *c = d->client;
    int rc = host_map_ring(s->host, d->domid, d->gfn, &d->page);

    if (rc == 0) {
        rc = bind_channel(s, d);
    }
    if (rc != 0) {
        return rc;
    }
    ring_resume(&c->ring, d->page.ring, &c->saved);
    c->saved.cons = c->ring.req_cons;
    c->saved_out = c->conn.out.len;
    c->touched = true;
    d->page.ring->server_features = SERVER_FEATURES;
    client_activate(c);
    return 0;
}

void domain_restore(struct server *s)
{
    struct domain *d, *next;

    for (d = s->domains; d != NULL; d = next) {
        int rc;

        next = d->next;
        if (d->own) {
            continue;                 /* domain_introduce_own() */
        }
        if (host_domain_state(s->host, d->domid) == HOST_DOMAIN_GONE) {
            domain_release(s, d);
            continue;
        }
        rc = attach_restored(s, d);
        if (rc != 0) {
            log_err("d%u: cannot serve its store ring again: %s", d->domid,
                    strerror(-rc));
            state_domain_gone(s, d->domid);
            domain_free(s, d);
        }
    }
}

/* ---- the end ------------------------------------------------------------ */

static void forget(struct server *s, uint32_t domid)
{
    static const struct actor self = { 0, 0, true };
    struct txn txn;
    int rc;

    txn_init(&txn, &s->tree);
    rc = access_forget_domain(&txn, domid);
    if (rc == 0) {
        rc = txn_commit(&txn, &self, &s->journal);
    }
    if (rc == 0) {
        events_fire_txn(s, &txn);
    } else {
        log_err("d%u: its nodes stay behind: %s", domid, strerror(-rc));
    }
    txn_fini(&txn);
}

/* Nobody acts for a domain that is no more. */
static void drop_targets(struct server *s, uint32_t domid)
{
    struct domain *d;

    for (d = s->domains; d != NULL; d = d->next) {
        if (d->target == domid && d->domid != domid) {
            d->target = d->domid;
            if (d->client != NULL) {
                d->client->actor.target = d->domid;
            }
            state_domain(s, d);
        }
    }
}

void domain_release(struct server *s, struct domain *d)
{
    uint32_t domid = d->domid;

    state_domain_gone(s, domid);
    domain_free(s, d);
    drop_targets(s, domid);
    forget(s, domid);
    events_fire_special(s, SPECIAL_RELEASE);
}

void domain_check_all(struct server *s)
{
    struct domain *d, *next;
    bool changed = false;

    for (d = s->domains; d != NULL; d = next) {
        enum host_domain_state state;

        next = d->next;
        if (d->own) {
            continue;
        }
        state = host_domain_state(s->host, d->domid);
        if (state == HOST_DOMAIN_GONE) {
            domain_release(s, d);
        } else if (state == HOST_DOMAIN_SHUTDOWN && !d->shutdown) {
            d->shutdown = true;
            state_domain(s, d);
            changed = true;
        }
    }
    if (changed) {
        events_fire_special(s, SPECIAL_RELEASE);
    }
}
