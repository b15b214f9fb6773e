/* SPDX-License-Identifier: MIT */
/*
 * The store of the toolstack's tests: see store_world.h.
 */
#include "store_world.h"

#include <stdio.h>

/* ---- the client's functions -------------------------------------------------------- */

struct node *find(struct xs *xs, const char *path)
{
    for (size_t i = 0; i < xs->nr; i++) {
        if (strcmp(xs->node[i].path, path) == 0) {
            return &xs->node[i];
        }
    }
    return NULL;
}

/* A new node and its parents; they inherit who may do what. */
struct node *make(struct xs *xs, const char *path)
{
    struct node *n = find(xs, path), *parent = NULL;
    char up[STORE_PATH_ROOM];
    char *slash;

    if (n != NULL) {
        return n;
    }
    snprintf(up, sizeof(up), "%s", path);
    slash = strrchr(up, '/');
    if (slash != up) {
        *slash = '\0';
        parent = make(xs, up);
    }
    assert_true(xs->nr < MAX_NODES);
    n = &xs->node[xs->nr++];
    memset(n, 0, sizeof(*n));
    snprintf(n->path, sizeof(n->path), "%s", path);
    if (parent != NULL) {
        memcpy(n->perms, parent->perms, sizeof(n->perms));
        n->nr_perms = parent->nr_perms;
    }
    return n;
}

static bool fails(struct xs *xs)
{
    return xs->fail_at >= 0 && xs->fail_at-- == 0;
}

int xs_write_string(struct xs *xs, xs_txn_t txn, const char *path,
                    const char *value)
{
    if (fails(xs)) {
        return -ENOSPC;
    }
    snprintf(make(xs, path)->value, sizeof(xs->node[0].value), "%s", value);
    if (xs->backend_closes && strcmp(value, "5") == 0) {
        strcpy(find(xs, path)->value, "6");
    }
    return 0;
}

int xs_printf(struct xs *xs, xs_txn_t txn, const char *path,
              const char *format, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    return xs_write_string(xs, txn, path, text);
}

int xs_mkdir(struct xs *xs, xs_txn_t txn, const char *path)
{
    if (fails(xs)) {
        return -ENOSPC;
    }
    make(xs, path);
    return 0;
}

int xs_set_perms(struct xs *xs, xs_txn_t txn, const char *path,
                 const struct perm *perms, size_t nr)
{
    struct node *n = find(xs, path);

    if (n == NULL) {
        return -ENOENT;
    }
    assert_true(nr <= 2);
    memcpy(n->perms, perms, nr * sizeof(*perms));
    n->nr_perms = nr;
    return 0;
}

int xs_read(struct xs *xs, xs_txn_t txn, const char *path, char **value,
            size_t *len)
{
    struct node *n = find(xs, path);

    if (n == NULL) {
        return -ENOENT;
    }
    *value = strdup(n->value);
    return 0;
}

int xs_read_number(struct xs *xs, xs_txn_t txn, const char *path,
                   uint64_t *value)
{
    struct node *n = find(xs, path);

    if (n == NULL) {
        return -ENOENT;
    }
    *value = strtoull(n->value, NULL, 0);
    return 0;
}

int xs_rm(struct xs *xs, xs_txn_t txn, const char *path)
{
    size_t len = strlen(path), kept = 0;

    for (size_t i = 0; i < xs->nr; i++) {
        const char *p = xs->node[i].path;

        if (strncmp(p, path, len) != 0 || (p[len] != '\0' && p[len] != '/')) {
            xs->node[kept++] = xs->node[i];
        }
    }
    xs->nr = kept;
    return 0;
}

/* One allocation, as the client's: pointers, then the text. */
int xs_list(struct xs *xs, xs_txn_t txn, const char *path, char ***names,
            size_t *nr)
{
    size_t len = strlen(path);

    *nr = 0;
    if (find(xs, path) == NULL) {
        return -ENOENT;
    }
    *names = calloc(MAX_NODES, sizeof(char *) + STORE_PATH_ROOM);
    for (size_t i = 0; i < xs->nr; i++) {
        const char *p = xs->node[i].path;

        if (strncmp(p, path, len) == 0 && p[len] == '/' &&
            strchr(p + len + 1, '/') == NULL) {
            (*names)[*nr] = (char *)&(*names)[MAX_NODES] +
                            *nr * STORE_PATH_ROOM;
            strcpy((*names)[(*nr)++], p + len + 1);
        }
    }
    return 0;
}

int xs_txn_run(struct xs *xs, int (*body)(struct xs *xs, xs_txn_t txn,
                                          void *ctx), void *ctx)
{
    struct xs *before = malloc(sizeof(*xs));
    int rc;

    memcpy(before, xs, sizeof(*xs));
    rc = body(xs, 1, ctx);
    if (rc == 0 && xs->conflicts > 0) {
        before->conflicts = xs->conflicts - 1;
        memcpy(xs, before, sizeof(*xs));
        rc = body(xs, 2, ctx);
    }
    if (rc != 0) {
        memcpy(xs, before, sizeof(*xs));
        xs->fail_at = -1;
    }
    free(before);
    return rc;
}

/* ---- fixtures ------------------------------------------------------------------------ */

int world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->xs.fail_at = -1;
    make(&w->xs, "/local/domain/0/name");
    make(&w->xs, "/tool/xenstored");
    def_init(&w->def);
    w->def.name = strdup("web");
    w->def.kernel = strdup("/boot/k");
    w->def.memory_kib = w->def.current_kib = 65536;
    w->def.max_vcpus = 2;
    w->def.cur_vcpus = 1;
    memset(w->def.uuid, 0xab, 16);
    *state = w;
    return 0;
}

int world_tear_down(void **state)
{
    struct world *w = *state;

    def_fini(&w->def);
    free(w);
    return 0;
}

int world_create(struct world *w)
{
    struct domain_entry entry = {
        .domid = DOMID, .def = &w->def, .store_mfn = 111, .store_port = 1,
        .console_mfn = 222, .console_port = 2,
    };

    return domain_entry_create(&w->xs, &entry, NULL);
}

void assert_value(struct world *w, const char *path, const char *value)
{
    struct node *n = find(&w->xs, path);

    if (n == NULL) {
        fail_msg("no %s", path);
    }
    assert_string_equal(n->value, value);
}
