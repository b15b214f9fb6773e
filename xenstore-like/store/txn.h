/* SPDX-License-Identifier: MIT */
/*
 * store/txn.h - transactions: what they saw, what they changed, the commit.
 *
 * Owns    an overlay of nodes over the tree.  Every change, also one outside
 *         a client's transaction, is made in an overlay and committed, so
 *         that it happens wholly or not at all.
 *
 * INV-SX1 a commit happens only while every node the transaction touched has
 *         the generation it had at the first touch; else -EAGAIN.
 * INV-SX2 a commit that fails (conflict, quota, memory, journal) changes
 *         nothing; after its first change it cannot fail.
 * Tests   tests/unit/store/test_random.c
 */
#ifndef STORE_TXN_H
#define STORE_TXN_H

#include <store/journal.h>
#include <store/tree.h>

/* Which watches a change fires. */
enum txn_event {
    TXN_EVENT_NONE,
    TXN_EVENT_EXACT,                  /* those on the node itself */
    TXN_EVENT_FULL,                   /* also those on nodes above */
};

struct txn_node {
    struct txn_node *next;            /* in its bucket */
    struct txn_node *next_touched;    /* in order of the first touch */
    struct txn_node *next_event;      /* in order of the first change */
    struct txn_node *next_pending;    /* on a stack, inside one function */
    uint64_t hash;
    uint64_t base_generation;         /* at the first touch; 0: absent */
    bool exists;
    bool dirty;                       /* any part, the list of names too */
    bool changed;                     /* value or permissions */
    enum txn_event event;
    struct blob *data, *perms, *names;
    struct blob *old_perms;           /* when the transaction touched it */
    struct node *fresh;               /* for a node the tree does not have */
    size_t path_len;
    char path[];
};

#define TXN_BUCKETS 16u               /* most transactions touch few nodes */

struct txn {
    struct tree *tree;
    bool doomed;                      /* -EAGAIN whatever happened */
    int broken;                       /* an operation was left half done */
    size_t bytes;                     /* of the overlay, values apart */
    struct txn_node **buckets;
    size_t nr_buckets, count;
    struct txn_node *first_buckets[TXN_BUCKETS];
    struct txn_node *touched, **touched_tail;
    struct txn_node *events, **events_tail;
};

void txn_init(struct txn *txn, struct tree *tree);
void txn_fini(struct txn *txn);

/* A node as a transaction sees it, or as the tree has it. */
struct node_view {
    bool exists;
    uint64_t generation;
    struct blob *data, *perms, *names;    /* borrowed */
};

/*
 * Look @path up, in @txn if there is one (which remembers the touch).
 * 0 (also when absent) or -ENOMEM.
 */
int txn_view(struct tree *tree, struct txn *txn, const char *path, size_t len,
             struct node_view *view);

/*
 * Change a node.  References are taken over, also on failure; NULL keeps
 * what is there.  txn_put() makes an absent node and lists it in its parent.
 */
int txn_put(struct txn *txn, const char *path, size_t len, struct blob *data,
            struct blob *perms, enum txn_event event);

/* Remove @path and all below; the parent's list as well.  Not "/". */
int txn_remove(struct txn *txn, const char *path, size_t len);

/* What @txn would add to the nodes and bytes of @domid. */
void txn_usage(const struct txn *txn, uint32_t domid, int64_t *nodes,
               int64_t *memory);

/*
 * Make the changes permanent: in @journal as records of @type_set and
 * @type_delete, then in the tree.  Limits bind @actor unless privileged.
 * 0, -EAGAIN, -ENOSPC, -ENOMEM.  The overlay stays for its events.
 */
int txn_commit(struct txn *txn, const struct actor *actor,
               struct journal *journal);

/* The records of a commit. */
enum txn_record {
    TXN_REC_SET = 1,                  /* struct txn_rec_set, then the parts */
    TXN_REC_DELETE = 2,               /* path with its nul */
};

struct txn_rec_set {
    uint32_t path_len, perms_len, data_len;
};

/* The record of one node, as a commit writes it. */
void txn_journal_node(struct journal *journal, const char *path,
                      size_t path_len, const struct blob *data,
                      const struct blob *perms);
size_t txn_journal_node_size(size_t path_len, const struct blob *data,
                             const struct blob *perms);

/* Make the change of a record again, at start.  0, -EIO, -ENOMEM. */
int txn_replay(struct tree *tree, const struct journal_record *rec);

#endif
