/* SPDX-License-Identifier: MIT */
/*
 * The store as a list of paths that is searched from the front: what the
 * real one must answer.
 * Used by tests/unit/store/test_random.c
 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include <store/access.h>

#define NODES 600
#define PERMS 3

struct mnode {
    char path[40];
    char data[8];
    size_t len, nr;
    struct perm perms[PERMS];
};

struct model {
    struct mnode node[NODES];
    size_t count;
    uint64_t node_limit;
};

enum kind { READ, WRITE, MKDIR, RM, CHMOD, KINDS };

struct op {
    enum kind kind;
    struct actor actor;
    char path[40];
    char data[8];
    size_t len, nr;
    struct perm perms[PERMS];
};

struct result {
    int rc;
    char data[8];
    size_t len;
};

/* Do @op and tell what a client would hear. */
struct result m_run(struct model *m, const struct op *op);

#endif
