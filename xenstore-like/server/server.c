/* SPDX-License-Identifier: MIT */
/*
 * The store as data: an empty one with the nodes every store has, and its
 * end.  Descriptors and the loop belong to main.c.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/server.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <server/domain.h>

/* Larger than every generation before a restart in the same boot. */
static uint64_t first_generation(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int make_nodes(struct server *s)
{
    static const struct actor self = { 0, 0, true };
    struct journal none;
    struct txn txn;
    int rc;

    journal_none(&none);
    txn_init(&txn, &s->tree);
    rc = access_mkdir(&txn, &self, "/tool/xenstored");
    if (rc == 0) {
        rc = txn_commit(&txn, &self, &none);
    }
    txn_fini(&txn);
    return rc;
}

int server_init(struct server *s)
{
    static const struct perm own = { 0, PERM_NONE };
    unsigned int i;
    int rc;

    quota_init(&s->quota);
    journal_none(&s->journal);
    rc = watch_table_init(&s->watches);
    if (rc == 0) {
        rc = tree_init(&s->tree, &s->quota, first_generation());
    }
    for (i = 0; i < SPECIALS && rc == 0; i++) {
        s->special_perms[i] = blob_new(&own, sizeof(own));
        rc = s->special_perms[i] == NULL ? -ENOMEM : 0;
    }
    if (rc == 0) {
        rc = make_nodes(s);
    }
    if (rc != 0) {
        server_fini(s);
    }
    return rc;
}

void server_fini(struct server *s)
{
    unsigned int i;

    while (s->domains != NULL) {
        domain_free(s, s->domains);
    }
    s->active = NULL;
    while (s->clients != NULL) {
        client_free(s->clients);
    }
    for (i = 0; i < SPECIALS; i++) {
        blob_put(s->special_perms[i]);
        s->special_perms[i] = NULL;
    }
    if (s->tree.buckets != NULL) {
        tree_fini(&s->tree);
    }
    watch_table_fini(&s->watches);
    journal_close(&s->journal);
    free(s->journal_path);
    s->journal_path = NULL;
    quota_fini(&s->quota);
}
