/* SPDX-License-Identifier: MIT */
/*
 * Formats paths and removes trees.  Directories that exist only to hold others
 * go away with their last child, so a stopped domain leaves the store as it
 * found it.  Tests: tests/unit/toolstack/test_store.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/paths.h>
#include <string.h>

struct store_path store_path(const char *fmt, ...)
{
    struct store_path p;
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(p.s, sizeof(p.s), fmt, ap);
    va_end(ap);
    if (len < 0 || (size_t)len >= sizeof(p.s)) {
        abort();                       /* all parts are of bounded length */
    }
    return p;
}

bool store_parent(char *path)
{
    static const char *const keep[] = { "/local", PATH_DOMAINS,
                                        "/local/domain/0", "/tool" };
    char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path) {
        return false;
    }
    *slash = '\0';
    for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
        if (strcmp(path, keep[i]) == 0) {
            return false;
        }
    }
    return true;
}

static int remove_body(struct xs *xs, xs_txn_t txn, void *ctx)
{
    char path[STORE_PATH_ROOM];
    int rc = xs_rm(xs, txn, ctx);

    if (rc != 0) {
        return rc == -ENOENT ? 0 : rc;
    }
    snprintf(path, sizeof(path), "%s", (const char *)ctx);
    while (store_parent(path)) {
        char **names = NULL;
        size_t nr = 0;

        rc = xs_list(xs, txn, path, &names, &nr);
        free(names);
        if (rc != 0 || nr > 0) {
            break;
        }
        rc = xs_rm(xs, txn, path);
        if (rc != 0) {
            break;
        }
    }
    return rc == -ENOENT ? 0 : rc;
}

int store_remove(struct xs *xs, const char *path)
{
    return xs_txn_run(xs, remove_body, (void *)(uintptr_t)path);
}
