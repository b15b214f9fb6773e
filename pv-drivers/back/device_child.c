/* SPDX-License-Identifier: MIT */
/*
 * Parent's side of a serving process.  What it serves is left to the class,
 * states to device.c.  Exercised by the nested boots.
 */
#include <back/device_child.h>

#include <back/serve.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_NS      100000000u
#define MAX_ATTEMPTS  100u         /* ten seconds */
#define FIRST_ATTEMPTS 3u
#define STOP_MS       10000
#define NUDGE_MS      50
#define STARTS_BURST  20u
#define START_NS      100000000u

/* ---- start ------------------------------------------------------------------------ */

static void on_control(void *arg, uint32_t events);

/*
 * In a process namespace of its own: it sees no other process.  Where that is
 * not allowed (tests without rights), an ordinary child.
 */
static pid_t fork_alone(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

    return pid >= 0 ? (pid_t)pid : fork();
}

int device_child_spawn(struct device *d, device_run_fn *run, void *arg,
                       struct err *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(e, -errno, "cannot start a serving process", "fork");
    }
    d->pid = fork_alone();
    if (d->pid == 0) {
        run(arg, pair[1]);
        _exit(1);
    }
    close(pair[1]);
    if (d->pid < 0) {
        d->pid = 0;
        close(pair[0]);
        return err_errno(e, -errno, "cannot start a serving process", "fork");
    }
    d->control_fd = pair[0];
    d->control_src = evloop_add(d->back->loop, pair[0], EPOLLIN, on_control,
                                d);
    return 0;
}

static void try_again_later(struct device *d)
{
    evloop_timer_set(d->retry, RETRY_NS, 0);
}

static void start_or_retry(struct device *d)
{
    struct err e = ERR_INIT;
    int rc = d->back->class->start(d, &e);

    if (rc == 0) {
        return;
    }
    if (++d->attempts < MAX_ATTEMPTS && rc == -EAGAIN) {
        try_again_later(d);
        return;
    }
    device_give_up(d, &e);
}

static void on_retry(void *arg)
{
    struct device *d = arg;

    if (d->connecting && d->pid == 0) {
        start_or_retry(d);
    }
}

/*
 * A start costs dom0 a process: STARTS_BURST at once, then one each
 * START_NS.  A guest that connects faster waits.
 */
static bool may_start(struct device *d)
{
    uint64_t now = evloop_now_ns(), more = (now - d->starts_ns) / START_NS;

    if (more > 0) {
        uint64_t left = d->starts_left + more;

        d->starts_left = left < STARTS_BURST ? (unsigned int)left
                                             : STARTS_BURST;
        d->starts_ns = now;
    }
    if (d->starts_left == 0) {
        return false;
    }
    d->starts_left--;
    return true;
}

void device_child_start(struct device *d)
{
    d->connecting = true;
    d->attempts = 0;
    if (may_start(d)) {
        start_or_retry(d);
    } else {
        try_again_later(d);
    }
}

/* ---- while it runs ---------------------------------------------------------------------- */

static void forget(struct device *d)
{
    evloop_del(d->control_src);
    if (d->control_fd >= 0) {
        close(d->control_fd);
    }
    d->control_src = NULL;
    d->control_fd = -1;
    if (d->pid > 0) {
        kill(d->pid, SIGKILL);
        waitpid(d->pid, NULL, 0);
    }
    d->pid = 0;
}

/* It died, or could not start yet: another one continues the journal. */
static void replace(struct device *d, const char *why)
{
    bool was_up = !d->connecting;

    forget(d);
    if (was_up) {
        d->attempts = 0;
        d->resume = true;
    }
    /* A first connection that fails is the frontend's fault, or stays so. */
    if (++d->attempts >= (d->resume ? MAX_ATTEMPTS / 2 : FIRST_ATTEMPTS)) {
        struct err e = ERR_INIT;

        err_set(&e, -EIO, ERR_FAILED, "cannot serve the device", d->path, "%s",
                why);
        device_give_up(d, &e);
        return;
    }
    glog_warn(&d->log, d->back->domid,
              "%s %u: serving process ended (%s), another one starts",
              d->back->class->noun, d->id, why);
    d->connecting = true;
    try_again_later(d);
}

static void on_broken(struct device *d, const struct serve_msg *m)
{
    struct err e = ERR_INIT;

    err_set(&e, -EPROTO, ERR_FAILED, "the frontend broke the ring", d->path,
            "%.100s", m->text);
    device_child_stop(d);
    device_give_up(d, &e);
    device_step(d);
}

static void on_control(void *arg, uint32_t events)
{
    struct device *d = arg;
    struct serve_msg m;
    ssize_t n = recv(d->control_fd, &m, sizeof(m), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n != (ssize_t)sizeof(m)) {
        replace(d, "it died");
        return;
    }
    m.text[sizeof(m.text) - 1] = '\0';
    switch (m.kind) {
    case SERVE_UP:
        d->connecting = false;
        d->resume = true;         /* from now on a successor continues */
        glog_info(&d->log, d->back->domid,
                  "%s %u served by process %d, %s", d->back->class->noun,
                  d->id, (int)d->pid, m.text);
        if (d->back->class->up != NULL) {
            d->back->class->up(d);
        }
        device_set_state(d, XenbusStateConnected);
        device_step(d);
        break;
    case SERVE_BROKEN:
        on_broken(d, &m);
        break;
    case SERVE_FAILED:
        replace(d, m.text);
        break;
    default:
        break;
    }
}

/* ---- stop ---------------------------------------------------------------------------------- */

bool device_child_order(struct device *d, const struct serve_order *order)
{
    if (d->pid <= 0 || send(d->control_fd, order, sizeof(*order),
                            MSG_NOSIGNAL) != (ssize_t)sizeof(*order)) {
        return false;
    }
    kill(d->pid, SERVE_NUDGE);
    return true;
}

/* A signal may come just before it sleeps: it is repeated. */
static bool wait_nudging(struct device *d, struct pollfd *p)
{
    for (int ms = 0; ms < STOP_MS; ms += NUDGE_MS) {
        if (poll(p, 1, NUDGE_MS) == 1) {
            return true;
        }
        kill(d->pid, SERVE_NUDGE);
    }
    return false;
}

void device_child_stop(struct device *d)
{
    const struct serve_order stop = { .kind = SERVE_STOP };
    struct pollfd p = { .fd = d->control_fd, .events = POLLIN };
    struct serve_msg m = { .kind = 0 };

    d->connecting = false;
    evloop_timer_set(d->retry, 0, 0);
    if (d->pid > 0 && device_child_order(d, &stop)) {
        while (m.kind != SERVE_DRAINED && wait_nudging(d, &p) &&
               recv(d->control_fd, &m, sizeof(m), 0) ==
               (ssize_t)sizeof(m)) {
        }
        if (m.kind == SERVE_DRAINED) {
            m.text[sizeof(m.text) - 1] = '\0';
            glog_info(&d->log, d->back->domid, "%s %u: %s",
                      d->back->class->noun, d->id, m.text);
        }
    }
    forget(d);
}

int device_child_init(struct device *d)
{
    d->retry = evloop_timer(d->back->loop, on_retry, d);
    return d->retry == NULL ? -ENOMEM : 0;
}

void device_child_fini(struct device *d)
{
    evloop_del(d->retry);
    d->retry = NULL;
}
