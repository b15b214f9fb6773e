/* SPDX-License-Identifier: MIT */
/*
 * vmctl store ls, read, write, rm, watch: the store by hand.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmctl/cmd.h>

#define DEPTH_MAX 64u
#define ROOM      4096u

static int failed(int rc, const char *path, struct err *e)
{
    return rc == 0 ? 0
           : rc == -ENOENT ? err_set(e, rc, ERR_NOT_FOUND, "no such node",
                                     path, "see: vmctl store ls")
                           : err_errno(e, rc, "the store refuses", "%s", path);
}

/* As a line of text: bytes that would disturb it as \xNN. */
static void print_value(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char b = (unsigned char)value[i];

        if (b < 32 || b == 127 || b == '\\') {
            printf("\\x%02x", b);
        } else {
            putchar(b);
        }
    }
}

/* ---- ls ---------------------------------------------------------------------- */

static void print_node(struct ctl *c, const char *path, json_object *items)
{
    char *value = NULL;
    size_t len = 0;
    json_object *o;

    if (xs_read(c->xs, XS_TXN_NONE, path, &value, &len) != 0) {
        return;                        /* removed while we looked */
    }
    if (items != NULL) {
        o = json_object_new_object();
        out_add(o, "path", path);
        out_add(o, "value", value);
        json_object_array_add(items, o);
    } else {
        printf("%s", path);
        if (len > 0) {
            printf(" = ");
            print_value(value, len);
        }
        putchar('\n');
    }
    free(value);
}

static int list(struct ctl *c, const char *path, unsigned int depth,
                json_object *items)
{
    char **names = NULL, below[ROOM];
    size_t nr = 0;
    int rc = xs_list(c->xs, XS_TXN_NONE, path, &names, &nr);

    for (size_t i = 0; rc == 0 && i < nr; i++) {
        snprintf(below, sizeof(below), "%s%s%s", path,
                 path[strlen(path) - 1] == '/' ? "" : "/", names[i]);
        print_node(c, below, items);
        if (depth > 0) {
            rc = list(c, below, depth - 1, items);
            rc = rc == -ENOENT ? 0 : rc;
        }
    }
    free(names);
    return rc;
}

static int store_ls(struct ctl *c, int argc, char **argv, struct err *e)
{
    const char *path = argc > 0 ? argv[0] : "/";
    json_object *items = c->json ? json_object_new_array() : NULL, *o;
    int rc = failed(list(c, path, DEPTH_MAX, items), path, e);

    if (rc == 0 && c->json) {
        o = out_object("StoreList");
        json_object_object_add(o, "items", items);
        out_json(o);
    }
    return rc;
}

/* ---- read, write, rm ----------------------------------------------------------- */

static int store_read(struct ctl *c, int argc, char **argv, struct err *e)
{
    char *value = NULL;
    size_t len = 0;
    json_object *o;
    int rc = failed(xs_read(c->xs, XS_TXN_NONE, argv[0], &value, &len),
                    argv[0], e);

    if (rc == 0 && c->json) {
        o = out_object("StoreNode");
        out_add(o, "path", argv[0]);
        out_add(o, "value", value);
        out_json(o);
    } else if (rc == 0) {
        print_value(value, len);
        putchar('\n');
    }
    free(value);
    return rc;
}

static int store_write(struct ctl *c, int argc, char **argv, struct err *e)
{
    return failed(xs_write_string(c->xs, XS_TXN_NONE, argv[0], argv[1]),
                  argv[0], e);
}

static int store_rm(struct ctl *c, int argc, char **argv, struct err *e)
{
    return failed(xs_rm(c->xs, XS_TXN_NONE, argv[0]), argv[0], e);
}

/* ---- watch --------------------------------------------------------------------- */

static void changed(void *arg, const char *path)
{
    struct ctl *c = arg;
    json_object *o;

    if (c->json) {
        o = out_object("StoreChange");
        out_add(o, "path", path);
        out_json(o);
    } else {
        printf("%s\n", path);
    }
    fflush(stdout);
}

static int store_watch(struct ctl *c, int argc, char **argv, struct err *e)
{
    time_t end = time(NULL) + (time_t)c->timeout_s;
    struct xs_watch *watch = NULL;
    int rc = failed(xs_watch(c->xs, argv[0], changed, c, &watch), argv[0], e);

    while (rc == 0 && (c->timeout_s == 0 || time(NULL) < end)) {
        int left = c->timeout_s == 0 ? -1 : (int)(end - time(NULL)) * 1000;

        xs_wait(c->xs, left);
        rc = xs_dispatch(c->xs) < 0 ? failed(-EPIPE, argv[0], e) : 0;
    }
    xs_unwatch(watch);
    return rc;
}

static const struct word {
    const char *name;
    int min, max;
    verb_fn *run;
} store_words[] = {
    { "ls", 0, 1, store_ls },       { "read", 1, 1, store_read },
    { "write", 2, 2, store_write }, { "rm", 1, 1, store_rm },
    { "watch", 1, 1, store_watch },
};

int cmd_store(struct ctl *c, int argc, char **argv, struct err *e)
{
    int rc;

    for (size_t i = 0; i < sizeof(store_words) / sizeof(store_words[0]);
         i++) {
        const struct word *w = &store_words[i];

        if (strcmp(w->name, argv[0]) == 0 && argc - 1 >= w->min &&
            argc - 1 <= w->max) {
            rc = c->xs == NULL ? xs_open(&c->xs, 3000) : 0;
            return rc == 0 ? w->run(c, argc - 1, argv + 1, e)
                           : err_set(e, rc, ERR_FAILED, "cannot reach the "
                                     "store", NULL, "%s; is xenstored "
                                     "running?", strerror(-rc));
        }
    }
    return err_set(e, -EINVAL, ERR_USAGE, "not a use of the store", argv[0],
                   "ls [PATH], read PATH, write PATH VALUE, rm PATH, watch "
                   "PATH");
}
