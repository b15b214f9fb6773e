/* SPDX-License-Identifier: MIT */
/*
 * xenstored from its options to its loop.  Everything the loop does is
 * server_round() in client.c.
 * Tests: tests/unit/store/test_daemon.c; nested boots
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>
#include <server/daemon.h>
#include <server/domain.h>
#include <server/state.h>

#define DEFAULT_RUNDIR "/run/xenstored"
#define ACCEPT_PAUSE_NS 100000000u    /* without descriptors: try later */

struct options {
    const char *pid_file;
    const char *state_dir;
    const char *socket;
    char *rundir;
    bool foreground, domains, keep, init_dom0, trace;
};

static const char usage_text[] =
    "usage: xenstored [options]\n"
    "  -F, --foreground      stay on the terminal, log to standard error\n"
    "  -p, --pid-file FILE   write the process id there\n"
    "  -s, --state-dir DIR   where the journal is kept (default: run dir)\n"
    "      --no-state        keep nothing: a restart begins empty\n"
    "      --no-domains      sockets only, no hypervisor\n"
    "      --init-dom0       write the nodes of xen-init-dom0\n"
    "  -v, --trace           log every request\n"
    "  -h, --help            this text\n"
    "The socket is $XENSTORED_PATH, or socket in $XENSTORED_RUNDIR\n"
    "(" DEFAULT_RUNDIR ").\n";

enum { OPT_NO_DOMAINS = 256, OPT_NO_STATE, OPT_INIT_DOM0 };

static const struct option long_options[] = {
    { "foreground", no_argument,       NULL, 'F' },
    { "pid-file",   required_argument, NULL, 'p' },
    { "state-dir",  required_argument, NULL, 's' },
    { "no-state",   no_argument,       NULL, OPT_NO_STATE },
    { "no-domains", no_argument,       NULL, OPT_NO_DOMAINS },
    { "init-dom0",  no_argument,       NULL, OPT_INIT_DOM0 },
    { "trace",      no_argument,       NULL, 'v' },
    { "help",       no_argument,       NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static void parse_options(struct options *o, int argc, char **argv)
{
    int c;

    *o = (struct options){ .domains = true, .keep = true };
    while ((c = getopt_long(argc, argv, "Fp:s:vh", long_options,
                            NULL)) != -1) {
        switch (c) {
        case 'F': o->foreground = true; break;
        case 'p': o->pid_file = optarg; break;
        case 's': o->state_dir = optarg; break;
        case 'v': o->trace = true; break;
        case OPT_NO_STATE: o->keep = false; break;
        case OPT_NO_DOMAINS: o->domains = false; break;
        case OPT_INIT_DOM0: o->init_dom0 = true; break;
        case 'h':
            fputs(usage_text, stdout);
            exit(0);
        default:
            fputs(usage_text, stderr);
            exit(ERR_USAGE);
        }
    }
    if (optind != argc) {
        fputs(usage_text, stderr);
        exit(ERR_USAGE);
    }
}

/* ---- files -------------------------------------------------------------- */

static int find_paths(struct options *o, struct err *e)
{
    const char *dir = getenv("XENSTORED_RUNDIR");
    const char *path = getenv("XENSTORED_PATH");
    char *socket_path;

    o->rundir = strdup(dir != NULL ? dir : DEFAULT_RUNDIR);
    if (o->rundir == NULL ||
        asprintf(&socket_path, "%s/socket", o->rundir) < 0) {
        return err_errno(e, -ENOMEM, "cannot start", "%s", "xenstored");
    }
    o->socket = path != NULL ? path : socket_path;
    if (o->state_dir == NULL) {
        o->state_dir = o->rundir;
    }
    if (mkdir(o->rundir, 0755) != 0 && errno != EEXIST) {
        return err_errno(e, -errno, "cannot make the run directory", "%s",
                         o->rundir);
    }
    return 0;
}

/* Held as long as the process lives: one store per directory. */
static int take_lock(const char *dir, struct err *e)
{
    char *path;
    int fd, rc;

    if (asprintf(&path, "%s/xenstored.lock", dir) < 0) {
        return err_errno(e, -ENOMEM, "cannot start", "%s", "xenstored");
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    rc = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 ? -errno : 0;
    if (rc == -EWOULDBLOCK) {
        err_set(e, rc, ERR_STATE, "cannot start", path,
                "another xenstored is running");
    } else if (rc != 0) {
        err_errno(e, rc, "cannot lock", "%s", path);
    }
    free(path);
    return rc;
}

static int write_pid(const char *path, struct err *e)
{
    FILE *f = fopen(path, "we");

    if (f == NULL || fprintf(f, "%d\n", (int)getpid()) < 0 ||
        fclose(f) != 0) {
        return err_errno(e, -errno, "cannot write the process id", "%s",
                         path);
    }
    return 0;
}

/* ---- events ------------------------------------------------------------- */

static void resume_accept(void *arg)
{
    struct server *s = arg;

    s->accept_paused = false;
    evloop_mod(s->listener_source, EPOLLIN);
}

static void on_listener(void *arg, uint32_t events)
{
    static struct ev_source *timer;
    struct server *s = arg;
    int fd = unix_accept(s->listener);
    struct client *c;

    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM) {
        log_warn("cannot accept a connection: %s", strerror(-fd));
        if (timer == NULL) {
            timer = evloop_timer(s->loop, resume_accept, s);
        }
        if (timer != NULL) {
            s->accept_paused = true;
            evloop_mod(s->listener_source, 0);
            evloop_timer_set(timer, ACCEPT_PAUSE_NS, 0);
        }
    }
    if (fd < 0) {
        return;
    }
    c = client_new_socket(s, fd);
    if (c == NULL) {
        close(fd);
    }
}

static void wake_all_rings(struct server *s)
{
    struct domain *d;

    for (d = s->domains; d != NULL; d = d->next) {
        if (d->client != NULL) {
            client_activate(d->client);
        }
    }
}

static void on_host(void *arg, uint32_t events)
{
    struct server *s = arg;
    uint32_t ports[64];
    bool virq, all;
    int n = host_pending(s->host, ports, 64, &virq, &all);
    int i;

    if (all) {
        wake_all_rings(s);
    }
    for (i = 0; i < n; i++) {
        struct domain *d = domain_find_port(s, ports[i]);

        if (d != NULL && d->client != NULL) {
            client_activate(d->client);
        }
    }
    if (virq) {
        domain_check_all(s);
    }
}

static void on_signal(void *arg, int signo)
{
    struct server *s = arg;

    evloop_stop(s->loop, 0);
    s->stop = true;
}

/* ---- start -------------------------------------------------------------- */

static int start_domains(struct server *s, struct err *e)
{
    int rc;

    s->host = host_open(e);
    if (s->host == NULL) {
        return -ENODEV;
    }
    s->host_source = evloop_add(s->loop, host_fd(s->host), EPOLLIN, on_host,
                                s);
    if (s->host_source == NULL) {
        return err_errno(e, -errno, "cannot watch", "%s", "event channels");
    }
    rc = domain_introduce_own(s);
    if (rc != 0) {
        log_warn("the control domain's kernel is not served: %s",
                 strerror(-rc));
    }
    domain_restore(s);
    domain_check_all(s);
    return 0;
}

static int write_node(struct server *s, const char *path, const char *value)
{
    static const struct actor self = { 0, 0, true };
    struct txn txn;
    int rc;

    txn_init(&txn, &s->tree);
    rc = access_write(&txn, &self, path, value, strlen(value));
    if (rc == 0) {
        rc = txn_commit(&txn, &self, &s->journal);
    }
    if (rc == 0) {
        events_fire_txn(s, &txn);
    }
    txn_fini(&txn);
    return rc;
}

/* What xen-init-dom0 would write; xl asks for the pool's name. */
static int write_dom0_nodes(struct server *s, struct err *e)
{
    static const struct {
        const char *path, *value;
    } nodes[] = {
        { "/local/domain/0/domid", "0" },
        { "/local/domain/0/name",  "Domain-0" },
        { "/local/pool/0/name",    "Pool-0" },
    };
    size_t i;
    int rc = 0;

    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]) && rc == 0; i++) {
        rc = write_node(s, nodes[i].path, nodes[i].value);
        if (rc != 0) {
            err_errno(e, rc, "cannot write", "%s", nodes[i].path);
        }
    }
    return rc;
}

static int start_state(struct server *s, const struct options *o,
                       bool *restored, struct err *e)
{
    char *path;
    int rc;

    if (!o->keep) {
        return 0;
    }
    if (asprintf(&path, "%s/state", o->state_dir) < 0) {
        return err_errno(e, -ENOMEM, "cannot start", "%s", "xenstored");
    }
    rc = state_open(s, path, restored);
    if (rc != 0) {
        err_errno(e, rc, "cannot keep the store", "%s", path);
    }
    free(path);
    return rc;
}

static int start_loop(struct server *s, struct err *e)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };

    s->loop = evloop_new();
    if (s->loop == NULL ||
        evloop_signal(s->loop, signals, on_signal, s) == NULL) {
        return err_errno(e, -errno, "cannot start", "%s", "the event loop");
    }
    return 0;
}

static int start_socket(struct server *s, const char *path, struct err *e)
{
    s->listener = unix_listen(path);
    if (s->listener < 0) {
        return err_errno(e, s->listener, "cannot listen", "%s", path);
    }
    s->listener_source = evloop_add(s->loop, s->listener, EPOLLIN,
                                    on_listener, s);
    if (s->listener_source == NULL) {
        return err_errno(e, -errno, "cannot listen", "%s", path);
    }
    return 0;
}

static int start(struct server *s, const struct options *o, struct err *e)
{
    bool restored = false;
    int rc = server_init(s);

    if (rc != 0) {
        return err_errno(e, rc, "cannot start", "%s", "the tree");
    }
    s->trace = o->trace;
    rc = start_loop(s, e);
    if (rc == 0) {
        rc = start_state(s, o, &restored, e);
    }
    if (rc == 0 && o->domains) {
        rc = start_domains(s, e);
    }
    if (rc == 0 && o->init_dom0) {
        rc = write_dom0_nodes(s, e);
    }
    if (rc == 0) {
        state_commit(s);
        rc = start_socket(s, o->socket, e);
    }
    if (rc == 0 && restored) {
        log_info("restored %zu nodes", s->tree.count);
    }
    return rc;
}

/*
 * Go on in a child; the parent ends well once the child is ready, so that
 * whoever waits for it finds the socket.  The pipe's end, or -errno.
 */
static int go_to_background(void)
{
    int ends[2];
    char c;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -errno;
    }
    pid = fork();
    if (pid < 0) {
        return -errno;
    }
    if (pid > 0) {
        close(ends[1]);
        _exit(read(ends[0], &c, 1) == 1 ? 0 : ERR_FAILED);
    }
    close(ends[0]);
    setsid();
    return ends[1];
}

static void say_ready(const struct options *o, int ready_fd)
{
    int null;

    if (o->foreground) {
        fputs("xenstored: ready\n", stderr);
        return;
    }
    if (write(ready_fd, "", 1) != 1) {
        log_warn("the parent is gone");
    }
    close(ready_fd);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        close(null);
    }
}

static int run(struct server *s)
{
    while (!s->stop) {
        bool more = server_round(s);
        int rc = evloop_once(s->loop, more ? 0 : -1);

        if (rc < 0 && rc != -EINTR) {
            log_err("the event loop failed: %s", strerror(-rc));
            return ERR_FAILED;
        }
    }
    server_round(s);                  /* what was taken is answered */
    return 0;
}

int daemon_main(int argc, char **argv)
{
    static struct server server;
    struct err e = ERR_INIT;
    struct options o;
    int ready_fd = -1;
    int rc;

    parse_options(&o, argc, argv);
    log_init("xenstored", LOG_LVL_INFO, !o.foreground);
    rc = find_paths(&o, &e);
    if (rc == 0 && !o.foreground) {
        ready_fd = go_to_background();
        if (ready_fd < 0) {
            rc = err_errno(&e, ready_fd, "cannot start", "%s",
                           "in background");
        }
    }
    if (rc == 0) {
        rc = take_lock(o.state_dir, &e);
    }
    if (rc == 0) {
        rc = start(&server, &o, &e);
    }
    if (rc == 0 && o.pid_file != NULL) {
        rc = write_pid(o.pid_file, &e);
    }
    if (rc != 0) {
        err_print(&e, stderr);
        return err_exit_status(&e);
    }
    say_ready(&o, ready_fd);
    return run(&server);
}
