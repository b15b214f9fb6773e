/* SPDX-License-Identifier: MIT */
/*
 * Requests that read and change nodes.  Rights and limits are those of
 * store/access.c; a change outside a transaction is one of its own.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/ops.h>

#include <stdio.h>
#include <string.h>

#include <server/state.h>

/* A request that is exactly one path. */
static int one_path(struct request *req, char path[PATH_BUF_SIZE])
{
    const char *text;

    if (wire_split(req->body, req->header.len, &text, 1) != 0) {
        return -EINVAL;
    }
    return request_path(req, text, path);
}

static int get_node(struct request *req, const char *path,
                    struct node_view *view)
{
    return access_get(&req->server->tree, request_txn(req),
                      &req->client->actor, path, PERM_READ, view);
}

int op_read(struct request *req)
{
    char path[PATH_BUF_SIZE];
    struct node_view view;
    int rc = one_path(req, path);

    if (rc == 0) {
        rc = get_node(req, path, &view);
    }
    if (rc == 0) {
        reply_data(req, blob_bytes(view.data), blob_len(view.data));
    }
    return rc;
}

int op_directory(struct request *req)
{
    char path[PATH_BUF_SIZE];
    struct node_view view;
    int rc = one_path(req, path);

    if (rc == 0) {
        rc = get_node(req, path, &view);
    }
    if (rc == 0) {
        reply_data(req, blob_bytes(view.names), blob_len(view.names));
    }
    return rc;
}

/* Whole names from @at on that fit @room; the last one is followed by an
 * empty name when the list ends. */
static size_t take_names(const struct blob *names, size_t at, char *to,
                         size_t room)
{
    size_t total = blob_len(names);
    size_t len = 0;

    while (at + len < total) {
        size_t n = strlen(blob_bytes(names) + at + len) + 1;

        if (len + n > room) {
            break;
        }
        memcpy(to + len, blob_bytes(names) + at + len, n);
        len += n;
    }
    if (at + len >= total && len < room) {
        to[len++] = '\0';
    }
    return len;
}

int op_directory_part(struct request *req)
{
    char reply[XENSTORE_PAYLOAD_MAX];
    char path[PATH_BUF_SIZE];
    struct node_view view;
    const char *part[2];
    uint64_t at;
    size_t len;
    int rc;

    if (wire_split(req->body, req->header.len, part, 2) != 0 ||
        wire_parse_number(part[1], UINT32_MAX, &at) != 0) {
        return -EINVAL;
    }
    rc = request_path(req, part[0], path);
    if (rc == 0) {
        rc = get_node(req, path, &view);
    }
    if (rc != 0) {
        return rc;
    }
    len = (size_t)snprintf(reply, sizeof(reply), "%llu",
                           (unsigned long long)view.generation) + 1;
    if (at > blob_len(view.names)) {
        at = blob_len(view.names);
    }
    len += take_names(view.names, at, reply + len, sizeof(reply) - len);
    reply_data(req, reply, len);
    return 0;
}

/* ---- changes ------------------------------------------------------------ */

struct change {
    const char *path;
    const void *data;
    size_t len;
    const struct perm *perms;
    size_t nr_perms;
};

typedef int change_fn(struct txn *txn, const struct actor *actor,
                      const struct change *ch);

static int run_change(struct request *req, change_fn *fn,
                      const struct change *ch)
{
    const struct actor *actor = &req->client->actor;
    struct txn own;
    int rc;

    if (req->txn != NULL) {
        rc = fn(&req->txn->txn, actor, ch);
    } else {
        txn_init(&own, &req->server->tree);
        rc = fn(&own, actor, ch);
        if (rc == 0) {
            rc = txn_commit(&own, actor, &req->server->journal);
        }
        if (rc == 0) {
            events_fire_txn(req->server, &own);
        }
        txn_fini(&own);
    }
    if (rc == 0) {
        reply_ok(req);
    }
    return rc;
}

static int change_write(struct txn *txn, const struct actor *actor,
                        const struct change *ch)
{
    return access_write(txn, actor, ch->path, ch->data, ch->len);
}

static int change_mkdir(struct txn *txn, const struct actor *actor,
                        const struct change *ch)
{
    return access_mkdir(txn, actor, ch->path);
}

static int change_rm(struct txn *txn, const struct actor *actor,
                     const struct change *ch)
{
    return access_rm(txn, actor, ch->path);
}

static int change_perms(struct txn *txn, const struct actor *actor,
                        const struct change *ch)
{
    return access_set_perms(txn, actor, ch->path, ch->perms, ch->nr_perms);
}

int op_write(struct request *req)
{
    char path[PATH_BUF_SIZE];
    size_t len = strnlen(req->body, req->header.len);
    struct change ch = { .path = path };
    int rc;

    if (len == req->header.len) {
        return -EINVAL;               /* no nul ends the path */
    }
    rc = request_path(req, req->body, path);
    if (rc != 0) {
        return rc;
    }
    ch.data = req->body + len + 1;
    ch.len = req->header.len - len - 1;
    return run_change(req, change_write, &ch);
}

int op_mkdir(struct request *req)
{
    char path[PATH_BUF_SIZE];
    struct change ch = { .path = path };
    int rc = one_path(req, path);

    return rc != 0 ? rc : run_change(req, change_mkdir, &ch);
}

int op_rm(struct request *req)
{
    char path[PATH_BUF_SIZE];
    struct change ch = { .path = path };
    int rc = one_path(req, path);

    if (rc == 0 && strcmp(path, "/") == 0) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : run_change(req, change_rm, &ch);
}

/* ---- permissions -------------------------------------------------------- */

static int find_special(const char *name)
{
    int i;

    for (i = 0; i < SPECIALS; i++) {
        if (strcmp(name, special_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static int get_perms_of(struct request *req, const char *text,
                        const struct blob **perms)
{
    char path[PATH_BUF_SIZE];
    struct node_view view;
    int special = find_special(text);
    int rc;

    if (special >= 0) {
        *perms = req->server->special_perms[special];
        return req->client->actor.privileged ? 0 : -EACCES;
    }
    rc = request_path(req, text, path);
    if (rc == 0) {
        rc = get_node(req, path, &view);
    }
    if (rc == 0) {
        *perms = view.perms;
    }
    return rc;
}

int op_get_perms(struct request *req)
{
    char reply[XENSTORE_PAYLOAD_MAX];
    const struct blob *perms;
    const char *text;
    size_t len = 0;
    size_t i;
    int rc;

    if (wire_split(req->body, req->header.len, &text, 1) != 0) {
        return -EINVAL;
    }
    rc = get_perms_of(req, text, &perms);
    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < perms_count(perms); i++) {
        if (len + WIRE_PERM_TEXT_MAX > sizeof(reply)) {
            return -E2BIG;
        }
        len += wire_format_perm(&perms_list(perms)[i], reply + len) + 1;
    }
    reply_data(req, reply, len);
    return 0;
}

static int set_special(struct request *req, enum special which,
                       const struct perm *perms, size_t nr)
{
    struct blob *b;

    if (!req->client->actor.privileged) {
        return -EACCES;
    }
    b = blob_new(perms, nr * sizeof(*perms));
    if (b == NULL) {
        return -ENOMEM;
    }
    blob_put(req->server->special_perms[which]);
    req->server->special_perms[which] = b;
    state_special(req->server, which);
    reply_ok(req);
    return 0;
}

#define PERMS_MAX (XENSTORE_PAYLOAD_MAX / 3)      /* "n0" and a nul each */

int op_set_perms(struct request *req)
{
    char path[PATH_BUF_SIZE];
    const char *text[PERMS_MAX + 1];
    struct perm perms[PERMS_MAX];
    struct change ch = { .path = path, .perms = perms };
    size_t nr = wire_count_strings(req->body, req->header.len);
    size_t i;
    int rc;

    if (nr < 2 || nr > PERMS_MAX + 1 ||
        wire_split(req->body, req->header.len, text, nr) != 0) {
        return -EINVAL;
    }
    for (i = 0; i < nr - 1; i++) {
        rc = wire_parse_perm(text[i + 1], &perms[i]);
        if (rc != 0) {
            return rc;
        }
    }
    ch.nr_perms = nr - 1;
    if (find_special(text[0]) >= 0) {
        return set_special(req, (enum special)find_special(text[0]), perms,
                           nr - 1);
    }
    rc = request_path(req, text[0], path);
    return rc != 0 ? rc : run_change(req, change_perms, &ch);
}
