/* SPDX-License-Identifier: MIT */
/*
 * Watch events: who may hear of a change, and the message in its queue.  A
 * queue that is full loses events of a watch but not the fact: when there is
 * room again the watch fires once for its own path.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/server.h>

#include <string.h>

#include <proto/path.h>

const char *const special_names[SPECIALS] = {
    [SPECIAL_INTRODUCE] = "@introduceDomain",
    [SPECIAL_RELEASE]   = "@releaseDomain",
};

static bool has_room(const struct client *c, size_t len)
{
    const struct quota *q = &c->server->quota;
    uint64_t max = c->actor.privileged ? CLIENT_EVENTS_MAX :
                                         q->limit[QUOTA_MEMORY];

    return c->conn.out.len + len <= max;
}

static void send_event(struct watch *w, const char *path)
{
    struct client *c = w->owner;
    struct xsd_sockmsg h = { .type = XS_WATCH_EVENT };
    char body[XENSTORE_PAYLOAD_MAX];
    size_t path_size, token_size;

    path += w->strip;
    path_size = strlen(path) + 1;
    token_size = strlen(w->token) + 1;
    if (c->dead || c->ignored || path_size + token_size > sizeof(body)) {
        return;                       /* cannot be said in one message */
    }
    h.len = (uint32_t)(path_size + token_size);
    memcpy(body, path, path_size);
    memcpy(body + path_size, w->token, token_size);
    if (!has_room(c, sizeof(h) + h.len) ||
        conn_queue(&c->conn, &h, body) != 0) {
        w->missed = true;
        c->missed = true;
        return;
    }
    client_activate(c);
}

void events_first(struct watch *w)
{
    send_event(w, watch_path_of(w));
}

void events_retry(struct client *c)
{
    struct watch *w;

    if (!c->missed || c->conn.out.len > CLIENT_OUT_HIGH) {
        return;
    }
    c->missed = false;
    for (w = c->watches; w != NULL; w = w->next_own) {
        if (w->missed) {
            w->missed = false;
            events_first(w);
        }
    }
}

/* ---- changed nodes ------------------------------------------------------ */

struct change {
    struct server *server;
    const struct txn_node *node;      /* NULL: special */
    enum special special;
};

static bool can_read(const struct blob *perms, const struct actor *actor)
{
    return perms != NULL && (perms_access(perms, actor) & PERM_READ) != 0;
}

/* The node before or after the change; its parent when it came or went. */
static bool may_hear(const struct change *ch, const struct actor *actor)
{
    const struct txn_node *n = ch->node;
    const struct node *parent;

    if (actor->privileged || can_read(n->old_perms, actor) ||
        (n->exists && can_read(n->perms, actor))) {
        return true;
    }
    if (n->exists && n->old_perms != NULL) {
        return false;
    }
    parent = tree_find(&ch->server->tree, n->path, path_parent_len(n->path));
    return parent != NULL && can_read(parent->perms, actor);
}

static void on_match(void *ctx, struct watch *w, const char *path)
{
    const struct change *ch = ctx;
    const struct client *c = w->owner;

    if (may_hear(ch, &c->actor)) {
        send_event(w, path);
    }
}

void events_fire_txn(struct server *s, const struct txn *txn)
{
    struct change ch = { .server = s };

    for (ch.node = txn->events; ch.node != NULL;
         ch.node = ch.node->next_event) {
        watch_match(&s->watches, ch.node->path,
                    ch.node->event == TXN_EVENT_EXACT, on_match, &ch);
    }
}

static void on_special(void *ctx, struct watch *w, const char *path)
{
    const struct change *ch = ctx;
    const struct client *c = w->owner;

    if (can_read(ch->server->special_perms[ch->special], &c->actor)) {
        send_event(w, path);
    }
}

void events_fire_special(struct server *s, enum special which)
{
    struct change ch = { .server = s, .special = which };

    watch_match(&s->watches, special_names[which], true, on_special, &ch);
}
