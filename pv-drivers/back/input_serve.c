/* SPDX-License-Identifier: MIT */
/*
 * A keyboard's serving process: set-up with rights, confinement, loop.
 * Exercised by the nested boots; its parts by unit tests.
 */
#include <lib/xen_abi.h>           /* before any header of the ABI */

#include <back/input_serve.h>

#include <back/confine.h>
#include <back/screen_serve.h>
#include <back/serve.h>
#include <lib/err.h>

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

static const unsigned long ioctls[] = {
    IOCTL_GNTDEV_UNMAP_GRANT_REF, IOCTL_EVTCHN_NOTIFY, IOCTL_EVTCHN_UNBIND,
    IOCTL_EVTCHN_RESET,
};

const struct confine input_sandbox = {
    .name = "input", .user = "paravane-input", .syscalls = screen_syscalls,
    .nr_syscalls = SCREEN_NR_SYSCALLS,
    .ioctls = ioctls, .nr_ioctls = sizeof(ioctls) / sizeof(ioctls[0]),
};

struct server {
    struct input_serve *s;
    struct screen_serve on;
    struct input input;
    bool listening;                    /* to link_fd */
};

static void on_link(void *arg, uint32_t events)
{
    struct server *v = arg;
    struct screen_msg m;
    int rc = 1;

    while (input_room(&v->input) &&
           (rc = screen_link_recv(v->s->link_fd, &m)) == 1) {
        input_take(&v->input, &m);
    }
    if (rc < 0) {
        _exit(1);
    }
}

static void on_control(void *arg, uint32_t events)
{
    struct server *v = arg;
    char text[200];

    snprintf(text, sizeof(text), "%llu events, %llu dropped",
             (unsigned long long)v->input.stats.events,
             (unsigned long long)v->input.stats.dropped);
    input_stop(&v->input);
    serve_say(v->s->control_fd, SERVE_DRAINED, 0, text);
    _exit(0);
}

/* Viewers wait while the guest does not read. */
static void listen_if_room(struct server *v)
{
    bool want = input_room(&v->input);

    if (want != v->listening) {
        v->listening = want;
        evloop_mod(v->on.link_src, want ? EPOLLIN : 0);
    }
}

static void serve(struct server *v)
{
    for (;;) {
        if (evloop_once(v->on.loop, -1) < 0) {
            _exit(1);
        }
        input_run(&v->input);
        listen_if_room(v);
    }
}

/* What a predecessor did not deliver is old by now. */
static void forget_old(struct server *v)
{
    struct screen_msg m;

    while (screen_link_recv(v->s->link_fd, &m) == 1) {
    }
}

static int set_up(struct server *v, struct err *e)
{
    struct input_serve *s = v->s;
    int rc = port_open(&v->on.port, s->domid, e);

    if (rc != 0) {
        return rc;
    }
    rc = input_start(&v->input, v->on.port, &s->config);
    if (rc != 0) {
        return err_errno(e, rc, "cannot map the ring", "grant %u",
                         s->config.page_ref);
    }
    v->listening = true;
    return screen_serve_start(&v->on, s->remote_port, s->link_fd, on_link,
                              s->control_fd, on_control, v, e);
}

void input_serve(struct input_serve *s)
{
    static struct server v;
    struct confine c = input_sandbox;
    int *const fds[] = { &s->link_fd, &s->control_fd };
    struct err e = ERR_INIT;

    serve_begin("kbd", s->id, (int **)fds, 2);
    v.s = s;
    c.domid = s->domid;
    c.empty_dir = s->empty_dir;
    forget_old(&v);
    if (set_up(&v, &e) != 0 || confine_now(&c, &e) != 0) {
        char text[200];

        err_format(&e, text, sizeof(text));
        serve_say(s->control_fd, SERVE_FAILED, e.errnum, text);
        _exit(1);
    }
    serve_say(s->control_fd, SERVE_UP, 0,
              s->config.absolute ? "absolute pointer" : "relative pointer");
    serve(&v);
    _exit(0);
}
