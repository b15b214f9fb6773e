/* SPDX-License-Identifier: MIT */
/*
 * consoled - the console daemon: what every guest prints goes to a log file
 * from the first byte, to a terminal (console/tty in the store, for stock
 * xenconsole) and to the viewers of /run/paravane/console/<domid>.sock.
 *
 * It may be killed at any moment and started again: output stays in the
 * guest's ring until it is in the log, no byte is logged twice, event channels
 * bind again, terminals are made anew.  Owns the set of guests and their mappings; one guest's bytes
 * are left to console_guest, the hypervisor's own log to console_hv.
 *
 *   consoled [--foreground] [--log-dir DIR] [--run-dir DIR] [--verbose]
 *
 * Logs: DIR/guest-NAME.log, DIR/hypervisor.log (/var/log/xen/console).
 * Covered by tests/unit/services/test_console.c and the nested boots.
 */
#include <client/xs.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/evtchn.h>
#include <lib/foreign.h>
#include <lib/gnttab.h>
#include <lib/log.h>
#include <services/console_guest.h>
#include <services/console_hv.h>
#include <services/console_view.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define MAX_DOMAINS 512u

struct guest {
    struct console_guest con;
    struct daemon *d;
    struct guest *next;
    bool has_view;                /* con is initialised */
    bool throttled;               /* its port stays masked until a refill */
    bool seen;                    /* in the last list of domains */
    struct gnttab_map map;
    bool foreign;                 /* mapped by frame, not by grant */
    uint32_t remote_port;
    evtchn_local_t port;          /* 0: not bound */
    struct xs_watch *watch;
};

struct daemon {
    struct evloop *loop;
    struct xs *xs;
    struct hyp *hyp;
    int evtchn_fd;
    int gnttab_fd;
    struct ev_source *refill;
    bool refill_armed;
    struct guest *guests;
    struct console_hv hv;
    char log_dir[128];
    char run_dir[128];
};

static void notify_guest(void *arg)
{
    struct guest *g = arg;

    evtchn_notify(g->d->evtchn_fd, g->port);
}

static int read_u64(struct daemon *d, unsigned int domid, const char *key,
                    uint64_t *value)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, key);
    return xs_read_number(d->xs, XS_TXN_NONE, path, value);
}

/* ---- attach and detach -------------------------------------------------------- */

static int map_ring(struct guest *g)
{
    struct daemon *d = g->d;
    uint32_t ref = GNTTAB_RESERVED_CONSOLE;
    uint64_t frame;
    void *page;
    int rc;

    g->foreign = false;
    rc = gnttab_map(d->gnttab_fd, g->con.domid, &ref, 1,
                    PROT_READ | PROT_WRITE, &g->map);
    if (rc == 0) {
        return 0;
    }
    if (read_u64(d, g->con.domid, "console/ring-ref", &frame) != 0) {
        return rc;
    }
    page = foreign_map(d->hyp, g->con.domid, PROT_READ | PROT_WRITE, &frame, 1,
                       NULL);
    if (page == NULL) {
        return -errno;
    }
    g->map = (struct gnttab_map){ .addr = page, .count = 1 };
    g->foreign = true;
    return 0;
}

static void unmap_ring(struct guest *g)
{
    g->con.ring = NULL;
    if (g->foreign && g->map.addr != NULL) {
        foreign_unmap(g->map.addr, 1);
        g->map.addr = NULL;
    } else {
        gnttab_unmap(g->d->gnttab_fd, &g->map);
    }
}

static void detach(struct guest *g)
{
    if (g->port != 0) {
        console_guest_refill(&g->con);
        console_guest_run(&g->con);           /* its last words */
        evtchn_unbind(g->d->evtchn_fd, g->port);
        g->port = 0;
    }
    unmap_ring(g);
}

static int open_view(struct guest *g)
{
    struct daemon *d = g->d;
    char path[64], log_path[256], sock[192], name[64];
    char *value = NULL;
    struct err e = ERR_INIT;

    snprintf(path, sizeof(path), "/local/domain/%u/name", g->con.domid);
    snprintf(name, sizeof(name), "domain-%u", g->con.domid);
    if (xs_read(d->xs, XS_TXN_NONE, path, &value, NULL) == 0) {
        if (value[0] != '\0') {
            console_guest_file_name(value, name, sizeof(name));
        }
        free(value);
    }
    snprintf(log_path, sizeof(log_path), "%s/guest-%s.log", d->log_dir, name);
    snprintf(sock, sizeof(sock), "%s/%u.sock", d->run_dir, g->con.domid);
    if (console_guest_init(&g->con, d->loop, g->con.domid, log_path, sock,
                           &e) != 0) {
        log_errval(&e);
        return -EIO;
    }
    g->has_view = true;
    g->con.notify = notify_guest;
    g->con.notify_arg = g;
    return 0;
}

static void publish_tty(struct guest *g)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/console/tty",
             g->con.domid);
    if (xs_write_string(g->d->xs, XS_TXN_NONE, path,
                        console_view_tty(g->con.view)) != 0) {
        log_warn("d%u: console/tty could not be written", g->con.domid);
    }
}

static void arm_refill(struct daemon *d)
{
    if (!d->refill_armed) {
        evloop_timer_set(d->refill, CONSOLE_PERIOD_NS, 0);
        d->refill_armed = true;
    }
}

/* Move bytes; unmask the port unless the guest has used up its budget. */
static void serve(struct guest *g)
{
    g->throttled = !console_guest_run(&g->con);
    if (!g->throttled) {
        evtchn_unmask(g->d->evtchn_fd, g->port);
    }
    if (g->con.budget < CONSOLE_PERIOD_BYTES) {
        arm_refill(g->d);
    }
}

/* Attach once the toolstack has written the port; again when it changes. */
static void attach(struct guest *g)
{
    struct daemon *d = g->d;
    uint64_t port;
    int rc;

    if (read_u64(d, g->con.domid, "console/port", &port) != 0 || port == 0 ||
        (g->port != 0 && g->remote_port == port)) {
        return;
    }
    detach(g);
    if (!g->has_view && open_view(g) != 0) {
        return;
    }
    rc = map_ring(g);
    if (rc != 0) {
        log_debug("d%u: console ring not mapped yet: %s", g->con.domid,
                  strerror(-rc));
        return;
    }
    rc = evtchn_bind_interdomain(d->evtchn_fd, g->con.domid, (uint32_t)port,
                                 &g->port);
    if (rc != 0) {
        log_warn("d%u: console port %u not bound: %s", g->con.domid,
                 (unsigned int)port, strerror(-rc));
        g->port = 0;
        unmap_ring(g);
        return;
    }
    g->remote_port = (uint32_t)port;
    console_guest_attach(&g->con, g->map.addr);
    publish_tty(g);
    log_info("d%u: console on %s", g->con.domid,
             console_view_tty(g->con.view));
    serve(g);
    evtchn_notify(d->evtchn_fd, g->port);
}

static void on_console_keys(void *ctx, const char *path)
{
    attach(ctx);
}

/* ---- the set of guests ---------------------------------------------------------- */

static struct guest *find_guest(struct daemon *d, unsigned int domid)
{
    struct guest *g;

    for (g = d->guests; g != NULL && g->con.domid != domid; g = g->next) {
    }
    return g;
}

static void add_guest(struct daemon *d, unsigned int domid)
{
    struct guest *g = calloc(1, sizeof(*g));
    char path[64];

    if (g == NULL) {
        return;
    }
    g->d = d;
    g->con.domid = domid;
    g->seen = true;
    g->next = d->guests;
    d->guests = g;
    snprintf(path, sizeof(path), "/local/domain/%u/console/port", domid);
    if (xs_watch(d->xs, path, on_console_keys, g, &g->watch) != 0) {
        log_warn("d%u: no watch on its console", domid);
    }
    attach(g);
}

static void remove_guest(struct daemon *d, struct guest *g)
{
    struct guest **link = &d->guests;

    while (*link != g) {
        link = &(*link)->next;
    }
    *link = g->next;
    xs_unwatch(g->watch);
    detach(g);
    if (g->has_view) {
        console_guest_fini(&g->con);
    }
    free(g);
}

static void note_domain(struct daemon *d,
                        const struct xen_domctl_getdomaininfo *info)
{
    struct guest *g = find_guest(d, info->domain);

    if (info->domain == 0 || (info->flags & XEN_DOMINF_dying) != 0) {
        return;
    }
    if (g == NULL) {
        add_guest(d, info->domain);
    } else {
        g->seen = true;
        attach(g);                /* its console may have appeared since */
    }
}

static void scan_domains(void *ctx, const char *path)
{
    struct daemon *d = ctx;
    struct xen_domctl_getdomaininfo info[16];
    struct guest *g, *next;
    unsigned int first = 0;
    int n, i;

    for (g = d->guests; g != NULL; g = g->next) {
        g->seen = false;
    }
    do {
        n = ctl_domain_list(d->hyp, first, info, 16);
        for (i = 0; i < n; i++) {
            note_domain(d, &info[i]);
            first = info[i].domain + 1u;
        }
    } while (n == 16 && first < DOMID_FIRST_RESERVED);
    for (g = d->guests; g != NULL; g = next) {
        next = g->next;
        if (!g->seen) {
            remove_guest(d, g);
        }
    }
}

/* ---- events ---------------------------------------------------------------------- */

static void on_port(struct daemon *d, evtchn_local_t port)
{
    struct guest *g;

    if (port == d->hv.port) {
        console_hv_drain(&d->hv);
        evtchn_unmask(d->evtchn_fd, port);
        return;
    }
    for (g = d->guests; g != NULL; g = g->next) {
        if (g->port == port) {
            serve(g);
            return;
        }
    }
}

static void on_evtchn(void *arg, uint32_t events)
{
    struct daemon *d = arg;
    evtchn_local_t ports[64];
    int n = evtchn_pending(d->evtchn_fd, ports, 64);
    struct guest *g;
    int i;

    for (i = 0; i < n; i++) {
        on_port(d, ports[i]);
    }
    if (n == -EFBIG) {            /* events were lost: look at everybody */
        for (g = d->guests; g != NULL; g = g->next) {
            serve(g);
        }
        console_hv_drain(&d->hv);
    }
}

static void on_refill(void *arg)
{
    struct daemon *d = arg;
    struct guest *g;

    d->refill_armed = false;
    for (g = d->guests; g != NULL; g = g->next) {
        console_guest_refill(&g->con);
        if (g->throttled) {
            serve(g);
        }
    }
}

static void on_store(void *arg, uint32_t events)
{
    xs_dispatch(((struct daemon *)arg)->xs);
}

static void on_signal(void *arg, int signo)
{
    struct daemon *d = arg;

    evloop_stop(d->loop, 0);
}

/* ---- set-up ------------------------------------------------------------------------ */

static int open_devices(struct daemon *d, struct err *e)
{
    int rc;

    d->hyp = hyp_open(e);
    if (d->hyp == NULL) {
        return -ENODEV;
    }
    d->evtchn_fd = evtchn_open(e);
    d->gnttab_fd = gnttab_open(e);
    if (d->evtchn_fd < 0 || d->gnttab_fd < 0) {
        return -ENODEV;
    }
    rc = xs_open(&d->xs, 30000);
    if (rc != 0) {
        return err_errno(e, rc, "cannot reach the store", "xenstored");
    }
    return 0;
}

static int start_events(struct daemon *d, struct err *e)
{
    static const int signos[] = { SIGTERM, SIGINT, 0 };
    struct xs_watch *w;

    d->refill = evloop_timer(d->loop, on_refill, d);
    if (d->refill == NULL ||
        evloop_add(d->loop, d->evtchn_fd, EPOLLIN, on_evtchn, d) == NULL ||
        evloop_add(d->loop, xs_fd(d->xs), EPOLLIN, on_store, d) == NULL ||
        evloop_signal(d->loop, signos, on_signal, d) == NULL) {
        return err_errno(e, -errno, "cannot start", "event loop");
    }
    if (xs_watch(d->xs, "@introduceDomain", scan_domains, d, &w) != 0 ||
        xs_watch(d->xs, "@releaseDomain", scan_domains, d, &w) != 0) {
        return err_set(e, -EIO, ERR_FAILED, "cannot watch domains", NULL,
                       "the store refused the watch");
    }
    return 0;
}

static void make_dirs(const char *path)
{
    char part[160];
    size_t i;

    for (i = 1; path[i - 1] != '\0' && i < sizeof(part); i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            mkdir(part, 0755);
        }
    }
}

static int parse_args(struct daemon *d, int argc, char **argv)
{
    static const struct option options[] = {
        { "foreground", no_argument, NULL, 'f' },
        { "log-dir", required_argument, NULL, 'l' },
        { "run-dir", required_argument, NULL, 'r' },
        { "verbose", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    enum log_level level = LOG_LVL_INFO;
    int c;

    while ((c = getopt_long(argc, argv, "f", options, NULL)) != -1) {
        switch (c) {
        case 'f':
            break;                /* it never goes to the background */
        case 'l':
            snprintf(d->log_dir, sizeof(d->log_dir), "%s", optarg);
            break;
        case 'r':
            snprintf(d->run_dir, sizeof(d->run_dir), "%s", optarg);
            break;
        case 'v':
            level = LOG_LVL_DEBUG;
            break;
        default:
            return ERR_USAGE;
        }
    }
    log_init("consoled", level, 0);
    return 0;
}

int main(int argc, char **argv)
{
    static struct daemon d = {
        .log_dir = "/var/log/xen/console", .run_dir = "/run/paravane/console",
        .evtchn_fd = -1, .gnttab_fd = -1,
    };
    struct err e = ERR_INIT;
    int rc = parse_args(&d, argc, argv);

    if (rc != 0) {
        return rc;
    }
    make_dirs(d.log_dir);
    make_dirs(d.run_dir);
    d.loop = evloop_new();
    if (d.loop == NULL || open_devices(&d, &e) != 0) {
        log_errval(&e);
        return err_exit_status(&e);
    }
    console_hv_init(&d.hv, d.hyp, d.evtchn_fd, d.log_dir, d.run_dir);
    if (start_events(&d, &e) != 0) {
        log_errval(&e);
        return err_exit_status(&e);
    }
    rc = evloop_run(d.loop);
    while (d.guests != NULL) {
        remove_guest(&d, d.guests);
    }
    console_hv_fini(&d.hv);
    xs_close(d.xs);
    evloop_free(d.loop);
    hyp_close(d.hyp);
    return rc < 0 ? ERR_FAILED : rc;
}
