/* SPDX-License-Identifier: MIT */
/*
 * The hash of nodes and the lists of names.  Changes are decided in txn.c.
 * Tests: tests/unit/store/test_random.c
 */
#include <store/tree.h>

#include <proto/path.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 256u

static uint64_t hash_path(const char *path, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;   /* FNV-1a */
    size_t i;

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char)path[i]) * 0x100000001b3u;
    }
    return h;
}

struct node *tree_find(const struct tree *tree, const char *path, size_t len)
{
    uint64_t hash = hash_path(path, len);
    struct node *n = tree->buckets[hash & (tree->nr_buckets - 1)];

    while (n != NULL && (n->hash != hash || n->path_len != len ||
                         memcmp(n->path, path, len) != 0)) {
        n = n->next;
    }
    return n;
}

struct node *tree_node_new(const char *path, size_t len)
{
    struct node *n = calloc(1, sizeof(*n) + len + 1);

    if (n != NULL) {
        memcpy(n->path, path, len);
        n->path_len = len;
        n->hash = hash_path(path, len);
    }
    return n;
}

void tree_node_free(struct node *node)
{
    if (node == NULL) {
        return;
    }
    blob_put(node->data);
    blob_put(node->perms);
    blob_put(node->names);
    free(node);
}

size_t tree_node_cost(size_t path_len, const struct blob *data,
                      const struct blob *perms, const struct blob *names)
{
    return sizeof(struct node) + path_len + blob_len(data) +
           blob_len(perms) + blob_len(names);
}

static void charge(struct tree *tree, const struct node *n, int sign)
{
    struct account *a = quota_account(tree->quota, perms_owner(n->perms));

    if (a == NULL) {
        return;                       /* made before: see tree_insert() */
    }
    a->nodes += (uint64_t)(int64_t)sign;
    a->memory += sign * (int64_t)tree_node_cost(n->path_len, n->data,
                                                n->perms, n->names);
}

/* Twice the buckets; without memory the chains just get longer. */
static void grow(struct tree *tree)
{
    size_t nr = tree->nr_buckets * 2;
    struct node **buckets = calloc(nr, sizeof(struct node *));
    size_t i;

    if (buckets == NULL) {
        return;
    }
    for (i = 0; i < tree->nr_buckets; i++) {
        struct node *n = tree->buckets[i];

        while (n != NULL) {
            struct node *next = n->next;
            struct node **slot = &buckets[n->hash & (nr - 1)];

            n->next = *slot;
            *slot = n;
            n = next;
        }
    }
    free(tree->buckets);
    tree->buckets = buckets;
    tree->nr_buckets = nr;
}

void tree_insert(struct tree *tree, struct node *node)
{
    struct node **slot;

    if (tree->count >= tree->nr_buckets) {
        grow(tree);
    }
    slot = &tree->buckets[node->hash & (tree->nr_buckets - 1)];
    node->next = *slot;
    *slot = node;
    node->generation = ++tree->generation;
    tree->count++;
    charge(tree, node, 1);
}

void tree_remove(struct tree *tree, struct node *node)
{
    struct node **link =
        &tree->buckets[node->hash & (tree->nr_buckets - 1)];

    while (*link != node) {
        link = &(*link)->next;
    }
    *link = node->next;
    tree->count--;
    tree->generation++;
    charge(tree, node, -1);
    tree_node_free(node);
}

void tree_replace(struct tree *tree, struct node *node, struct blob *data,
                  struct blob *perms, struct blob *names)
{
    charge(tree, node, -1);
    blob_put(node->data);
    blob_put(node->perms);
    blob_put(node->names);
    node->data = data;
    node->perms = perms;
    node->names = names;
    node->generation = ++tree->generation;    /* INV-ST2 */
    charge(tree, node, 1);
}

int tree_init(struct tree *tree, struct quota *quota,
              uint64_t first_generation)
{
    static const struct perm root_perms = { 0, PERM_NONE };
    struct node *root;

    memset(tree, 0, sizeof(*tree));
    tree->quota = quota;
    tree->generation = first_generation;
    tree->nr_buckets = FIRST_BUCKETS;
    tree->buckets = calloc(tree->nr_buckets, sizeof(struct node *));
    root = tree_node_new("/", 1);
    if (tree->buckets == NULL || root == NULL ||
        quota_account(quota, 0) == NULL) {
        goto undo;
    }
    root->perms = blob_new(&root_perms, sizeof(root_perms));
    if (root->perms == NULL) {
        goto undo;
    }
    tree_insert(tree, root);
    return 0;

undo:
    tree_node_free(root);
    free(tree->buckets);
    memset(tree, 0, sizeof(*tree));
    return -ENOMEM;
}

void tree_fini(struct tree *tree)
{
    size_t i;

    for (i = 0; i < tree->nr_buckets; i++) {
        struct node *n = tree->buckets[i];

        while (n != NULL) {
            struct node *next = n->next;

            tree_node_free(n);
            n = next;
        }
    }
    free(tree->buckets);
    memset(tree, 0, sizeof(*tree));
}

/* ---- names -------------------------------------------------------------- */

struct blob *names_add(const struct blob *names, const char *name, size_t len)
{
    size_t old = blob_len(names);
    struct blob *b = blob_new(NULL, old + len + 1);

    if (b != NULL) {
        memcpy(b->bytes, blob_bytes(names), old);
        memcpy(b->bytes + old, name, len);
        b->bytes[old + len] = '\0';
    }
    return b;
}

static const char *names_find(const struct blob *names, const char *name,
                              size_t len)
{
    const char *p = blob_bytes(names);
    const char *end = p + blob_len(names);

    while (p < end) {
        size_t n = strlen(p);

        if (n == len && memcmp(p, name, len) == 0) {
            return p;
        }
        p += n + 1;
    }
    return NULL;
}

struct blob *names_remove(const struct blob *names, const char *name,
                          size_t len)
{
    const char *p = names_find(names, name, len);
    size_t before = p == NULL ? blob_len(names) :
                                (size_t)(p - blob_bytes(names));
    size_t cut = p == NULL ? 0 : len + 1;
    struct blob *b = blob_new(NULL, blob_len(names) - cut);

    if (b != NULL) {
        memcpy(b->bytes, blob_bytes(names), before);
        memcpy(b->bytes + before, blob_bytes(names) + before + cut,
               b->len - before);
    }
    return b;
}

/* ---- walking ------------------------------------------------------------ */

/* The child of @n called @name; NULL breaks INV-ST1. */
static struct node *find_child(const struct tree *tree, const struct node *n,
                               const char *name)
{
    char path[PATH_BUF_SIZE];
    size_t len = n->path_len == 1 ? 0 : n->path_len;
    size_t name_len = strlen(name);

    if (len + 1 + name_len >= sizeof(path)) {
        return NULL;
    }
    memcpy(path, n->path, len);
    path[len] = '/';
    memcpy(path + len + 1, name, name_len);
    return tree_find(tree, path, len + 1 + name_len);
}

int tree_walk(const struct tree *tree,
              int (*fn)(void *ctx, const struct node *node), void *ctx)
{
    const struct node **queue = calloc(tree->count, sizeof(*queue));
    size_t head = 0;
    size_t tail = 0;
    int rc = 0;

    if (queue == NULL) {
        return -ENOMEM;
    }
    queue[tail++] = tree_find(tree, "/", 1);
    while (head < tail && rc == 0) {
        const struct node *n = queue[head++];
        const char *name = blob_bytes(n->names);
        const char *end = name + blob_len(n->names);

        rc = fn(ctx, n);
        for (; name < end && rc == 0; name += strlen(name) + 1) {
            const struct node *child = find_child(tree, n, name);

            if (child == NULL || tail == tree->count) {
                rc = -EIO;
            } else {
                queue[tail++] = child;
            }
        }
    }
    free(queue);
    return rc;
}

static int count_node(void *ctx, const struct node *node)
{
    size_t *count = ctx;

    (*count)++;
    return 0;
}

int tree_check(const struct tree *tree)
{
    size_t count = 0;
    int rc = tree_walk(tree, count_node, &count);

    return rc != 0 ? rc : count == tree->count ? 0 : -EIO;
}
