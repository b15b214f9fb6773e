/* SPDX-License-Identifier: MIT */
/*
 * store/tree.h - the nodes that are there now, found by their whole path.
 *
 * Owns    a hash of paths; each node knows its value, its permissions and
 *         the names of its children.  No pointers between nodes: depth costs
 *         nothing and nothing here recurses.
 * Leaves  who may do what to access.c; changes come from txn.c alone.
 *
 * INV-ST1 every node but "/" is listed once among the names of its parent,
 *         and every listed name is a node.
 * INV-ST2 a node's generation is new whenever any part of it changed.
 * Tests   tests/unit/store/test_random.c
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <store/perms.h>
#include <store/quota.h>

struct node {
    struct node *next;                /* in its bucket */
    uint64_t hash;
    uint64_t generation;              /* never 0: that means absent */
    struct blob *data;
    struct blob *perms;               /* struct perm, the owner first */
    struct blob *names;               /* children: name, nul, name, nul... */
    size_t path_len;
    char path[];
};

struct tree {
    struct node **buckets;
    size_t nr_buckets;                /* a power of two */
    size_t count;
    uint64_t generation;              /* of the latest change */
    struct quota *quota;              /* charged for what is in the tree */
};

/* An empty tree with "/" owned by domain 0.  0 or -ENOMEM. */
int tree_init(struct tree *tree, struct quota *quota,
              uint64_t first_generation);
void tree_fini(struct tree *tree);

struct node *tree_find(const struct tree *tree, const char *path, size_t len);

/* A node that is not yet in the tree.  NULL: out of memory. */
struct node *tree_node_new(const char *path, size_t len);
void tree_node_free(struct node *node);

/* Cannot fail; the account of the owner must exist. */
void tree_insert(struct tree *tree, struct node *node);
void tree_remove(struct tree *tree, struct node *node);

/* Take the references @data, @perms, @names in place of the node's own. */
void tree_replace(struct tree *tree, struct node *node, struct blob *data,
                  struct blob *perms, struct blob *names);

/* Bytes a node is charged with. */
size_t tree_node_cost(size_t path_len, const struct blob *data,
                      const struct blob *perms, const struct blob *names);

/*
 * Visit every node, a parent before its children, siblings in order.
 * Stops at the first other than 0; -ENOMEM.  @fn must not change the tree.
 */
int tree_walk(const struct tree *tree,
              int (*fn)(void *ctx, const struct node *node), void *ctx);

/* Names: a new blob with @name added at the end, or taken out. */
struct blob *names_add(const struct blob *names, const char *name, size_t len);
struct blob *names_remove(const struct blob *names, const char *name,
                          size_t len);

/* Check INV-ST1; 0, -EIO, -ENOMEM. */
int tree_check(const struct tree *tree);

#endif
