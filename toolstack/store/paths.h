/* SPDX-License-Identifier: MIT */
/*
 * store/paths.h - every path of the store that the toolstack uses.
 *
 * Owns    the spelling of paths, and removal that leaves no empty parent.
 * ABI     docs/misc/xenstore-paths of Xen: names that other tools read
 * Tests   tests/unit/toolstack/test_store.c
 */
#ifndef STORE_PATHS_H
#define STORE_PATHS_H

#include <client/xs.h>

#define STORE_PATH_ROOM 256

#define PATH_DOMAINS  "/local/domain"
#define PATH_DOMAIN   "/local/domain/%u"                 /* domid */
#define PATH_VM       "/vm/%s"                           /* uuid */
#define PATH_LIBXL    "/libxl/%u"                        /* domid */
#define PATH_BACKEND  "/local/domain/0/backend/%s/%u/%u" /* kind domid dev */
#define PATH_BACKENDS "/local/domain/0/backend/%s/%u"    /* kind domid */
#define PATH_EMULATOR "/local/domain/0/device-model/%u"  /* domid */
#define PATH_FRONTEND "/local/domain/%u/device/%s/%u"    /* domid kind dev */

/* A formatted path that is known to fit. */
struct store_path {
    char s[STORE_PATH_ROOM];
};
struct store_path store_path(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Remove @path and what is below it, then each parent that has no children
 * left, up to the domain's own directory.  0 also if it was absent.
 */
int store_remove(struct xs *xs, const char *path);

/* The parent to look at next, in place; false: stop here. */
bool store_parent(char *path);

#endif
