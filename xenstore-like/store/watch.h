/* SPDX-License-Identifier: MIT */
/*
 * store/watch.h - who wants to hear of which path.
 *
 * Owns    the registrations: by path, to find those a change concerns in one
 *         look-up per path component, and by owner, to drop them together.
 * Leaves  rights, the event's bytes and its delivery to server/.
 * Tests   tests/unit/store/test_parts.c
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch_path;

struct watch {
    struct watch *next_here;          /* on the same path */
    struct watch *next_own;           /* of the same owner, oldest first */
    struct watch_path *at;
    void *owner;
    uint32_t strip;                   /* bytes not reported: relative watch */
    bool missed;                      /* an event found no room */
    char token[];
};

struct watch_table {
    struct watch_path **buckets;
    size_t nr_buckets, count;
};

int watch_table_init(struct watch_table *t);
void watch_table_fini(struct watch_table *t);

/*
 * Register @token on @path for @owner, whose list begins at *@own.
 * 0, -EEXIST: the same path and token again, -ENOMEM.
 */
int watch_add(struct watch_table *t, struct watch **own, void *owner,
              const char *path, const char *token, uint32_t strip,
              struct watch **out);

/* NULL: there is none. */
struct watch *watch_find(struct watch *own, const char *path,
                         const char *token);
void watch_del(struct watch_table *t, struct watch **own, struct watch *w);

const char *watch_path_of(const struct watch *w);

/* Bytes a watch is charged with. */
size_t watch_cost(const char *path, const char *token);

/*
 * Call @fn for every watch on @path and, unless @exact, on a path above it.
 * @fn must not add or delete watches.
 */
typedef void watch_fn(void *ctx, struct watch *w, const char *path);
void watch_match(const struct watch_table *t, const char *path, bool exact,
                 watch_fn *fn, void *ctx);

#endif
