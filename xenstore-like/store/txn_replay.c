/* SPDX-License-Identifier: MIT */
/*
 * Nodes back from the journal's records, at start.  The records are written
 * by the commit in txn.c.  Tests: tests/unit/store/test_random.c
 */
#include <store/txn.h>

#include <string.h>

#include <proto/path.h>

/* Keep the parent's names as they were when the record was written. */
static int replay_list(struct tree *tree, const char *path, bool add)
{
    const char *name = path_basename(path);
    struct node *parent = tree_find(tree, path, path_parent_len(path));
    struct blob *names;

    if (parent == NULL) {
        return -EIO;
    }
    names = add ? names_add(parent->names, name, strlen(name)) :
                  names_remove(parent->names, name, strlen(name));
    if (names == NULL) {
        return -ENOMEM;
    }
    tree_replace(tree, parent, blob_get(parent->data),
                 blob_get(parent->perms), names);
    return 0;
}

static int replay_delete(struct tree *tree, const char *path)
{
    size_t len = strlen(path);
    struct node *n = tree_find(tree, path, len);
    struct node *parent;
    int rc = 0;

    if (n == NULL || len <= 1) {
        return -EIO;
    }
    parent = tree_find(tree, path, path_parent_len(path));
    if (parent != NULL) {             /* else it went before its child */
        rc = replay_list(tree, path, false);
    }
    if (rc == 0) {
        tree_remove(tree, n);
    }
    return rc;
}

static int replay_set(struct tree *tree, const struct journal_record *rec)
{
    struct txn_rec_set s;
    const char *path = rec->data + sizeof(s);
    struct blob *data, *perms;
    struct node *n;
    int rc;

    if (rec->len < sizeof(s)) {
        return -EIO;
    }
    memcpy(&s, rec->data, sizeof(s));
    if (s.path_len >= PATH_BUF_SIZE || s.perms_len < sizeof(struct perm) ||
        (uint64_t)sizeof(s) + s.path_len + 1 + s.perms_len + s.data_len !=
        rec->len || path[s.path_len] != '\0') {
        return -EIO;
    }
    perms = blob_new(path + s.path_len + 1, s.perms_len);
    data = blob_new(path + s.path_len + 1 + s.perms_len, s.data_len);
    rc = -ENOMEM;
    if (data == NULL || perms == NULL ||
        quota_account(tree->quota, perms_owner(perms)) == NULL) {
        goto put_blobs;
    }
    n = tree_find(tree, path, s.path_len);
    if (n != NULL) {
        tree_replace(tree, n, data, perms, blob_get(n->names));
        return 0;
    }
    rc = replay_list(tree, path, true);
    if (rc != 0) {
        goto put_blobs;
    }
    n = tree_node_new(path, s.path_len);
    if (n == NULL) {
        rc = -ENOMEM;
        goto put_blobs;
    }
    n->data = data;
    n->perms = perms;
    tree_insert(tree, n);
    return 0;

put_blobs:
    blob_put(data);
    blob_put(perms);
    return rc;
}

int txn_replay(struct tree *tree, const struct journal_record *rec)
{
    if (rec->type == TXN_REC_SET) {
        return replay_set(tree, rec);
    }
    if (rec->type == TXN_REC_DELETE && rec->len > 0 &&
        rec->data[rec->len - 1] == '\0') {
        return replay_delete(tree, rec->data);
    }
    return -EIO;
}
