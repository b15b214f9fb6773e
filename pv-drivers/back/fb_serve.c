/* SPDX-License-Identifier: MIT */
/*
 * A frame buffer's serving process.  The right to map frames of this guest,
 * and of no other, is taken first; the guest's page is read only after all
 * other rights are gone.  Exercised by the nested boots; its parts by unit
 * tests.
 */
#include <back/fb_serve.h>

#include <back/confine.h>
#include <back/screen_serve.h>
#include <back/serve.h>
#include <lib/err.h>
#include <lib/xen_abi.h>

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

#define PACE_NS  16000000u             /* between two pictures */
#define LOOK_NS  40000000u             /* when the guest does not tell */

static const unsigned long ioctls[] = {
    IOCTL_PRIVCMD_MMAPBATCH_V2, IOCTL_EVTCHN_NOTIFY, IOCTL_EVTCHN_UNBIND,
    IOCTL_EVTCHN_RESET,
};

const struct confine fb_sandbox = {
    .name = "fb", .user = "paravane-input", .syscalls = screen_syscalls,
    .nr_syscalls = SCREEN_NR_SYSCALLS,
    .ioctls = ioctls, .nr_ioctls = sizeof(ioctls) / sizeof(ioctls[0]),
};

struct server {
    struct fb_serve *s;
    struct screen_serve on;
    struct fb fb;
    bool watched;                      /* somebody looks */
    struct screen_rect unsent;         /* copied, not told */
    bool sync;                         /* asked for, not answered */
    int32_t sync_nr;
    uint64_t next_ns;                  /* no picture before */
    bool link_full;
    bool broken_said;
};

/* ---- to the viewers' server ------------------------------------------------------------ */

static bool tell(struct server *v, const struct screen_msg *m)
{
    int rc = screen_link_send(v->s->link_fd, m);

    if (rc != 0 && rc != -EAGAIN) {
        _exit(1);
    }
    if ((rc == -EAGAIN) != v->link_full) {
        v->link_full = rc == -EAGAIN;
        evloop_mod(v->on.link_src, EPOLLIN | (v->link_full ? EPOLLOUT : 0));
    }
    return rc == 0;
}

static void tell_mode(struct server *v)
{
    struct screen_msg m = { .kind = SCREEN_MODE,
                            .w = (int32_t)v->fb.mode.width,
                            .h = (int32_t)v->fb.mode.height };

    fb_copy(&v->fb, fb_whole(&v->fb));
    if (tell(v, &m)) {
        v->fb.new_mode = false;
        v->fb.dirty = v->unsent = (struct screen_rect){ 0 };
    }
}

static void tell_change(struct server *v)
{
    struct screen_rect r = v->fb.dirty;

    v->fb.dirty = (struct screen_rect){ 0 };
    if (r.w != 0) {
        v->unsent = screen_rect_join(v->unsent, fb_copy(&v->fb, r));
    }
    if (v->unsent.w != 0) {
        struct screen_msg m = { .kind = SCREEN_DIRTY, .x = v->unsent.x,
                                .y = v->unsent.y, .w = v->unsent.w,
                                .h = v->unsent.h };

        if (tell(v, &m)) {
            v->unsent = (struct screen_rect){ 0 };
        }
    }
}

static void answer_sync(struct server *v)
{
    struct screen_msg m = { .kind = SCREEN_SYNCED, .a = v->sync_nr };

    tell_mode(v);
    if (!v->fb.new_mode && tell(v, &m)) {
        v->sync = false;
    }
}

/* ---- sources ---------------------------------------------------------------------------- */

static void on_link(void *arg, uint32_t events)
{
    struct server *v = arg;
    struct screen_msg m;
    int rc;

    v->link_full = false;
    evloop_mod(v->on.link_src, EPOLLIN);
    while ((rc = screen_link_recv(v->s->link_fd, &m)) == 1) {
        if (m.kind == SCREEN_WATCH) {
            v->watched = m.a != 0;
        } else if (m.kind == SCREEN_SYNC) {
            v->sync = true;
            v->sync_nr = m.a;
            v->fb.new_mode = true;
        }
    }
    if (rc < 0) {
        _exit(1);
    }
}

static void on_control(void *arg, uint32_t events)
{
    struct server *v = arg;
    char text[200];

    snprintf(text, sizeof(text), "%llu updates, %llu resizes, %llu refused",
             (unsigned long long)v->fb.stats.updates,
             (unsigned long long)v->fb.stats.resizes,
             (unsigned long long)v->fb.stats.refused);
    fb_stop(&v->fb);
    serve_say(v->s->control_fd, SERVE_DRAINED, 0, text);
    _exit(0);
}

/* ---- loop ---------------------------------------------------------------------------------- */

static bool has_news(const struct server *v)
{
    return v->fb.new_mode || v->sync ||
           (v->watched && (v->fb.dirty.w != 0 || v->unsent.w != 0));
}

static void show(struct server *v)
{
    if (v->link_full) {
        return;
    }
    if (v->sync) {
        answer_sync(v);
    } else if (v->fb.new_mode) {
        tell_mode(v);
    } else {
        tell_change(v);
    }
}

/* Milliseconds to sleep: news wait for their pace, a silent guest is asked. */
static int patience(struct server *v)
{
    uint64_t now = evloop_now_ns();

    if (has_news(v) && !v->link_full) {
        return now >= v->next_ns ? 0 : (int)((v->next_ns - now) / 1000000) + 1;
    }
    return v->watched && !v->s->config.sends_updates ? (int)(LOOK_NS / 1000000)
                                                      : -1;
}

static void serve(struct server *v)
{
    bool more = true;

    for (;;) {
        if (evloop_once(v->on.loop, more ? 0 : patience(v)) < 0) {
            _exit(1);
        }
        more = fb_run(&v->fb);
        if (fb_broken(&v->fb) && !v->broken_said) {
            v->broken_said = true;
            serve_say(v->s->control_fd, SERVE_BROKEN, EPROTO,
                      "ring positions make no sense");
        }
        if (!v->s->config.sends_updates && v->watched) {
            v->fb.dirty = fb_whole(&v->fb);
        }
        if (has_news(v) && evloop_now_ns() >= v->next_ns) {
            show(v);
            v->next_ns = evloop_now_ns() +
                         (v->s->config.sends_updates ? PACE_NS : LOOK_NS);
        }
    }
}

/* ---- set-up -------------------------------------------------------------------------------- */

static int take_rights(struct server *v, struct err *e)
{
    struct fb_serve *s = v->s;
    int rc = port_open(&v->on.port, s->domid, e);

    if (rc == 0) {
        rc = port_open_frames(v->on.port, e);
    }
    if (rc != 0) {
        return rc;
    }
    s->config.pixels = screen_pixels_map(s->pixels_fd, s->config.pixel_bytes,
                                         true);
    if (s->config.pixels == NULL) {
        return err_errno(e, -errno, "cannot start serving", "picture");
    }
    return screen_serve_start(&v->on, s->remote_port, s->link_fd, on_link,
                              s->control_fd, on_control, v, e);
}

void fb_serve(struct fb_serve *s)
{
    static struct server v;
    struct confine c = fb_sandbox;
    int *const fds[] = { &s->pixels_fd, &s->link_fd, &s->control_fd };
    struct err e = ERR_INIT;
    char text[200];

    serve_begin("fb", s->id, (int **)fds, 3);
    v.s = s;
    c.domid = s->domid;
    c.empty_dir = s->empty_dir;
    v.watched = true;                  /* until told otherwise */
    if (take_rights(&v, &e) != 0 || confine_now(&c, &e) != 0 ||
        fb_start(&v.fb, v.on.port, &s->config, &e) != 0) {
        err_format(&e, text, sizeof(text));
        serve_say(s->control_fd, SERVE_FAILED, e.errnum, text);
        _exit(1);
    }
    snprintf(text, sizeof(text), "%ux%u", v.fb.mode.width, v.fb.mode.height);
    serve_say(s->control_fd, SERVE_UP, 0, text);
    serve(&v);
    _exit(0);
}
