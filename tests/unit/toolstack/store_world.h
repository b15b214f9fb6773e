/* SPDX-License-Identifier: MIT */
/*
 * toolstack/store_world.h - a store in plain memory behind the client's
 * functions, and a domain in it, for tests of what the toolstack writes.
 */
#ifndef TEST_TOOLSTACK_STORE_WORLD_H
#define TEST_TOOLSTACK_STORE_WORLD_H

#include <client/xs.h>
#include <config/def.h>
#include <errno.h>
#include <lib/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <store/domain_entry.h>
#include <store/paths.h>
#include <string.h>
#include <cmocka.h>

#define MAX_NODES 256
#define DOMID     5u
#define UUID "abababab-abab-abab-abab-abababababab"
#define BASE_NODES 6u                  /* of world_set_up() */

struct node {
    char path[STORE_PATH_ROOM];
    char value[128];
    struct perm perms[2];
    size_t nr_perms;
};

struct xs {
    struct node node[MAX_NODES];
    size_t nr;
    int fail_at;                       /* nth change, -1: none */
    int conflicts;                     /* transactions that collide first */
    bool backend_closes;
};

struct world {
    struct xs xs;
    struct domain_def def;
};

struct node *find(struct xs *xs, const char *path);
struct node *make(struct xs *xs, const char *path);
int world_set_up(void **state);
int world_tear_down(void **state);
int world_create(struct world *w);
void assert_value(struct world *w, const char *path, const char *value);

#define IN_WORLD(f) \
    cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

#endif
