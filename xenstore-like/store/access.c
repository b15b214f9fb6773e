/* SPDX-License-Identifier: MIT */
/*
 * Rights and limits of operations on nodes.  Changes go into a transaction
 * overlay (txn.c); a caller without a transaction makes one for the call.
 * Tests: tests/unit/store/test_random.c
 */
#include <store/access.h>

#include <proto/path.h>
#include <stdlib.h>
#include <string.h>

/* The view of the nearest ancestor that exists, and the length of its path. */
static int nearest(struct tree *tree, struct txn *txn, const char *path,
                   struct node_view *view, size_t *len)
{
    char copy[PATH_BUF_SIZE];

    strcpy(copy, path);
    do {
        int rc;

        *len = path_parent_len(copy);
        copy[*len] = '\0';
        rc = txn_view(tree, txn, copy, *len, view);
        if (rc != 0) {
            return rc;
        }
    } while (!view->exists);          /* "/" always exists */
    return 0;
}

int access_get(struct tree *tree, struct txn *txn, const struct actor *actor,
               const char *path, unsigned int need, struct node_view *view)
{
    struct node_view above;
    size_t len;
    int rc = txn_view(tree, txn, path, strlen(path), view);

    if (rc != 0) {
        return rc;
    }
    if (view->exists) {
        return (perms_access(view->perms, actor) & need) == need ? 0 :
                                                                   -EACCES;
    }
    rc = nearest(tree, txn, path, &above, &len);
    if (rc != 0) {
        return rc;
    }
    return (perms_access(above.perms, actor) & need) == need ? -ENOENT :
                                                               -EACCES;
}

/* ---- limits ------------------------------------------------------------- */

/* After a change: is @actor still within its nodes and bytes? */
static int check_usage(struct txn *txn, const struct actor *actor)
{
    const struct quota *q = txn->tree->quota;
    const struct account *a = quota_account(txn->tree->quota, actor->domid);
    int64_t nodes, memory;

    if (actor->privileged) {
        return 0;
    }
    if (a == NULL) {
        return -ENOMEM;
    }
    txn_usage(txn, actor->domid, &nodes, &memory);
    if ((nodes > 0 &&
         (int64_t)a->nodes + nodes > (int64_t)q->limit[QUOTA_NODES]) ||
        (memory > 0 &&
         a->memory + memory > (int64_t)q->limit[QUOTA_MEMORY])) {
        return -ENOSPC;
    }
    return 0;
}

static bool fits_node(const struct txn *txn, const struct actor *actor,
                      size_t bytes)
{
    return actor->privileged ||
           bytes <= txn->tree->quota->limit[QUOTA_NODE_SIZE];
}

/* May @actor add @nr nodes below the existing @path? */
static int check_creation(struct txn *txn, const struct actor *actor,
                          const char *path, size_t nr, size_t name_len)
{
    const struct quota *q = txn->tree->quota;
    const struct account *a = quota_account(txn->tree->quota, actor->domid);
    struct node_view view;
    int64_t nodes, memory;
    int rc;

    if (actor->privileged) {
        return 0;
    }
    if (a == NULL) {
        return -ENOMEM;
    }
    rc = txn_view(txn->tree, txn, path, strlen(path), &view);
    if (rc != 0) {
        return rc;
    }
    if (!fits_node(txn, actor, blob_len(view.data) + blob_len(view.names) +
                               name_len + 1)) {
        return -ENOSPC;
    }
    txn_usage(txn, actor->domid, &nodes, &memory);
    if ((int64_t)(a->nodes + nr) + nodes > (int64_t)q->limit[QUOTA_NODES] ||
        a->memory + memory > (int64_t)q->limit[QUOTA_MEMORY]) {
        return -ENOSPC;
    }
    return 0;
}

/* ---- creation ----------------------------------------------------------- */

static size_t count_components(const char *path)
{
    size_t nr = 0;

    for (; *path != '\0'; path++) {
        nr += *path == '/';
    }
    return nr;
}

/* A half-made operation must not be committed with the rest. */
static int break_txn(struct txn *txn, int rc)
{
    if (rc != 0 && txn->broken == 0) {
        txn->broken = rc;
    }
    return rc;
}

/* Create @path and what is missing above; ancestors get no event. */
static int create(struct txn *txn, const struct actor *actor,
                  const char *path, const void *data, size_t len)
{
    char copy[PATH_BUF_SIZE];
    struct node_view above;
    struct blob *perms, *value;
    size_t at, name_len;
    int rc;

    rc = nearest(txn->tree, txn, path, &above, &at);
    if (rc != 0) {
        return rc;
    }
    memcpy(copy, path, at);
    copy[at] = '\0';
    name_len = strcspn(path + at + (at > 1), "/");
    rc = check_creation(txn, actor, copy,
                        count_components(path + (at > 1 ? at : 0)),
                        name_len);
    if (rc != 0) {
        return rc;
    }
    if (!fits_node(txn, actor, len)) {
        return -ENOSPC;
    }
    perms = actor->privileged ? blob_get(above.perms) :
                                perms_with_owner(above.perms, actor->domid);
    value = blob_new(data, len);
    if (perms == NULL || value == NULL) {
        blob_put(perms);
        blob_put(value);
        return -ENOMEM;
    }
    if (at == 1) {
        at = 0;                       /* so that path[at] is a slash */
    }
    while (rc == 0 && path[at] != '\0') {
        bool last;

        at += 1 + strcspn(path + at + 1, "/");
        last = path[at] == '\0';
        rc = txn_put(txn, path, at, last ? blob_get(value) : NULL,
                     blob_get(perms), last ? TXN_EVENT_FULL :
                                             TXN_EVENT_NONE);
    }
    blob_put(perms);
    blob_put(value);
    return break_txn(txn, rc);
}

/* Undo is giving the transaction up: it is the caller's own, or broken. */
static int within_usage(struct txn *txn, const struct actor *actor, int rc)
{
    if (rc == 0) {
        rc = break_txn(txn, check_usage(txn, actor));
    }
    return rc;
}

int access_write(struct txn *txn, const struct actor *actor, const char *path,
                 const void *data, size_t len)
{
    struct node_view view;
    struct blob *value;
    int rc = access_get(txn->tree, txn, actor, path, PERM_WRITE, &view);

    if (rc == -ENOENT) {
        return within_usage(txn, actor,
                            create(txn, actor, path, data, len));
    }
    if (rc != 0) {
        return rc;
    }
    if (!fits_node(txn, actor, len + blob_len(view.names))) {
        return -ENOSPC;
    }
    value = blob_new(data, len);
    if (value == NULL) {
        return -ENOMEM;
    }
    rc = break_txn(txn, txn_put(txn, path, strlen(path), value, NULL,
                                TXN_EVENT_FULL));
    return within_usage(txn, actor, rc);
}

int access_mkdir(struct txn *txn, const struct actor *actor, const char *path)
{
    struct node_view view;
    int rc = access_get(txn->tree, txn, actor, path, PERM_WRITE, &view);

    if (rc == -ENOENT) {
        rc = within_usage(txn, actor, create(txn, actor, path, NULL, 0));
    }
    return rc;
}

int access_rm(struct txn *txn, const struct actor *actor, const char *path)
{
    struct node_view view;
    int rc = access_get(txn->tree, txn, actor, path, PERM_WRITE, &view);

    if (rc == -ENOENT) {
        /* Not there already: fine, if its parent is. */
        rc = txn_view(txn->tree, txn, path, path_parent_len(path), &view);
        return rc != 0 ? rc : view.exists ? 0 : -ENOENT;
    }
    if (rc != 0) {
        return rc;
    }
    if (strcmp(path, "/") == 0) {
        return -EINVAL;
    }
    return break_txn(txn, txn_remove(txn, path, strlen(path)));
}

int access_set_perms(struct txn *txn, const struct actor *actor,
                     const char *path, const struct perm *perms, size_t nr)
{
    struct node_view view;
    struct blob *b;
    int rc;

    if (nr == 0) {
        return -EINVAL;
    }
    if (!actor->privileged &&
        nr > txn->tree->quota->limit[QUOTA_PERMISSIONS]) {
        return -ENOSPC;
    }
    rc = access_get(txn->tree, txn, actor, path, PERM_WRITE | PERM_OWNER,
                    &view);
    if (rc != 0) {
        return rc;
    }
    if (!actor->privileged && perms[0].domid != perms_owner(view.perms)) {
        return -EPERM;
    }
    b = blob_new(perms, nr * sizeof(*perms));
    if (b == NULL) {
        return -ENOMEM;
    }
    rc = break_txn(txn, txn_put(txn, path, strlen(path), NULL, b,
                                TXN_EVENT_FULL));
    return within_usage(txn, actor, rc);
}

/* ---- a domain is gone --------------------------------------------------- */

struct forget {
    struct txn *txn;
    uint32_t domid;
};

static int forget_node(void *ctx, const struct node *node)
{
    struct forget *f = ctx;
    struct node_view view;
    struct blob *perms;
    int rc;

    if (perms_owner(node->perms) != f->domid &&
        !perms_mention(node->perms, f->domid)) {
        return 0;
    }
    rc = txn_view(f->txn->tree, f->txn, node->path, node->path_len, &view);
    if (rc != 0 || !view.exists) {
        return rc;                    /* it went with a node above */
    }
    if (perms_owner(view.perms) == f->domid && node->path_len > 1) {
        return txn_remove(f->txn, node->path, node->path_len);
    }
    perms = perms_without(view.perms, f->domid);
    if (perms == NULL) {
        return -ENOMEM;
    }
    return txn_put(f->txn, node->path, node->path_len, NULL, perms,
                   TXN_EVENT_NONE);
}

int access_forget_domain(struct txn *txn, uint32_t domid)
{
    struct forget f = { txn, domid };

    return tree_walk(txn->tree, forget_node, &f);
}
