/* SPDX-License-Identifier: MIT */
/*
 * The viewers' process: set-up, confinement, loop.  What the frame buffer's
 * process says is checked, since the guest may have taken that one over.
 * Exercised by the nested boots; its parts by unit tests.
 */
#include <back/viewer.h>

#include <back/confine.h>
#include <back/serve.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <screen/control.h>
#include <screen/cp437.h>
#include <screen/png.h>
#include <screen/vnc.h>
#include <screen/web.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEY_WAIT_MS 1000
#define MAX_FDS     (5 + CONTROL_MAX + WEB_MAX + VNC_MAX_VIEWERS)

/* What libvncserver and its libraries do; confine.c adds mmap. */
static const int allowed[] = {
    __NR_poll, __NR_select, __NR_pselect6, __NR_read, __NR_write,
    __NR_recvfrom, __NR_sendto, __NR_accept, __NR_accept4, __NR_fcntl,
    __NR_setsockopt, __NR_getsockopt, __NR_getpeername, __NR_shutdown,
    __NR_close, __NR_openat, __NR_newfstatat, __NR_fstat, __NR_lseek,
    __NR_munmap, __NR_mremap, __NR_brk, __NR_madvise, __NR_mprotect,
    __NR_futex, __NR_clock_gettime, __NR_gettimeofday, __NR_getpid,
    __NR_getrandom, __NR_prlimit64, __NR_exit_group, __NR_rt_sigreturn,
    __NR_restart_syscall,
};

const struct confine viewer_sandbox = {
    .name = "vnc", .user = "paravane-vnc", .syscalls = allowed,
    .nr_syscalls = sizeof(allowed) / sizeof(allowed[0]),
    .new_files = 128, .memory = 768ul << 20,
};

struct server {
    struct viewer *s;
    struct vnc *vnc;
    struct web web;
    struct control control;
    const uint32_t *pixels;
    bool has_picture;
    bool watched;
    int32_t sync_nr;
    bool has_text;                     /* came with what was asked for */
    struct buf text;
    bool lost;                         /* an input message found no room */
};

/* ---- input ---------------------------------------------------------------------------------- */

/* What did not get through ends with all keys up (input.h, INV-IN2). */
static int send_input(struct server *v, const struct screen_msg *m, int wait_ms)
{
    static const struct screen_msg release = { .kind = SCREEN_RELEASE };
    int rc = 0;

    if (v->lost) {
        rc = screen_link_send_wait(v->s->input_fd, &release, wait_ms);
    }
    if (rc == 0) {
        v->lost = false;
        rc = screen_link_send_wait(v->s->input_fd, m, wait_ms);
    }
    v->lost = v->lost || rc != 0;
    return rc;
}

static void on_input(void *arg, const struct screen_msg *m)
{
    send_input(arg, m, 0);
}

static const char *on_keys(void *arg, const unsigned int *codes,
                           unsigned int nr)
{
    struct server *v = arg;
    unsigned int i;
    int rc = 0;

    for (i = 0; i < 2 * nr && rc == 0; i++) {
        bool down = i < nr;
        struct screen_msg m = {
            .kind = SCREEN_KEY, .b = down,
            .a = (int32_t)codes[down ? i : 2 * nr - 1 - i],
        };

        rc = send_input(v, &m, KEY_WAIT_MS);
    }
    return rc == 0 ? NULL : "the guest does not read its keyboard";
}

/* ---- picture --------------------------------------------------------------------------------- */

static void ask(struct server *v, enum screen_kind kind, int32_t a)
{
    struct screen_msg m = { .kind = kind, .a = a };

    screen_link_send(v->s->picture_fd, &m);
}

static void on_watched(void *arg, bool yes)
{
    struct server *v = arg;

    v->watched = yes;
    ask(v, SCREEN_WATCH, yes);
}

static void take_mode(struct server *v, const struct screen_msg *m)
{
    int32_t width, height;

    if ((size_t)m->w * (size_t)m->h * 4 > v->s->pixel_bytes) {
        return;
    }
    vnc_size(v->vnc, &width, &height);
    if (width != m->w || height != m->h) {
        if (vnc_mode(v->vnc, m->w, m->h) != 0) {
            return;
        }
    }
    v->has_picture = true;
    vnc_update(v->vnc, v->pixels, (struct screen_rect){ 0, 0, m->w, m->h });
    ask(v, SCREEN_WATCH, v->watched);  /* it may be a new process */
}

static void take_dirty(struct server *v, const struct screen_msg *m)
{
    if (v->has_picture) {
        vnc_update(v->vnc, v->pixels,
                   (struct screen_rect){ m->x, m->y, m->w, m->h });
    }
}

static void take_off(struct server *v, const struct screen_msg *m)
{
    int32_t width, height;

    v->has_picture = false;
    vnc_size(v->vnc, &width, &height);
    vnc_mode(v->vnc, width, height);
    control_screenshot(&v->control, NULL, "the guest shows no picture");
    control_text(&v->control, NULL, "the guest shows no picture");
}

static void take_text(struct server *v, const struct screen_msg *m)
{
    buf_reset(&v->text);
    v->has_text = cp437_lines((const uint8_t *)v->pixels + v->s->pixel_bytes,
                              (uint32_t)m->w, (uint32_t)m->h, &v->text) == 0;
}

/* From a private copy: the other side may still write. */
static int make_png(struct server *v, struct buf *png)
{
    int32_t width, height;
    uint32_t *copy;
    size_t bytes;
    int rc = -ENOMEM;

    vnc_size(v->vnc, &width, &height);
    bytes = (size_t)width * (size_t)height * 4;
    copy = malloc(bytes);
    if (copy != NULL) {
        memcpy(copy, v->pixels, bytes);
        rc = png_of_pixels(copy, width, height, png);
    }
    free(copy);
    return rc;
}

static void take_synced(struct server *v, const struct screen_msg *m)
{
    struct buf png = BUF_INIT;
    int rc;

    if (m->a != v->sync_nr || !control_waits(&v->control)) {
        return;
    }
    rc = v->has_picture ? make_png(v, &png) : -EIO;
    control_screenshot(&v->control, &png,
                       rc == 0 ? NULL : "cannot make the picture");
    buf_free(&png);
    control_text(&v->control, &v->text,
                 v->has_text ? NULL : "the guest shows no text");
}

static void take_picture_messages(struct server *v)
{
    static void (*const take[SCREEN_NR_KINDS])(struct server *,
                                               const struct screen_msg *) = {
        [SCREEN_MODE] = take_mode, [SCREEN_DIRTY] = take_dirty,
        [SCREEN_OFF] = take_off, [SCREEN_SYNCED] = take_synced,
        [SCREEN_TEXT] = take_text,
    };
    struct screen_msg m;
    int rc, i;

    for (i = 0; i < 64; i++) {
        rc = screen_link_recv(v->s->picture_fd, &m);
        if (rc < 0) {
            _exit(1);
        }
        if (rc == 0) {
            return;
        }
        if (take[m.kind] != NULL) {
            take[m.kind](v, &m);
        }
    }
}

/* ---- control socket -------------------------------------------------------------------------- */

static void on_info(void *arg, struct buf *out)
{
    struct server *v = arg;
    int32_t width, height;

    vnc_size(v->vnc, &width, &height);
    buf_addf(out, "ok vnc=%d web=%d size=%dx%d viewers=%u picture=%s "
             "password=%s\n", v->s->vnc_port, v->s->web_port, width, height,
             vnc_viewers(v->vnc), v->has_picture ? "yes" : "no",
             v->s->password != NULL ? "yes" : "no");
}

static const char *on_screenshot(void *arg)
{
    struct server *v = arg;

    if (!v->has_picture) {
        return "the guest shows no picture";
    }
    v->has_text = false;
    ask(v, SCREEN_SYNC, ++v->sync_nr);
    return NULL;
}

static const struct control_ops control_ops = {
    .info = on_info, .keys = on_keys, .screenshot = on_screenshot,
};

/* ---- loop ------------------------------------------------------------------------------------ */

static int take_connection(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static unsigned int gather(struct server *v, struct pollfd *p)
{
    const int fixed[] = { v->s->control_fd, v->s->picture_fd, v->s->vnc_fd,
                          v->s->web_fd, v->s->ctl_fd };
    unsigned int n = 0;

    for (; n < sizeof(fixed) / sizeof(fixed[0]); n++) {
        p[n] = (struct pollfd){ .fd = fixed[n], .events = POLLIN };
    }
    n += control_poll_fds(&v->control, p + n);
    n += web_poll_fds(&v->web, p + n);
    return n + vnc_poll_fds(v->vnc, p + n);
}

static void take_new(struct server *v, const struct pollfd *p)
{
    int fd;

    if (p[2].revents != 0 && (fd = take_connection(v->s->vnc_fd)) >= 0) {
        vnc_adopt(v->vnc, fd);
    }
    if (p[3].revents != 0 && (fd = take_connection(v->s->web_fd)) >= 0) {
        web_adopt(&v->web, fd, evloop_now_ns());
    }
    if (p[4].revents != 0 && (fd = take_connection(v->s->ctl_fd)) >= 0) {
        control_adopt(&v->control, fd);
    }
}

static void serve(struct server *v)
{
    struct pollfd p[MAX_FDS];

    for (;;) {
        unsigned int nr = gather(v, p);
        bool timed = v->web.nr > 0 || control_waits(&v->control);

        if (poll(p, nr, timed ? 500 : -1) < 0 && errno != EINTR) {
            _exit(1);
        }
        if (p[0].revents != 0) {
            _exit(0);                  /* the parent ends */
        }
        if (p[1].revents != 0) {
            take_picture_messages(v);
        }
        take_new(v, p);
        web_run(&v->web, evloop_now_ns());
        control_run(&v->control, evloop_now_ns());
        vnc_run(v->vnc);
    }
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static int set_up(struct server *v, struct err *e)
{
    const struct vnc_config config = {
        .name = v->s->name, .password = v->s->password,
        .web_root = v->s->web_root != NULL ? "" : NULL,
        .input = on_input, .watched = on_watched, .arg = v,
    };

    v->pixels = screen_pixels_map(v->s->pixels_fd,
                                  v->s->pixel_bytes + SCREEN_TEXT_MAX, false);
    if (v->pixels == NULL) {
        return err_errno(e, -errno, "cannot start serving", "picture");
    }
    v->vnc = vnc_new(&config);
    if (v->vnc == NULL) {
        return err_errno(e, -ENOMEM, "cannot start serving", "libvncserver");
    }
    web_init(&v->web, v->vnc);
    control_init(&v->control, &control_ops, v);
    return 0;
}

static unsigned int own_fds(struct viewer *s, int **fds)
{
    int *const all[] = { &s->vnc_fd, &s->web_fd, &s->ctl_fd, &s->pixels_fd,
                         &s->picture_fd, &s->input_fd, &s->control_fd };
    unsigned int i, n = 0;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] >= 0) {
            fds[n++] = all[i];
        }
    }
    return n;
}

void viewer_run(struct viewer *s)
{
    static struct server v;
    struct confine c = viewer_sandbox;
    struct err e = ERR_INIT;
    int *fds[7];

    serve_begin("vnc", 0, fds, own_fds(s, fds));
    v.s = s;
    c.domid = s->domid;
    c.empty_dir = s->empty_dir;
    c.files_dir = s->web_root;
    if (set_up(&v, &e) != 0 || confine_now(&c, &e) != 0) {
        char text[200];

        err_format(&e, text, sizeof(text));
        serve_say(s->control_fd, SERVE_FAILED, e.errnum, text);
        _exit(1);
    }
    serve_say(s->control_fd, SERVE_UP, 0, "viewers may come");
    on_watched(&v, false);
    ask(&v, SCREEN_SYNC, 0);           /* a predecessor knew the picture */
    serve(&v);
    _exit(0);
}
