/* SPDX-License-Identifier: MIT */
/*
 * The simple store of test_random.c; it shares no code with the real one
 * but the text of paths.
 */
#include "model.h"

#include <string.h>

#include <proto/path.h>

static struct mnode *m_find(struct model *m, const char *path)
{
    size_t i;

    for (i = 0; i < m->count; i++) {
        if (strcmp(m->node[i].path, path) == 0) {
            return &m->node[i];
        }
    }
    return NULL;
}

static struct mnode *m_above(struct model *m, const char *path)
{
    char up[40];

    strcpy(up, path);
    for (;;) {
        char *slash = strrchr(up, '/');
        struct mnode *n;

        slash[slash == up] = '\0';
        n = m_find(m, up);
        if (n != NULL) {
            return n;
        }
    }
}

static unsigned int m_rights(const struct mnode *n, const struct actor *a)
{
    size_t i;

    if (a->privileged || n->perms[0].domid == a->domid) {
        return 7;
    }
    for (i = 1; i < n->nr; i++) {
        if (n->perms[i].domid == a->domid) {
            return n->perms[i].access;
        }
    }
    return n->perms[0].access;
}

static int m_get(struct model *m, const struct actor *a, const char *path,
                 unsigned int need, struct mnode **out)
{
    struct mnode *n = m_find(m, path);

    *out = n;
    if (n == NULL) {
        n = m_above(m, path);
        return (m_rights(n, a) & need) == need ? -ENOENT : -EACCES;
    }
    return (m_rights(n, a) & need) == need ? 0 : -EACCES;
}

static uint64_t m_owned(const struct model *m, uint32_t domid)
{
    uint64_t nr = 0;
    size_t i;

    for (i = 0; i < m->count; i++) {
        nr += m->node[i].perms[0].domid == domid;
    }
    return nr;
}

static int m_create(struct model *m, const struct actor *a, const char *path,
                    const char *data, size_t len)
{
    struct mnode above = *m_above(m, path);
    size_t at = strcmp(above.path, "/") == 0 ? 0 : strlen(above.path);
    uint64_t missing = 0;
    size_t i;

    for (i = at; path[i] != '\0'; i++) {
        missing += path[i] == '/';
    }
    if (!a->privileged && m_owned(m, a->domid) + missing > m->node_limit) {
        return -ENOSPC;
    }
    while (path[at] != '\0') {
        struct mnode *n = &m->node[m->count++];

        at += 1 + strcspn(path + at + 1, "/");
        *n = above;
        memcpy(n->path, path, at);
        n->path[at] = '\0';
        n->len = 0;
        if (!a->privileged) {
            n->perms[0].domid = a->domid;
        }
        if (path[at] == '\0') {
            memcpy(n->data, data, len);
            n->len = len;
        }
    }
    return 0;
}

static bool is_below(const char *child, const char *parent)
{
    size_t len = strlen(parent);

    if (strcmp(parent, "/") == 0) {
        return child[0] == '/';
    }
    return strncmp(child, parent, len) == 0 &&
           (child[len] == '\0' || child[len] == '/');
}

static void m_rm(struct model *m, const char *path)
{
    size_t i = 0;

    while (i < m->count) {
        if (is_below(m->node[i].path, path)) {
            m->node[i] = m->node[--m->count];
        } else {
            i++;
        }
    }
}

struct result m_run(struct model *m, const struct op *op)
{
    struct result r = { .len = 0 };
    struct mnode *n;

    r.rc = m_get(m, &op->actor, op->path,
                 op->kind == READ ? 1 : op->kind == CHMOD ? 6 : 2, &n);
    if (r.rc == -ENOENT && (op->kind == WRITE || op->kind == MKDIR)) {
        r.rc = m_create(m, &op->actor, op->path, op->data,
                        op->kind == WRITE ? op->len : 0);
        return r;
    }
    if (r.rc == -ENOENT && op->kind == RM) {
        char up[40];

        strcpy(up, op->path);
        up[path_parent_len(up)] = '\0';
        r.rc = m_find(m, up) != NULL ? 0 : -ENOENT;
        return r;
    }
    if (r.rc != 0) {
        return r;
    }
    switch (op->kind) {
    case READ:
        memcpy(r.data, n->data, n->len);
        r.len = n->len;
        break;
    case WRITE:
        memcpy(n->data, op->data, op->len);
        n->len = op->len;
        break;
    case RM:
        m_rm(m, op->path);
        break;
    case CHMOD:
        if (!op->actor.privileged &&
            op->perms[0].domid != n->perms[0].domid) {
            r.rc = -EPERM;
            break;
        }
        memcpy(n->perms, op->perms, sizeof(n->perms));
        n->nr = op->nr;
        break;
    case MKDIR:
    case KINDS:
        break;
    }
    return r;
}
