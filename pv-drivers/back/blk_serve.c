/* SPDX-License-Identifier: MIT */
/*
 * A disk's serving process.  Set-up with rights, then confinement, then the
 * loop: the guest's requests are read for the first time after the rights are
 * gone.  Exercised by the nested boots; its parts by unit tests.
 */
#include <back/blk_serve.h>

#include <back/confine.h>
#include <back/serve.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <lib/xen_abi.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* confine.c adds ioctl and mmap, for some arguments only. */
static const int allowed[] = {
    __NR_epoll_wait, __NR_epoll_pwait, __NR_epoll_ctl, __NR_read, __NR_write,
    __NR_munmap, __NR_close, __NR_io_uring_enter, __NR_exit_group,
    __NR_rt_sigreturn, __NR_restart_syscall, __NR_clock_gettime, __NR_brk,
    __NR_pread64, __NR_pwrite64, __NR_fdatasync, __NR_fallocate,
};
static const unsigned long ioctls[] = {
    IOCTL_GNTDEV_MAP_GRANT_REF, IOCTL_GNTDEV_UNMAP_GRANT_REF,
    IOCTL_GNTDEV_GRANT_COPY, IOCTL_EVTCHN_NOTIFY, IOCTL_EVTCHN_UNBIND,
    IOCTL_EVTCHN_RESET,
};

const struct confine blk_sandbox = {
    .name = "block", .user = "paravane-blk", .syscalls = allowed,
    .nr_syscalls = sizeof(allowed) / sizeof(allowed[0]),
    .ioctls = ioctls, .nr_ioctls = sizeof(ioctls) / sizeof(ioctls[0]),
};

struct server {
    struct blk_serve *s;
    struct port *port;
    struct blk_journal *journal;
    struct evloop *loop;
    struct blk blk;
    bool broken_said;
    int event_watch, control_watch;   /* of the image's ring; < 0: the loop */
};

/* In good order: what was taken is answered, what was mapped let go. */
static void __attribute__((noreturn)) stop(struct server *v)
{
    char text[200];

    blk_drain(&v->blk);
    snprintf(text, sizeof(text), "%llu requests, %llu sectors read, %llu "
             "written, %llu errors", (unsigned long long)v->blk.stats.requests,
             (unsigned long long)v->blk.stats.sectors_read,
             (unsigned long long)v->blk.stats.sectors_written,
             (unsigned long long)v->blk.stats.errors);
    blk_stop(&v->blk);
    serve_say(v->s->control_fd, SERVE_DRAINED, 0, text);
    _exit(0);
}

/* Orders of the parent; its end is one too. */
static void on_control(void *arg, uint32_t events)
{
    struct server *v = arg;
    struct serve_order o;
    ssize_t n;

    while ((n = read(v->s->control_fd, &o, sizeof(o))) != -1) {
        if (n != (ssize_t)sizeof(o) || o.kind != SERVE_SIZE) {
            stop(v);
        }
        blk_resize(&v->blk, o.sectors);
    }
    if (errno != EAGAIN && errno != EINTR) {
        stop(v);
    }
}

static bool run_once(struct server *v)
{
    bool more = blk_run(&v->blk);

    if (blk_image_dead(&v->s->image)) {
        _exit(1);                  /* the parent starts both anew */
    }

    if (blk_broken(&v->blk) && !v->broken_said) {
        v->broken_said = true;
        serve_say(v->s->control_fd, SERVE_BROKEN, EPROTO,
                  "ring positions make no sense");
    }
    return more;
}

/* ---- waiting in the image's ring ---------------------------------------------- */

/*
 * The event stays masked while there is work, so a busy guest sends none that
 * wakes us.  The device wakes nobody while an event lies there unfetched.
 */
static void rearm(struct server *v)
{
    port_event_drop(v->port);
    port_event_rearm(v->port);
}

/* An order may have come before the handler: look once. */
static volatile sig_atomic_t nudged = 1;

static void on_nudge(int signo)
{
    nudged = 1;
}

static void take_orders(struct server *v)
{
    if (nudged) {
        nudged = 0;
        on_control(v, 0);
    }
}

/*
 * As long as all I/O ends at once (a memory disk, the page cache) there is
 * nothing to wait for but the guest: one read() sleeps and takes the event.
 * Until the first request that takes its time.
 */
static void serve_by_event(struct server *v)
{
    bool taken = false;

    v->s->image.at_once = true;
    while (v->blk.in_flight == 0) {
        if (taken) {
            port_event_rearm(v->port);
        }
        taken = port_event_sleep(v->port);
        take_orders(v);
        while (run_once(v)) {
            take_orders(v);
        }
    }
    v->s->image.at_once = false;
    if (taken) {
        port_event_rearm(v->port);
    }
}

static void serve_by_ring(struct server *v)
{
    struct blk_image *img = &v->s->image;

    while (run_once(v)) {             /* requests may wait from before */
        take_orders(v);
    }
    if (!img->vhost) {
        serve_by_event(v);
    }
    for (;;) {
        bool more = run_once(v);

        take_orders(v);
        if (blk_image_fired(img, v->control_watch)) {
            on_control(v, 0);
        }
        if (more) {
            continue;
        }
        if (blk_image_fired(img, v->event_watch)) {
            rearm(v);
        }
        blk_image_sleep(img);
    }
}

/* ---- or, with plain calls, in an event loop -------------------------------------- */

static void on_event(void *arg, uint32_t events)
{
    struct server *v = arg;

    if (port_event_take(v->port)) {
        port_event_rearm(v->port);
    }
}

static void on_queue(void *arg, uint32_t events)
{
    blk_image_wait(&((struct server *)arg)->s->image);
}

static void serve_by_loop(struct server *v)
{
    bool more = true;             /* requests may wait from before */

    for (;;) {
        if (evloop_once(v->loop, more ? 0 : -1) < 0) {
            _exit(1);
        }
        more = run_once(v);
    }
}

static int add_queue(struct server *v)
{
    int fd = blk_image_queue_fd(&v->s->image);

    return fd < 0 || evloop_add(v->loop, fd, EPOLLIN, on_queue, v) != NULL
               ? 0 : -errno;
}

static int add_sources(struct server *v)
{
    const struct sigaction nudge = { .sa_handler = on_nudge };
    int event_fd = port_event_fd(v->port), control_fd = v->s->control_fd;

    fcntl(control_fd, F_SETFL, O_NONBLOCK);
    sigaction(SERVE_NUDGE, &nudge, NULL);
    v->event_watch = blk_image_watch(&v->s->image, event_fd);
    if (v->event_watch >= 0) {
        port_event_blocking(v->port);
        v->control_watch = blk_image_watch(&v->s->image, control_fd);
        return v->control_watch < 0 ? v->control_watch : 0;
    }
    if (evloop_add(v->loop, event_fd, EPOLLIN, on_event, v) == NULL ||
        evloop_add(v->loop, control_fd, EPOLLIN, on_control, v) == NULL) {
        return -errno;
    }
    return add_queue(v);
}

static int set_up(struct server *v, struct err *e)
{
    struct blk_serve *s = v->s;
    int rc;

    v->loop = evloop_new();
    v->journal = blk_journal_map(s->journal_fd);
    if (v->loop == NULL || v->journal == NULL) {
        return err_errno(e, -ENOMEM, "cannot start serving", "journal");
    }
    rc = port_open(&v->port, s->domid, e);
    if (rc != 0) {
        return rc;
    }
    rc = blk_start(&v->blk, v->port, &s->image, v->journal, &s->config);
    if (rc != 0) {
        return err_errno(e, rc, "cannot map the ring", "grant %u",
                         s->config.ring_refs[0]);
    }
    rc = port_bind(v->port, s->remote_port);
    if (rc != 0) {
        return err_errno(e, rc, "cannot bind the event channel", "port %u",
                         s->remote_port);
    }
    return add_sources(v);
}

void blk_serve(struct blk_serve *s)
{
    static struct server v;
    struct confine c = blk_sandbox;
    int *const fds[] = { &s->image.fd, &s->journal_fd, &s->control_fd };
    struct err e = ERR_INIT;

    serve_begin("blkd", s->vdev, (int **)fds, 3);
    v.s = s;
    c.domid = s->domid;
    c.empty_dir = s->empty_dir;
    if (set_up(&v, &e) != 0 || confine_now(&c, &e) != 0) {
        char text[320];

        err_format(&e, text, sizeof(text));
        serve_say(s->control_fd, SERVE_FAILED, e.errnum, text);
        _exit(1);
    }
    serve_say(s->control_fd, SERVE_UP, 0,
              s->image.uring ? "io_uring" : "plain i/o");
    if (v.event_watch >= 0) {
        serve_by_ring(&v);
    } else {
        serve_by_loop(&v);
    }
    _exit(0);
}
