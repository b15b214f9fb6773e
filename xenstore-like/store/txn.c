/* SPDX-License-Identifier: MIT */
/*
 * The overlay of a transaction and its commit.  Rights are checked before,
 * in access.c; watches fire after, in server/.
 * Tests: tests/unit/store/test_random.c
 */
#include <store/txn.h>

#include <proto/path.h>
#include <stdlib.h>
#include <string.h>

/* ---- the overlay -------------------------------------------------------- */

static uint64_t hash_path(const char *path, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;
    size_t i;

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char)path[i]) * 0x100000001b3u;
    }
    return h ^ h >> 32;
}

void txn_init(struct txn *txn, struct tree *tree)
{
    memset(txn, 0, sizeof(*txn));
    txn->tree = tree;
    txn->buckets = txn->first_buckets;
    txn->nr_buckets = TXN_BUCKETS;
    txn->touched_tail = &txn->touched;
    txn->events_tail = &txn->events;
}

void txn_fini(struct txn *txn)
{
    while (txn->touched != NULL) {
        struct txn_node *n = txn->touched;

        txn->touched = n->next_touched;
        blob_put(n->data);
        blob_put(n->perms);
        blob_put(n->names);
        blob_put(n->old_perms);
        tree_node_free(n->fresh);
        free(n);
    }
    if (txn->buckets != txn->first_buckets) {
        free(txn->buckets);
    }
    txn_init(txn, txn->tree);
}

static void grow(struct txn *txn)
{
    size_t nr = txn->nr_buckets * 4;
    struct txn_node **buckets = calloc(nr, sizeof(*buckets));
    struct txn_node *n;

    if (buckets == NULL) {
        return;                       /* longer chains will do */
    }
    for (n = txn->touched; n != NULL; n = n->next_touched) {
        n->next = buckets[n->hash & (nr - 1)];
        buckets[n->hash & (nr - 1)] = n;
    }
    if (txn->buckets != txn->first_buckets) {
        free(txn->buckets);
    }
    txn->buckets = buckets;
    txn->nr_buckets = nr;
}

static struct txn_node *find(const struct txn *txn, uint64_t hash,
                             const char *path, size_t len)
{
    struct txn_node *n = txn->buckets[hash & (txn->nr_buckets - 1)];

    while (n != NULL && (n->hash != hash || n->path_len != len ||
                         memcmp(n->path, path, len) != 0)) {
        n = n->next;
    }
    return n;
}

/* The node in the overlay, copied from the tree at the first touch. */
static struct txn_node *touch(struct txn *txn, const char *path, size_t len)
{
    uint64_t hash = hash_path(path, len);
    struct txn_node *n = find(txn, hash, path, len);
    const struct node *base;

    if (n != NULL) {
        return n;
    }
    n = calloc(1, sizeof(*n) + len + 1);
    if (n == NULL) {
        return NULL;
    }
    memcpy(n->path, path, len);
    n->path_len = len;
    n->hash = hash;
    base = tree_find(txn->tree, path, len);
    if (base != NULL) {
        n->exists = true;
        n->base_generation = base->generation;
        n->data = blob_get(base->data);
        n->perms = blob_get(base->perms);
        n->names = blob_get(base->names);
        n->old_perms = blob_get(base->perms);
    }
    if (txn->count >= txn->nr_buckets * 2) {
        grow(txn);
    }
    n->next = txn->buckets[hash & (txn->nr_buckets - 1)];
    txn->buckets[hash & (txn->nr_buckets - 1)] = n;
    *txn->touched_tail = n;
    txn->touched_tail = &n->next_touched;
    txn->count++;
    txn->bytes += sizeof(*n) + len;
    return n;
}

int txn_view(struct tree *tree, struct txn *txn, const char *path, size_t len,
             struct node_view *view)
{
    memset(view, 0, sizeof(*view));
    if (txn == NULL) {
        const struct node *n = tree_find(tree, path, len);

        if (n != NULL) {
            *view = (struct node_view){ true, n->generation, n->data,
                                        n->perms, n->names };
        }
    } else {
        const struct txn_node *n = touch(txn, path, len);

        if (n == NULL) {
            return -ENOMEM;
        }
        *view = (struct node_view){ n->exists, n->base_generation, n->data,
                                    n->perms, n->names };
    }
    return 0;
}

/* ---- changes ------------------------------------------------------------ */

static void set_blob(struct blob **slot, struct blob *b)
{
    blob_put(*slot);
    *slot = b;
}

static void mark(struct txn *txn, struct txn_node *n, enum txn_event event)
{
    n->dirty = true;
    if (event != TXN_EVENT_NONE && n->event == TXN_EVENT_NONE) {
        *txn->events_tail = n;
        txn->events_tail = &n->next_event;
    }
    if (event > n->event) {
        n->event = event;
    }
}

static struct txn_node *touch_parent(struct txn *txn, const char *path)
{
    return touch(txn, path, path_parent_len(path));
}

/* Put the last component of @path into its parent's list, or take it out. */
static int relist(struct txn *txn, const char *path, size_t len, bool add)
{
    char copy[PATH_BUF_SIZE];
    struct txn_node *parent;
    const char *name;
    struct blob *names;

    memcpy(copy, path, len);
    copy[len] = '\0';
    name = path_basename(copy);
    parent = touch_parent(txn, copy);
    if (parent == NULL) {
        return -ENOMEM;
    }
    names = add ? names_add(parent->names, name, strlen(name)) :
                  names_remove(parent->names, name, strlen(name));
    if (names == NULL) {
        return -ENOMEM;
    }
    set_blob(&parent->names, names);
    mark(txn, parent, TXN_EVENT_NONE);
    return 0;
}

int txn_put(struct txn *txn, const char *path, size_t len, struct blob *data,
            struct blob *perms, enum txn_event event)
{
    struct txn_node *n = touch(txn, path, len);
    int rc = n == NULL ? -ENOMEM : 0;

    if (rc == 0 && !n->exists) {
        rc = relist(txn, path, len, true);
    }
    if (rc != 0) {
        blob_put(data);
        blob_put(perms);
        return rc;
    }
    if (!n->exists) {
        n->exists = true;
        set_blob(&n->data, NULL);
        set_blob(&n->names, NULL);
    }
    if (data != NULL) {
        set_blob(&n->data, data);
    }
    if (perms != NULL) {
        set_blob(&n->perms, perms);
    }
    n->changed = true;
    mark(txn, n, event);
    return 0;
}

/* Mark @n and the nodes it lists, which go on the stack @children. */
static int remove_one(struct txn *txn, struct txn_node *n,
                      enum txn_event event, struct txn_node **children)
{
    const char *name = blob_bytes(n->names);
    const char *end = name + blob_len(n->names);
    size_t len = n->path_len;
    char path[PATH_BUF_SIZE];

    memcpy(path, n->path, len);
    path[len++] = '/';
    for (; name < end; name += strlen(name) + 1) {
        size_t name_len = strlen(name);
        struct txn_node *child;

        memcpy(path + len, name, name_len + 1);
        child = touch(txn, path, len + name_len);
        if (child == NULL) {
            return -ENOMEM;
        }
        mark(txn, child, TXN_EVENT_EXACT);
        child->exists = false;
        child->next_pending = *children;
        *children = child;
    }
    n->exists = false;
    mark(txn, n, event);
    set_blob(&n->names, NULL);
    return 0;
}

int txn_remove(struct txn *txn, const char *path, size_t len)
{
    struct txn_node *n = touch(txn, path, len);
    struct txn_node *stack = NULL;
    int rc = n == NULL ? -ENOMEM : relist(txn, path, len, false);

    if (rc == 0) {
        rc = remove_one(txn, n, TXN_EVENT_FULL, &stack);
    }
    while (stack != NULL) {
        n = stack;
        stack = n->next_pending;
        if (rc == 0) {
            rc = remove_one(txn, n, TXN_EVENT_EXACT, &stack);
        }
    }
    return rc;
}

/* ---- usage and commit --------------------------------------------------- */

static void add_usage(const struct blob *perms, uint32_t domid, size_t cost,
                      int sign, int64_t *nodes, int64_t *memory)
{
    if (perms_owner(perms) == domid) {
        *nodes += sign;
        *memory += sign * (int64_t)cost;
    }
}

void txn_usage(const struct txn *txn, uint32_t domid, int64_t *nodes,
               int64_t *memory)
{
    const struct txn_node *n;

    *nodes = 0;
    *memory = 0;
    for (n = txn->touched; n != NULL; n = n->next_touched) {
        const struct node *base;

        if (!n->dirty) {
            continue;
        }
        base = tree_find(txn->tree, n->path, n->path_len);
        if (base != NULL) {
            add_usage(base->perms, domid,
                      tree_node_cost(n->path_len, base->data, base->perms,
                                     base->names), -1, nodes, memory);
        }
        if (n->exists) {
            add_usage(n->perms, domid,
                      tree_node_cost(n->path_len, n->data, n->perms,
                                     n->names), 1, nodes, memory);
        }
    }
}

static int check_conflicts(const struct txn *txn)
{
    const struct txn_node *n;

    if (txn->doomed) {
        return -EAGAIN;
    }
    for (n = txn->touched; n != NULL; n = n->next_touched) {
        const struct node *base =
            tree_find(txn->tree, n->path, n->path_len);

        if ((base == NULL ? 0 : base->generation) != n->base_generation) {
            return -EAGAIN;           /* INV-SX1 */
        }
    }
    return 0;
}

static int check_quota(const struct txn *txn, const struct actor *actor)
{
    const struct quota *q = txn->tree->quota;
    const struct account *a;
    int64_t nodes, memory;

    if (actor->privileged) {
        return 0;
    }
    a = quota_account(txn->tree->quota, actor->domid);
    if (a == NULL) {
        return -ENOMEM;
    }
    txn_usage(txn, actor->domid, &nodes, &memory);
    if (nodes > 0 && a->nodes + (uint64_t)nodes > q->limit[QUOTA_NODES]) {
        return -ENOSPC;
    }
    if (memory > 0 &&
        a->memory + memory > (int64_t)q->limit[QUOTA_MEMORY]) {
        return -ENOSPC;
    }
    return 0;
}

size_t txn_journal_node_size(size_t path_len, const struct blob *data,
                             const struct blob *perms)
{
    return sizeof(struct txn_rec_set) + path_len + 1 + blob_len(data) +
           blob_len(perms);
}

/* Everything that can fail: memory for new nodes, room in the journal. */
static int prepare(struct txn *txn, struct journal *journal)
{
    struct txn_node *n;
    size_t bytes = 0;
    size_t nr = 0;

    for (n = txn->touched; n != NULL; n = n->next_touched) {
        if (!n->dirty) {
            continue;
        }
        nr++;
        bytes += txn_journal_node_size(n->path_len, n->data, n->perms);
        if (!n->exists) {
            continue;
        }
        if (quota_account(txn->tree->quota,
                          perms_owner(n->perms)) == NULL) {
            return -ENOMEM;
        }
        if (n->base_generation == 0 && n->fresh == NULL) {
            n->fresh = tree_node_new(n->path, n->path_len);
            if (n->fresh == NULL) {
                return -ENOMEM;
            }
        }
    }
    return journal_reserve(journal, bytes, nr);
}

void txn_journal_node(struct journal *journal, const char *path,
                      size_t path_len, const struct blob *data,
                      const struct blob *perms)
{
    struct txn_rec_set rec = {
        (uint32_t)path_len, (uint32_t)blob_len(perms),
        (uint32_t)blob_len(data),
    };
    struct iovec parts[] = {
        { &rec, sizeof(rec) },
        { (void *)path, path_len + 1 },
        { (void *)blob_bytes(perms), blob_len(perms) },
        { (void *)blob_bytes(data), blob_len(data) },
    };

    journal_add(journal, TXN_REC_SET, parts, 4);
}

static void journal_delete(struct journal *journal, const struct txn_node *n)
{
    struct iovec part = { (void *)n->path, n->path_len + 1 };

    journal_add(journal, TXN_REC_DELETE, &part, 1);
}

static void apply(struct txn *txn, struct txn_node *n,
                  struct journal *journal)
{
    struct tree *tree = txn->tree;
    struct node *base = tree_find(tree, n->path, n->path_len);

    if (!n->exists) {
        if (base != NULL) {
            journal_delete(journal, n);
            tree_remove(tree, base);
        }
        return;
    }
    if (base == NULL || n->changed) {
        txn_journal_node(journal, n->path, n->path_len, n->data, n->perms);
    }
    if (base != NULL) {
        tree_replace(tree, base, blob_get(n->data), blob_get(n->perms),
                     blob_get(n->names));
        return;
    }
    base = n->fresh;
    n->fresh = NULL;
    base->data = blob_get(n->data);
    base->perms = blob_get(n->perms);
    base->names = blob_get(n->names);
    tree_insert(tree, base);
}

/*
 * Apply a node the tree lacks, after those above it that the tree lacks too:
 * an ancestor may have been touched later than its child, and a replay needs
 * it first.
 */
static void apply_fresh(struct txn *txn, struct txn_node *n,
                        struct journal *journal)
{
    struct txn_node *chain = NULL;
    size_t len;

    while (n != NULL && n->fresh != NULL) {
        n->next_pending = chain;
        chain = n;
        len = path_parent_len(n->path);
        n = find(txn, hash_path(n->path, len), n->path, len);
    }
    for (; chain != NULL; chain = chain->next_pending) {
        apply(txn, chain, journal);
    }
}

int txn_commit(struct txn *txn, const struct actor *actor,
               struct journal *journal)
{
    struct txn_node *n;
    int rc = txn->broken;

    if (rc == 0) {
        rc = check_conflicts(txn);
    }
    if (rc == 0) {
        rc = check_quota(txn, actor);
    }
    if (rc == 0) {
        rc = prepare(txn, journal);
    }
    if (rc != 0) {
        return rc;
    }
    for (n = txn->touched; n != NULL; n = n->next_touched) {
        if (!n->dirty) {
            continue;
        }
        if (n->exists && n->base_generation == 0) {
            apply_fresh(txn, n, journal);     /* or done for a child */
        } else {
            apply(txn, n, journal);
        }
    }
    return 0;
}
