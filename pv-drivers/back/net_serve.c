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
    __NR_munmap, __NR_close, __NR_exit_group, __NR_rt_sigreturn,
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

struct server {
    struct net_serve *s;
    struct port *port;
    struct evloop *loop;
    struct ev_source *tap_src;
    struct net net;
    bool tap_ready, tap_armed;
    bool broken_said;
};

static void on_event(void *arg, uint32_t events)
{
    struct server *v = arg;

    if (port_event_take(v->port)) {
        port_event_rearm(v->port);
    }
}

static void on_tap(void *arg, uint32_t events)
{
    ((struct server *)arg)->tap_ready = true;
}

static void on_control(void *arg, uint32_t events)
{
    struct server *v = arg;
    const struct net_stats *t = &v->net.stats;
    char text[200];

    snprintf(text, sizeof(text), "%llu frames from the guest, %llu to it, "
             "%llu and %llu dropped", (unsigned long long)t->tx_frames,
             (unsigned long long)t->rx_frames,
             (unsigned long long)t->tx_dropped,
             (unsigned long long)t->rx_dropped);
    net_stop(&v->net);
    serve_say(v->s->control_fd, SERVE_DRAINED, 0, text);
    _exit(0);
}

/* Frames wait in the tap while the guest has no room for them. */
static void arm_tap(struct server *v, bool want)
{
    if (want != v->tap_armed) {
        evloop_mod(v->tap_src, want ? EPOLLIN : 0);
        v->tap_armed = want;
    }
}

static void serve(struct server *v)
{
    bool more = true, want_tap;

    for (;;) {
        if (evloop_once(v->loop, more ? 0 : -1) < 0) {
            _exit(1);
        }
        more = net_run(&v->net, v->tap_ready, &want_tap);
        v->tap_ready = false;
        arm_tap(v, want_tap);
        if (net_broken(&v->net) && !v->broken_said) {
            v->broken_said = true;
            serve_say(v->s->control_fd, SERVE_BROKEN, EPROTO,
                      "ring positions make no sense");
        }
    }
}

static int set_up(struct server *v, struct err *e)
{
    struct net_serve *s = v->s;
    int rc = port_open(&v->port, s->domid, e);

    if (rc != 0) {
        return rc;
    }
    rc = net_start(&v->net, v->port, s->tap_fd, &s->config);
    if (rc != 0) {
        return err_errno(e, rc, "cannot map the rings", "grants %u and %u",
                         s->config.tx_ref, s->config.rx_ref);
    }
    rc = port_bind(v->port, s->remote_port);
    if (rc != 0) {
        return err_errno(e, rc, "cannot bind the event channel", "port %u",
                         s->remote_port);
    }
    v->loop = evloop_new();
    if (v->loop == NULL ||
        evloop_add(v->loop, port_event_fd(v->port), EPOLLIN, on_event,
                   v) == NULL ||
        evloop_add(v->loop, s->control_fd, EPOLLIN, on_control, v) == NULL) {
        return err_errno(e, -ENOMEM, "cannot start serving", "event loop");
    }
    v->tap_src = evloop_add(v->loop, s->tap_fd, EPOLLIN, on_tap, v);
    v->tap_armed = true;
    return v->tap_src == NULL ? -ENOMEM : 0;
}

void net_serve(struct net_serve *s)
{
    static struct server v;
    struct confine c = net_sandbox;
    int *const fds[] = { &s->tap_fd, &s->control_fd };
    struct err e = ERR_INIT;

    serve_begin("netd", s->id, (int **)fds, 2);
    v.s = s;
    c.domid = s->domid;
    c.empty_dir = s->empty_dir;
    if (set_up(&v, &e) != 0 || confine_now(&c, &e) != 0) {
        char text[200];

        err_format(&e, text, sizeof(text));
        serve_say(s->control_fd, SERVE_FAILED, e.errnum, text);
        _exit(1);
    }
    serve_say(s->control_fd, SERVE_UP, 0, "grant copy");
    serve(&v);
    _exit(0);
}
