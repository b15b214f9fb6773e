/* SPDX-License-Identifier: MIT */
/*
 * store/access.h - what a client may do to nodes: rights, limits, errors.
 *
 * Owns    the rules of docs/misc/xenstore.txt for reading and changing
 *         nodes.  Paths given here are valid and absolute.
 * Leaves  the overlay to txn.c, the wire to server/.
 * Tests   tests/unit/store/test_random.c
 */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include <store/txn.h>

/*
 * A node on which @actor has the rights @need (PERM_*).
 * 0, -ENOENT, -EACCES (also for an absent node whose nearest ancestor does
 * not give @need), -ENOMEM.  On -ENOENT the view says "absent".
 */
int access_get(struct tree *tree, struct txn *txn, const struct actor *actor,
               const char *path, unsigned int need, struct node_view *view);

/* Create with missing ancestors, or overwrite. */
int access_write(struct txn *txn, const struct actor *actor, const char *path,
                 const void *data, size_t len);
int access_mkdir(struct txn *txn, const struct actor *actor,
                 const char *path);
int access_rm(struct txn *txn, const struct actor *actor, const char *path);
int access_set_perms(struct txn *txn, const struct actor *actor,
                     const char *path, const struct perm *perms, size_t nr);

/*
 * A domain is gone: its nodes go with all below them, and no list of rights
 * names it any more, so that the next domain of that number has none.
 */
int access_forget_domain(struct txn *txn, uint32_t domid);

#endif
