/* SPDX-License-Identifier: MIT */
/*
 * store/perms.h - who may read and write a node.
 *
 * Owns    the rule of docs/misc/xenstore.txt: the first entry names the
 *         owner, who may do all, and what everybody else may; the others
 *         give one domain each its own rights.
 * Tests   tests/unit/store/test_random.c
 */
#ifndef STORE_PERMS_H
#define STORE_PERMS_H

#include <proto/wire.h>
#include <store/blob.h>

#define PERM_OWNER 4u                 /* beside PERM_READ and PERM_WRITE */

/* On whose behalf a request runs. */
struct actor {
    uint32_t domid;
    uint32_t target;                  /* acts for this one too; or domid */
    bool privileged;                  /* the control domain */
};

static inline size_t perms_count(const struct blob *perms)
{
    return blob_len(perms) / sizeof(struct perm);
}

static inline const struct perm *perms_list(const struct blob *perms)
{
    return (const struct perm *)(const void *)blob_bytes(perms);
}

static inline uint32_t perms_owner(const struct blob *perms)
{
    return perms_list(perms)[0].domid;
}

/* PERM_* bits of @actor on a node with @perms. */
uint32_t perms_access(const struct blob *perms, const struct actor *actor);

/* A copy of @perms owned by @domid.  NULL: out of memory. */
struct blob *perms_with_owner(const struct blob *perms, uint32_t domid);

/* Does an entry after the first name @domid? */
bool perms_mention(const struct blob *perms, uint32_t domid);

/* A copy without the entries after the first that name @domid. */
struct blob *perms_without(const struct blob *perms, uint32_t domid);

#endif
