/* SPDX-License-Identifier: MIT */
/*
 * xs: the store from the command line.  One function per command; the calls
 * themselves are in xs.c.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <client/xs.h>

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "usage: xs COMMAND [options] ...\n"
    "  ls [-p] [PATH]           all nodes below PATH with their values\n"
    "  list PATH                names of the children\n"
    "  read PATH...             values\n"
    "  write PATH VALUE ...     values, all or none of them\n"
    "  mkdir PATH...            empty nodes\n"
    "  rm PATH...               nodes with all below\n"
    "  exists PATH              status 0: it does\n"
    "  chmod PATH PERM...       n, r, w or b and a domain id; owner first\n"
    "  perms PATH               the same, read\n"
    "  watch [-n COUNT] PATH... changed paths, until COUNT were seen\n"
    "  control WORD...          talk to the daemon: help lists words\n"
    "Status: 0, 1 failed, 2 usage, 3 not found, 7 not permitted, 8 timeout.\n";

static int complain(const char *what, const char *path, int rc)
{
    fprintf(stderr, "xs: cannot %s: %s: %s\n", what, path, strerror(-rc));
    switch (-rc) {
    case ENOENT:    return 3;
    case EACCES:
    case EPERM:     return 7;
    case ETIMEDOUT: return 8;
    default:        return 1;
    }
}

/* Values may hold anything; what does not print appears as \xNN. */
static void print_escaped(const char *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c == '\\' || c == '"') {
            printf("\\%c", c);
        } else if (isprint(c)) {
            putchar(c);
        } else {
            printf("\\x%02x", c);
        }
    }
}

static void print_perms(const struct perm *perms, size_t nr)
{
    char text[WIRE_PERM_TEXT_MAX];
    size_t i;

    for (i = 0; i < nr; i++) {
        wire_format_perm(&perms[i], text);
        printf("%s%s", i == 0 ? "" : ",", text);
    }
}

/* ---- ls ----------------------------------------------------------------- */

/* A path still to be listed; a stack, so that depth costs no recursion. */
struct pending {
    struct pending *next;
    unsigned int depth;
    char path[];
};

static int push(struct pending **stack, const char *dir, const char *name,
                unsigned int depth)
{
    size_t len = strlen(dir) + strlen(name) + 2;
    struct pending *t = malloc(sizeof(*t) + len);

    if (t == NULL) {
        return -ENOMEM;
    }
    t->depth = depth;
    if (name[0] == '\0') {
        strcpy(t->path, dir);
    } else {
        snprintf(t->path, len, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir,
                 name);
    }
    t->next = *stack;
    *stack = t;
    return 0;
}

static int ls_print(struct xs *xs, const struct pending *t, bool perms)
{
    const char *name = strrchr(t->path, '/');
    struct perm *list;
    char *value;
    size_t len, nr;
    int rc = xs_read(xs, XS_TXN_NONE, t->path, &value, &len);

    if (rc != 0) {
        return rc;
    }
    printf("%*s%s = \"", (int)(t->depth - 1), "",
           name == NULL ? t->path : name + 1);
    print_escaped(value, len);
    printf("\"");
    free(value);
    if (perms && xs_get_perms(xs, XS_TXN_NONE, t->path, &list, &nr) == 0) {
        printf("   (");
        print_perms(list, nr);
        printf(")");
        free(list);
    }
    printf("\n");
    return 0;
}

static int ls_one(struct xs *xs, struct pending **stack, struct pending *t,
                  bool perms)
{
    char **names;
    size_t nr;
    int rc = t->depth == 0 ? 0 : ls_print(xs, t, perms);

    if (rc == 0) {
        rc = xs_list(xs, XS_TXN_NONE, t->path, &names, &nr);
    }
    if (rc != 0) {
        return rc;
    }
    while (nr > 0 && rc == 0) {       /* the first name ends on top */
        rc = push(stack, t->path, names[--nr], t->depth + 1);
    }
    free(names);
    return rc;
}

static int cmd_ls(struct xs *xs, int argc, char **argv)
{
    struct pending *stack = NULL;
    bool perms = false;
    int c, status = 0, rc;

    while ((c = getopt(argc, argv, "p")) != -1) {
        if (c != 'p') {
            return 2;
        }
        perms = true;
    }
    rc = push(&stack, optind < argc ? argv[optind] : "/", "", 0);
    while (stack != NULL) {
        struct pending *t = stack;

        stack = t->next;
        if (rc == 0) {
            rc = ls_one(xs, &stack, t, perms);
            /* A node may go while we walk; the first must be there. */
            if (rc == -ENOENT && t->depth > 0) {
                rc = 0;
            }
            if (rc != 0) {
                status = complain("list", t->path, rc);
            }
        }
        free(t);
    }
    return status;
}

/* ---- the other commands ------------------------------------------------- */

static int cmd_list(struct xs *xs, int argc, char **argv)
{
    char **names;
    size_t nr, i;
    int rc;

    if (argc != 2) {
        return 2;
    }
    rc = xs_list(xs, XS_TXN_NONE, argv[1], &names, &nr);
    if (rc != 0) {
        return complain("list", argv[1], rc);
    }
    for (i = 0; i < nr; i++) {
        puts(names[i]);
    }
    free(names);
    return 0;
}

static int cmd_read(struct xs *xs, int argc, char **argv)
{
    int i;

    if (argc < 2) {
        return 2;
    }
    for (i = 1; i < argc; i++) {
        char *value;
        size_t len;
        int rc = xs_read(xs, XS_TXN_NONE, argv[i], &value, &len);

        if (rc != 0) {
            return complain("read", argv[i], rc);
        }
        fwrite(value, 1, len, stdout);
        putchar('\n');
        free(value);
    }
    return 0;
}

static int write_pairs(struct xs *xs, xs_txn_t txn, void *ctx)
{
    char **pair;

    for (pair = ctx; *pair != NULL; pair += 2) {
        int rc = xs_write_string(xs, txn, pair[0], pair[1]);

        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int cmd_write(struct xs *xs, int argc, char **argv)
{
    int rc;

    if (argc < 3 || argc % 2 == 0) {
        return 2;
    }
    rc = argc == 3 ? write_pairs(xs, XS_TXN_NONE, argv + 1) :
                     xs_txn_run(xs, write_pairs, argv + 1);
    return rc != 0 ? complain("write", argv[1], rc) : 0;
}

static int each(struct xs *xs, int argc, char **argv, const char *what,
                int (*fn)(struct xs *, xs_txn_t, const char *))
{
    int i;

    if (argc < 2) {
        return 2;
    }
    for (i = 1; i < argc; i++) {
        int rc = fn(xs, XS_TXN_NONE, argv[i]);

        if (rc != 0) {
            return complain(what, argv[i], rc);
        }
    }
    return 0;
}

static int cmd_mkdir(struct xs *xs, int argc, char **argv)
{
    return each(xs, argc, argv, "make", xs_mkdir);
}

static int cmd_rm(struct xs *xs, int argc, char **argv)
{
    return each(xs, argc, argv, "remove", xs_rm);
}

static int cmd_exists(struct xs *xs, int argc, char **argv)
{
    char *value;
    int rc;

    if (argc != 2) {
        return 2;
    }
    rc = xs_read(xs, XS_TXN_NONE, argv[1], &value, NULL);
    if (rc == 0) {
        free(value);
        return 0;
    }
    return rc == -ENOENT ? 3 : complain("read", argv[1], rc);
}

static int cmd_chmod(struct xs *xs, int argc, char **argv)
{
    struct perm perms[64];
    int i, rc;

    if (argc < 3 || argc - 2 > 64) {
        return 2;
    }
    for (i = 2; i < argc; i++) {
        if (wire_parse_perm(argv[i], &perms[i - 2]) != 0) {
            fprintf(stderr, "xs: not a permission: %s\n", argv[i]);
            return 2;
        }
    }
    rc = xs_set_perms(xs, XS_TXN_NONE, argv[1], perms, (size_t)argc - 2);
    return rc != 0 ? complain("change", argv[1], rc) : 0;
}

static int cmd_perms(struct xs *xs, int argc, char **argv)
{
    struct perm *perms;
    size_t nr;
    int rc;

    if (argc != 2) {
        return 2;
    }
    rc = xs_get_perms(xs, XS_TXN_NONE, argv[1], &perms, &nr);
    if (rc != 0) {
        return complain("read", argv[1], rc);
    }
    print_perms(perms, nr);
    putchar('\n');
    free(perms);
    return 0;
}

static void on_event(void *ctx, const char *path)
{
    long *left = ctx;

    if (*left != 0) {
        puts(path);
        fflush(stdout);
        *left -= *left > 0;
    }
}

static int cmd_watch(struct xs *xs, int argc, char **argv)
{
    long left = -1;
    int c, rc = 0;

    while ((c = getopt(argc, argv, "n:")) != -1) {
        if (c != 'n') {
            return 2;
        }
        left = atol(optarg);
    }
    if (optind >= argc) {
        return 2;
    }
    for (; optind < argc; optind++) {
        struct xs_watch *watch;

        rc = xs_watch(xs, argv[optind], on_event, &left, &watch);
        if (rc != 0) {
            return complain("watch", argv[optind], rc);
        }
    }
    while (rc == 0 && left != 0) {
        rc = xs_wait(xs, -1);
        if (rc == 0) {
            rc = xs_dispatch(xs);
        }
    }
    return rc != 0 ? complain("wait for", "events", rc) : 0;
}

static int cmd_control(struct xs *xs, int argc, char **argv)
{
    char *reply;
    int rc;

    if (argc < 2) {
        return 2;
    }
    rc = xs_control(xs, (const char *const *)argv + 1, (size_t)argc - 1,
                    &reply);
    if (rc != 0) {
        return complain("control", argv[1], rc);
    }
    puts(reply);
    free(reply);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct xs *xs, int argc, char **argv);
} commands[] = {
    { "chmod",   cmd_chmod },   { "control", cmd_control },
    { "exists",  cmd_exists },  { "list",    cmd_list },
    { "ls",      cmd_ls },      { "mkdir",   cmd_mkdir },
    { "perms",   cmd_perms },   { "read",    cmd_read },
    { "rm",      cmd_rm },      { "watch",   cmd_watch },
    { "write",   cmd_write },
};

static int run(int (*fn)(struct xs *, int, char **), int argc, char **argv)
{
    struct xs *xs;
    int status;
    int rc = xs_open(&xs, 0);

    if (rc != 0) {
        return complain("reach", "the store", rc);
    }
    status = fn(xs, argc, argv);
    xs_close(xs);
    if (status == 2) {
        fputs(usage_text, stderr);
    }
    return status;
}

int main(int argc, char **argv)
{
    size_t i;

    for (i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]);
         i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return run(commands[i].run, argc - 1, argv + 1);
        }
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage_text, stdout);
        return 0;
    }
    fputs(usage_text, stderr);
    return 2;
}
