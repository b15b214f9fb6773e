/* SPDX-License-Identifier: MIT */
/*
 * The access rule of nodes.  Where it is asked is up to access.c.
 * Tests: tests/unit/store/test_random.c
 */
#include <store/perms.h>

uint32_t perms_access(const struct blob *perms, const struct actor *actor)
{
    const struct perm *p = perms_list(perms);
    size_t nr = perms_count(perms);
    size_t i;

    if (actor->privileged || p[0].domid == actor->domid ||
        p[0].domid == actor->target) {
        return PERM_READ | PERM_WRITE | PERM_OWNER;
    }
    for (i = 1; i < nr; i++) {
        if (p[i].domid == actor->domid || p[i].domid == actor->target) {
            return p[i].access;
        }
    }
    return p[0].access;
}

struct blob *perms_with_owner(const struct blob *perms, uint32_t domid)
{
    struct blob *b = blob_new(blob_bytes(perms), blob_len(perms));

    if (b != NULL) {
        ((struct perm *)(void *)b->bytes)[0].domid = domid;
    }
    return b;
}

bool perms_mention(const struct blob *perms, uint32_t domid)
{
    size_t i;

    for (i = 1; i < perms_count(perms); i++) {
        if (perms_list(perms)[i].domid == domid) {
            return true;
        }
    }
    return false;
}

struct blob *perms_without(const struct blob *perms, uint32_t domid)
{
    const struct perm *from = perms_list(perms);
    struct blob *b = blob_new(NULL, blob_len(perms));
    struct perm *to;
    size_t nr = 0;
    size_t i;

    if (b == NULL) {
        return NULL;
    }
    to = (struct perm *)(void *)b->bytes;
    for (i = 0; i < perms_count(perms); i++) {
        if (i == 0 || from[i].domid != domid) {
            to[nr++] = from[i];
        }
    }
    b->len = (uint32_t)(nr * sizeof(*to));
    return b;
}
