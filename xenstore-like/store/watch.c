/* SPDX-License-Identifier: MIT */
/*
 * Registered watches by path and by owner.  Who gets an event, and how, is
 * decided in server/.  Tests: tests/unit/store/test_parts.c
 */
#include <store/watch.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <proto/path.h>

#define FIRST_BUCKETS 128u

struct watch_path {
    struct watch_path *next;
    struct watch *watches;
    uint64_t hash;
    size_t len;
    char path[];
};

/* FNV-1a, so that one pass over a path gives the hash of every prefix. */
#define HASH_START 0xcbf29ce484222325u

static uint64_t hash_step(uint64_t h, char c)
{
    return (h ^ (unsigned char)c) * 0x100000001b3u;
}

static uint64_t hash_text(const char *text, size_t len)
{
    uint64_t h = HASH_START;
    size_t i;

    for (i = 0; i < len; i++) {
        h = hash_step(h, text[i]);
    }
    return h;
}

int watch_table_init(struct watch_table *t)
{
    t->count = 0;
    t->nr_buckets = FIRST_BUCKETS;
    t->buckets = calloc(t->nr_buckets, sizeof(*t->buckets));
    return t->buckets == NULL ? -ENOMEM : 0;
}

void watch_table_fini(struct watch_table *t)
{
    free(t->buckets);
    t->buckets = NULL;
}

static struct watch_path *find_path(const struct watch_table *t,
                                    uint64_t hash, const char *path,
                                    size_t len)
{
    struct watch_path *p = t->buckets[hash & (t->nr_buckets - 1)];

    while (p != NULL && (p->hash != hash || p->len != len ||
                         memcmp(p->path, path, len) != 0)) {
        p = p->next;
    }
    return p;
}

static void grow(struct watch_table *t)
{
    size_t nr = t->nr_buckets * 2;
    struct watch_path **buckets = calloc(nr, sizeof(*buckets));
    size_t i;

    if (buckets == NULL) {
        return;
    }
    for (i = 0; i < t->nr_buckets; i++) {
        struct watch_path *p = t->buckets[i];

        while (p != NULL) {
            struct watch_path *next = p->next;

            p->next = buckets[p->hash & (nr - 1)];
            buckets[p->hash & (nr - 1)] = p;
            p = next;
        }
    }
    free(t->buckets);
    t->buckets = buckets;
    t->nr_buckets = nr;
}

static struct watch_path *get_path(struct watch_table *t, const char *path)
{
    size_t len = strlen(path);
    uint64_t hash = hash_text(path, len);
    struct watch_path *p = find_path(t, hash, path, len);
    struct watch_path **slot;

    if (p != NULL) {
        return p;
    }
    p = calloc(1, sizeof(*p) + len + 1);
    if (p == NULL) {
        return NULL;
    }
    if (t->count >= t->nr_buckets) {
        grow(t);
    }
    memcpy(p->path, path, len);
    p->len = len;
    p->hash = hash;
    slot = &t->buckets[hash & (t->nr_buckets - 1)];
    p->next = *slot;
    *slot = p;
    t->count++;
    return p;
}

static void drop_path_if_empty(struct watch_table *t, struct watch_path *p)
{
    struct watch_path **link = &t->buckets[p->hash & (t->nr_buckets - 1)];

    if (p->watches != NULL) {
        return;
    }
    while (*link != p) {
        link = &(*link)->next;
    }
    *link = p->next;
    t->count--;
    free(p);
}

struct watch *watch_find(struct watch *own, const char *path,
                         const char *token)
{
    while (own != NULL && (strcmp(own->at->path, path) != 0 ||
                           strcmp(own->token, token) != 0)) {
        own = own->next_own;
    }
    return own;
}

int watch_add(struct watch_table *t, struct watch **own, void *owner,
              const char *path, const char *token, uint32_t strip,
              struct watch **out)
{
    struct watch_path *p;
    struct watch *w;

    if (watch_find(*own, path, token) != NULL) {
        return -EEXIST;
    }
    w = calloc(1, sizeof(*w) + strlen(token) + 1);
    if (w == NULL) {
        return -ENOMEM;
    }
    p = get_path(t, path);
    if (p == NULL) {
        free(w);
        return -ENOMEM;
    }
    w->at = p;
    w->owner = owner;
    w->strip = strip;
    strcpy(w->token, token);
    w->next_here = p->watches;
    p->watches = w;
    while (*own != NULL) {
        own = &(*own)->next_own;
    }
    *own = w;
    *out = w;
    return 0;
}

void watch_del(struct watch_table *t, struct watch **own, struct watch *w)
{
    struct watch **link = &w->at->watches;

    while (*link != w) {
        link = &(*link)->next_here;
    }
    *link = w->next_here;
    while (*own != w) {
        own = &(*own)->next_own;
    }
    *own = w->next_own;
    drop_path_if_empty(t, w->at);
    free(w);
}

const char *watch_path_of(const struct watch *w)
{
    return w->at->path;
}

size_t watch_cost(const char *path, const char *token)
{
    return sizeof(struct watch) + sizeof(struct watch_path) + strlen(path) +
           strlen(token) + 2;
}

static void match_prefix(const struct watch_table *t, uint64_t hash,
                         const char *path, size_t len, watch_fn *fn,
                         void *ctx)
{
    struct watch_path *p = find_path(t, hash, path, len);
    struct watch *w = p == NULL ? NULL : p->watches;

    for (; w != NULL; w = w->next_here) {
        fn(ctx, w, path);
    }
}

void watch_match(const struct watch_table *t, const char *path, bool exact,
                 watch_fn *fn, void *ctx)
{
    uint64_t h = HASH_START;
    size_t len;

    for (len = 0; path[len] != '\0'; len++) {
        if (!exact && path[0] == '/' && path[len] == '/' && len > 0) {
            match_prefix(t, h, path, len, fn, ctx);
        }
        h = hash_step(h, path[len]);
        if (!exact && len == 0 && path[0] == '/' && path[1] != '\0') {
            match_prefix(t, h, path, 1, fn, ctx);      /* the root */
        }
    }
    match_prefix(t, h, path, len, fn, ctx);
}
