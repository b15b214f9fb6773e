/* SPDX-License-Identifier: MIT */
/*
 * store/quota.h - what each domain uses, and how much it may.
 *
 * Owns    counters per domid and the limits, which bind every domain but
 *         the control domain.  The defaults are those of Xen's C xenstored.
 *
 * INV-SQ1 nodes and memory of an account equal the sum over the tree's nodes
 *         that the domain owns, its watches and its open transactions.
 * Tests   tests/unit/store/test_server.c, test_random.c (INV-SQ1)
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stddef.h>
#include <stdint.h>

enum quota_kind {
    QUOTA_NODES,
    QUOTA_WATCHES,
    QUOTA_TRANSACTIONS,
    QUOTA_OUTSTANDING,                /* requests without a taken reply */
    QUOTA_MEMORY,                     /* bytes */
    QUOTA_PERMISSIONS,                /* entries per node */
    QUOTA_NODE_SIZE,                  /* bytes of value and child names */
    QUOTA_PATH_MAX,                   /* bytes below /local/domain/<domid> */
    QUOTA_KINDS
};

struct account {
    uint64_t nodes, watches, transactions;
    int64_t memory;
};

#define QUOTA_PAGE 256u               /* accounts allocated together */

struct quota {
    uint64_t limit[QUOTA_KINDS];
    struct account *pages[65536 / QUOTA_PAGE];
};

void quota_init(struct quota *q);
void quota_fini(struct quota *q);

/* The counters of @domid (16 bits).  NULL: out of memory, first use only. */
struct account *quota_account(struct quota *q, uint32_t domid);

/* Names as `xenstore-control quota` spells them; NULL past the end. */
const char *quota_name(unsigned int kind);

#endif
