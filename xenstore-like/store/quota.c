/* SPDX-License-Identifier: MIT */
/*
 * Counters and limits per domain; who charges what is up to the callers.
 * Tests: tests/unit/store/test_server.c
 */
#include <store/quota.h>

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint64_t limit;
} defaults[QUOTA_KINDS] = {
    [QUOTA_NODES]        = { "nodes",           1000 },
    [QUOTA_WATCHES]      = { "watches",         128 },
    [QUOTA_TRANSACTIONS] = { "transactions",    10 },
    [QUOTA_OUTSTANDING]  = { "outstanding",     20 },
    [QUOTA_MEMORY]       = { "memory",          2 << 20 },
    [QUOTA_PERMISSIONS]  = { "node-permissions", 5 },
    [QUOTA_NODE_SIZE]    = { "node-size",       2048 },
    [QUOTA_PATH_MAX]     = { "path-max",        2048 },
};

void quota_init(struct quota *q)
{
    unsigned int i;

    memset(q, 0, sizeof(*q));
    for (i = 0; i < QUOTA_KINDS; i++) {
        q->limit[i] = defaults[i].limit;
    }
}

void quota_fini(struct quota *q)
{
    size_t i;

    for (i = 0; i < 65536 / QUOTA_PAGE; i++) {
        free(q->pages[i]);
        q->pages[i] = NULL;
    }
}

struct account *quota_account(struct quota *q, uint32_t domid)
{
    struct account **page = &q->pages[(domid & 0xffff) / QUOTA_PAGE];

    if (*page == NULL) {
        *page = calloc(QUOTA_PAGE, sizeof(**page));
        if (*page == NULL) {
            return NULL;
        }
    }
    return *page + domid % QUOTA_PAGE;
}

const char *quota_name(unsigned int kind)
{
    return kind < QUOTA_KINDS ? defaults[kind].name : NULL;
}
