/* SPDX-License-Identifier: MIT */
/*
 * The main program of a backend process; the class of its devices is linked
 * in (blkd.c, netd.c; screend.c has two).
 *
 *   paravane-blkd --domid N [--backend-domid B] [--run-dir DIR]
 *                 [--plain-io] [--foreground] [--verbose]
 *   paravane-netd --domid N [--backend-domid B] [--run-dir DIR]
 *                 [--foreground] [--verbose]
 *   paravane-screend --domid N [--backend-domid B] [--run-dir DIR]
 *                 [--foreground] [--verbose]
 *   each with --sandbox: print what its serving processes may do, and end
 *
 * paravane-blkd serves every disk that the toolstack describes below
 * /local/domain/B/backend/qdisk/N (B is 0): frontend, frontend-id, params
 * ("aio:/path" or "/path"; raw files and block devices), mode ("r" or "w"),
 * online, state=1, and discard-enable (1 unless 0).
 *
 * paravane-netd serves every network card below
 * /local/domain/B/backend/tapnet/N: frontend, frontend-id, mac, handle,
 * online, state=1, bridge (the tap becomes its port) and vifname (the tap's
 * name, vifN.HANDLE if absent).  No hotplug script and no udev is needed.
 *
 * paravane-screend serves the frame buffer below .../backend/vfb/N and the
 * keyboard and pointer below .../backend/vkbd/N (docs/screen-path.md).
 *
 * Devices may come and go while it runs; it may be started before the first
 * one exists.
 *
 * It may be killed at any moment and started again with the same arguments:
 * connected devices go on where they were (docs/block-path.md).  SIGTERM
 * finishes what is in flight and leaves the states as they are, for a
 * successor.  It ends with status 0 when the directory above disappears.
 * It never goes to the background; lines go to standard error.
 *
 * Owns the set of devices; each is left to device.c.  Covered by the nested
 * boots.
 */
#include <back/backd.h>

#include <back/confine.h>
#include <back/device.h>
#include <client/xs.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define MAX_CLASSES 2

/* The devices of one class. */
struct set {
    struct back back;
    char base[96];
    struct device *devices;
    bool seen_any, gone;
    struct backd *owner;
};

struct backd {
    struct set sets[MAX_CLASSES];
    unsigned int nr;
    unsigned int backend_domid;
    char run_dir[128];
};

static struct device *find(struct set *b, unsigned int id)
{
    struct device *d;

    for (d = b->devices; d != NULL && d->id != id; d = d->next) {
    }
    return d;
}

static void remove_unseen(struct set *b)
{
    struct device **link = &b->devices;

    while (*link != NULL) {
        struct device *d = *link;

        if (d->seen) {
            link = &d->next;
            continue;
        }
        *link = d->next;
        log_info("d%u: %s %u is gone", b->back.domid, b->back.class->noun,
                 d->id);
        device_gone(d);
    }
}

static void note(struct set *b, const char *name)
{
    struct device *d;
    uint32_t id;

    if (keys_parse_u32(name, UINT32_MAX, &id) != 0) {
        return;
    }
    d = find(b, id);
    if (d == NULL) {
        d = device_new(&b->back, b->base, id);
        if (d == NULL) {
            return;
        }
        d->next = b->devices;
        b->devices = d;
    }
    d->seen = true;
}

/* Every class that had devices has none left, nor will have. */
static bool all_gone(const struct backd *b)
{
    unsigned int i;

    for (i = 0; i < b->nr; i++) {
        if (b->sets[i].seen_any && !b->sets[i].gone) {
            return false;
        }
    }
    return true;
}

static void scan(struct set *b)
{
    struct device *d;
    char **names;
    size_t nr, i;
    int rc = xs_list(b->back.xs, XS_TXN_NONE, b->base, &names, &nr);

    if (rc != 0 && rc != -ENOENT) {
        return;                   /* the store is away: nothing is known */
    }
    for (d = b->devices; d != NULL; d = d->next) {
        d->seen = false;
    }
    if (rc == 0) {
        b->seen_any = true;
        b->gone = false;
        for (i = 0; i < nr; i++) {
            note(b, names[i]);
        }
        free(names);
    }
    remove_unseen(b);
    b->gone = rc == -ENOENT;
    if (rc == -ENOENT && b->seen_any && all_gone(b->owner)) {
        evloop_stop(b->back.loop, 0);
    }
}

/* "<base>/<id>/<key>": one device; anything shorter: look at all. */
static void on_backend(void *ctx, const char *path)
{
    struct set *b = ctx;
    size_t len = strlen(b->base);
    struct device *d = NULL;
    const char *key = NULL;
    uint32_t id;
    char name[16];

    if (strncmp(path, b->base, len) == 0 && path[len] == '/') {
        key = strchr(path + len + 1, '/');
        if (key != NULL) {
            snprintf(name, sizeof(name), "%.*s",
                     (int)(key - (path + len + 1)), path + len + 1);
            if (keys_parse_u32(name, UINT32_MAX, &id) == 0) {
                d = find(b, id);
            }
        }
    }
    if (d != NULL) {
        device_key_changed(d, key + 1);
    } else {
        scan(b);
    }
}

static void on_store(void *arg, uint32_t events)
{
    xs_dispatch(((struct backd *)arg)->sets[0].back.xs);
}

static void on_signal(void *arg, int signo)
{
    evloop_stop(((struct backd *)arg)->sets[0].back.loop, 0);
}

static void make_dirs(char *path)
{
    char *p;

    for (p = path + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0755);
            *p = '/';
        }
    }
    mkdir(path, 0755);
}

static void print_sandbox(const struct confine *c)
{
    char text[1024];

    if (c != NULL) {
        confine_describe(c, text, sizeof(text));
        printf("%s\n", text);
    }
}

static void print_sandboxes(const struct backd *b)
{
    unsigned int i;

    for (i = 0; i < b->nr; i++) {
        print_sandbox(b->sets[i].back.class->sandbox);
        print_sandbox(b->sets[i].back.class->more_sandbox);
    }
    exit(0);
}

static int parse_args(struct backd *b, int argc, char **argv)
{
    static const struct option options[] = {
        { "domid", required_argument, NULL, 'd' },
        { "backend-domid", required_argument, NULL, 'b' },
        { "run-dir", required_argument, NULL, 'r' },
        { "plain-io", no_argument, NULL, 'p' },
        { "foreground", no_argument, NULL, 'f' },
        { "verbose", no_argument, NULL, 'v' },
        { "sandbox", no_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    enum log_level level = LOG_LVL_INFO;
    bool have_domid = false;
    int c, rc = 0;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1 && rc == 0) {
        switch (c) {
        case 'd':
            rc = keys_parse_u32(optarg, 0x7fef, &b->sets[0].back.domid);
            have_domid = rc == 0;
            break;
        case 'b':
            rc = keys_parse_u32(optarg, 0x7fef, &b->backend_domid);
            break;
        case 'r':
            snprintf(b->run_dir, sizeof(b->run_dir), "%s", optarg);
            break;
        case 'p':
            b->sets[0].back.plain_io = true;
            rc = b->sets[0].back.class->plain_io_option ? 0 : -EINVAL;
            break;
        case 'f':
            break;
        case 's':
            print_sandboxes(b);
            break;
        case 'v':
            level = LOG_LVL_DEBUG;
            break;
        default:
            rc = -EINVAL;
            break;
        }
    }
    log_init(b->sets[0].back.class->program, level, 0);
    return rc == 0 && have_domid && optind == argc ? 0 : ERR_USAGE;
}

static int open_all(struct backd *b, struct err *e)
{
    static const int signos[] = { SIGTERM, SIGINT, 0 };
    struct back *first = &b->sets[0].back;
    int rc;

    first->loop = evloop_new();
    rc = xs_open(&first->xs, 30000);
    if (first->loop == NULL || rc != 0) {
        return err_errno(e, rc != 0 ? rc : -ENOMEM, "cannot reach the store",
                         "xenstored");
    }
    if (evloop_add(first->loop, xs_fd(first->xs), EPOLLIN, on_store,
                   b) == NULL ||
        evloop_signal(first->loop, signos, on_signal, b) == NULL) {
        return err_errno(e, -errno, "cannot start", "event loop");
    }
    return 0;
}

static int start(struct backd *b, struct err *e)
{
    const struct back *first = &b->sets[0].back;
    int rc = open_all(b, e);
    struct xs_watch *w;
    unsigned int i;

    for (i = 0; i < b->nr && rc == 0; i++) {
        struct set *s = &b->sets[i];

        s->back.loop = first->loop;
        s->back.xs = first->xs;
        rc = xs_watch(first->xs, s->base, on_backend, s, &w);
        if (rc != 0) {
            err_errno(e, rc, "cannot watch", "%s", s->base);
        }
    }
    return rc;
}

static void name_paths(struct backd *b)
{
    unsigned int i;

    for (i = 0; i < b->nr; i++) {
        struct set *s = &b->sets[i];

        s->back.domid = b->sets[0].back.domid;
        s->back.run_dir = b->run_dir;
        snprintf(s->back.empty_dir, sizeof(s->back.empty_dir), "%s/empty",
                 b->run_dir);
        snprintf(s->base, sizeof(s->base), "/local/domain/%u/backend/%s/%u",
                 b->backend_domid, s->back.class->type, s->back.domid);
    }
}

static void free_devices(struct backd *b)
{
    unsigned int i;

    for (i = 0; i < b->nr; i++) {
        while (b->sets[i].devices != NULL) {
            struct device *d = b->sets[i].devices;

            b->sets[i].devices = d->next;
            device_free(d);
        }
    }
}

int backd_run(int argc, char **argv, const struct device_class *const *classes,
              void *shared)
{
    static struct backd b = { .run_dir = "/run/paravane/blk" };
    struct err e = ERR_INIT;
    int rc;

    for (; classes[b.nr] != NULL && b.nr < MAX_CLASSES; b.nr++) {
        b.sets[b.nr].back.class = classes[b.nr];
        b.sets[b.nr].back.shared = shared;
        b.sets[b.nr].owner = &b;
    }
    rc = parse_args(&b, argc, argv);
    if (rc != 0) {
        fprintf(stderr, "usage: %s --domid N [--backend-domid B] [--run-dir "
                "DIR] %s[--foreground] [--verbose]\n", classes[0]->program,
                classes[0]->plain_io_option ? "[--plain-io] " : "");
        return rc;
    }
    make_dirs(b.run_dir);
    name_paths(&b);
    if (start(&b, &e) != 0) {
        log_errval(&e);
        return err_exit_status(&e);
    }
    rc = evloop_run(b.sets[0].back.loop);
    free_devices(&b);
    xs_close(b.sets[0].back.xs);
    evloop_free(b.sets[0].back.loop);
    return rc < 0 ? ERR_FAILED : rc;
}

int backd_main(int argc, char **argv, const struct device_class *class)
{
    const struct device_class *const classes[] = { class, NULL };

    return backd_run(argc, argv, classes, NULL);
}
