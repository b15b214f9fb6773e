/* SPDX-License-Identifier: MIT */
/*
 * A network card's serving process: set-up with rights, confinement, loop.
 * Exercised by the nested boots; its parts by unit tests.
 */
#include <back/net_serve.h>

#include <back/confine.h>
#include <back/serve.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/xen_abi.h>

#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* confine.c adds ioctl and mmap, for some arguments only. */
static const int allowed[] = {
    __NR_epoll_wait, __NR_epoll_pwait, __NR_epoll_ctl, __NR_read, __NR_write,
    __NR_writev, __NR_munmap, __NR_close, __NR_exit_group, __NR_rt_sigreturn,
    __NR_restart_syscall, __NR_clock_gettime, __NR_brk,
};
static const unsigned long ioctls[] = {
    IOCTL_GNTDEV_UNMAP_GRANT_REF, IOCTL_GNTDEV_GRANT_COPY,
    IOCTL_EVTCHN_NOTIFY, IOCTL_EVTCHN_UNBIND, IOCTL_EVTCHN_RESET,
};

const struct confine net_sandbox = {
    .name = "net", .user = "paravane-net", .syscalls = allowed,
    .nr_syscalls = sizeof(allowed) / sizeof(allowed[0]),
    .ioctls = ioctls, .nr_ioctls = sizeof(ioctls) / sizeof(ioctls[0]),
};

struct queue {
    struct port *port;
    struct ev_source *tap_src;
    struct net net;
    bool tap_ready, tap_armed;
};

struct server {
    struct net_serve *s;
    struct evloop *loop;
    struct queue queues[NET_QUEUES_MAX];
    bool broken_said;
};

static void on_event(void *arg, uint32_t events)
{
    struct queue *q = arg;

    if (port_event_take(q->port)) {
        port_event_rearm(q->port);
    }
}

static void on_tap(void *arg, uint32_t events)
{
    ((struct queue *)arg)->tap_ready = true;
}

static void on_control(void *arg, uint32_t events)
{
    struct server *v = arg;
    struct net_stats t = { 0 };
    char text[200];
    unsigned int i;

    for (i = 0; i < v->s->nr_queues; i++) {
        const struct net_stats *q = &v->queues[i].net.stats;

        t.tx_frames += q->tx_frames;
        t.rx_frames += q->rx_frames;
        t.tx_dropped += q->tx_dropped;
        t.rx_dropped += q->rx_dropped;
        net_stop(&v->queues[i].net);
    }
    snprintf(text, sizeof(text), "%llu frames from the guest, %llu to it, "
             "%llu and %llu dropped", (unsigned long long)t.tx_frames,
             (unsigned long long)t.rx_frames,
             (unsigned long long)t.tx_dropped,
             (unsigned long long)t.rx_dropped);
    serve_say(v->s->control_fd, SERVE_DRAINED, 0, text);
    _exit(0);
}

/* ---- the loop --------------------------------------------------------------------- */

/* Frames wait in the tap while the guest has no room for them. */
static void arm_tap(struct queue *q, bool want)
{
    if (want != q->tap_armed) {
        evloop_mod(q->tap_src, want ? EPOLLIN : 0);
        q->tap_armed = want;
    }
}

static void say_broken(struct server *v)
{
    if (!v->broken_said) {
        v->broken_said = true;
        serve_say(v->s->control_fd, SERVE_BROKEN, EPROTO,
                  "ring positions make no sense");
    }
}

/* True: more waits already. */
static bool run_queue(struct server *v, struct queue *q)
{
    bool want_tap, more = net_run(&q->net, q->tap_ready, &want_tap);

    q->tap_ready = false;
    arm_tap(q, want_tap);
    if (q->net.closed) {
        _exit(1);                 /* the parent begins again with another */
    }
    if (net_broken(&q->net)) {
        say_broken(v);
    }
    return more;
}

/* Milliseconds to wait: for ever, for new credit, or not at all. */
static int run_queues(struct server *v)
{
    struct net_credit *c = &v->s->card.credit;
    uint64_t now = c->bytes != 0 ? evloop_now_ns() : 0;
    bool more = false, stalled = false;
    unsigned int i;

    net_credit_refill(c, now);
    for (i = 0; i < v->s->nr_queues; i++) {
        more |= run_queue(v, &v->queues[i]);
        stalled |= v->queues[i].net.stalled;
    }
    if (more || !stalled) {
        return more ? 0 : -1;
    }
    return c->next_ns <= now ? 0 : (int)((c->next_ns - now) / 1000000) + 1;
}

static void serve(struct server *v)
{
    int wait_ms = 0;

    for (;;) {
        if (evloop_once(v->loop, wait_ms) < 0) {
            _exit(1);
        }
        wait_ms = run_queues(v);
    }
}

/* ---- set-up ------------------------------------------------------------------------ */

static int watch_queue(struct server *v, struct queue *q, int tap_fd)
{
    if (evloop_add(v->loop, port_event_fd(q->port), EPOLLIN, on_event,
                   q) == NULL) {
        return -ENOMEM;
    }
    q->tap_src = evloop_add(v->loop, tap_fd, EPOLLIN, on_tap, q);
    q->tap_armed = true;
    return q->tap_src == NULL ? -ENOMEM : 0;
}

static int open_queue(struct server *v, unsigned int i, struct err *e)
{
    const struct net_serve_queue *s = &v->s->queues[i];
    struct queue *q = &v->queues[i];
    int rc = port_open(&q->port, v->s->domid, e);

    if (rc != 0) {
        return rc;
    }
    rc = net_start(&q->net, q->port, s->fd, &v->s->card, &s->config);
    if (rc != 0) {
        return err_errno(e, rc, "cannot map the rings", "grants %u and %u",
                         s->config.tx_ref, s->config.rx_ref);
    }
    rc = port_bind(q->port, s->remote_port);
    if (rc != 0) {
        return err_errno(e, rc, "cannot bind the event channel", "port %u",
                         s->remote_port);
    }
    rc = watch_queue(v, q, s->fd);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot start serving", "queue %u",
                                   i);
}

static int set_up(struct server *v, struct err *e)
{
    unsigned int i;
    int rc = 0;

    v->loop = evloop_new();
    if (v->loop == NULL ||
        evloop_add(v->loop, v->s->control_fd, EPOLLIN, on_control,
                   v) == NULL) {
        return err_errno(e, -ENOMEM, "cannot start serving", "event loop");
    }
    for (i = 0; i < v->s->nr_queues && rc == 0; i++) {
        rc = open_queue(v, i, e);
    }
    return rc;
}

static void begin(struct net_serve *s)
{
    int *fds[NET_QUEUES_MAX + 1] = { &s->control_fd };
    unsigned int i;

    for (i = 0; i < s->nr_queues; i++) {
        fds[i + 1] = &s->queues[i].fd;
    }
    serve_begin("netd", s->id, fds, s->nr_queues + 1);
}

void net_serve(struct net_serve *s)
{
    static struct server v;
    struct confine c = net_sandbox;
    struct err e = ERR_INIT;
    char text[200];

    begin(s);
    v.s = s;
    c.domid = s->domid;
    c.empty_dir = s->empty_dir;
    if (set_up(&v, &e) != 0 || confine_now(&c, &e) != 0) {
        err_format(&e, text, sizeof(text));
        serve_say(s->control_fd, SERVE_FAILED, e.errnum, text);
        _exit(1);
    }
    snprintf(text, sizeof(text), "grant copy, %u queue%s", s->nr_queues,
             s->nr_queues == 1 ? "" : "s");
    serve_say(s->control_fd, SERVE_UP, 0, text);
    serve(&v);
    _exit(0);
}
