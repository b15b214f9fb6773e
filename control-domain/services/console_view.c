/* SPDX-License-Identifier: MIT */
/*
 * Fan-out of a console to a terminal and to socket connections, fan-in of what
 * they type.  The guest's ring and the log are left to console_guest.  Covered
 * by tests/unit/services/test_console.c.
 */
#include <services/console_view.h>

#include <lib/buf.h>
#include <lib/err.h>
#include <lib/evloop.h>

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define UNSENT_MAX (CONSOLE_RECENT_BYTES + 65536u)

/* One source of input: the terminal or a connection. */
struct viewer {
    struct console_view *view;
    int fd;                       /* -1: free */
    struct ev_source *src;
    struct buf unsent;            /* output it has not read; sockets only */
    char held[256];               /* input the guest had no room for */
    size_t nr_held;
};

struct console_view {
    struct evloop *loop;
    console_input_fn *input;
    void *input_arg;
    char socket_path[108];
    int listen_fd;
    struct ev_source *listen_src;
    int slave_fd;                 /* kept open: no hang-up between clients */
    char tty[64];
    struct viewer pty;
    struct viewer viewers[CONSOLE_VIEWERS_MAX];
    char recent[CONSOLE_RECENT_BYTES];
    size_t recent_pos, recent_len;
};

static void viewer_close(struct viewer *w)
{
    evloop_del(w->src);
    if (w->fd >= 0) {
        close(w->fd);
    }
    buf_free(&w->unsent);
    w->src = NULL;
    w->fd = -1;
    w->nr_held = 0;
}

/* What epoll should report: input unless some is held, output if unsent. */
static void viewer_rearm(struct viewer *w)
{
    evloop_mod(w->src, (w->nr_held == 0 ? EPOLLIN : 0) |
                       (w->unsent.len > 0 ? EPOLLOUT : 0));
}

static void viewer_offer_held(struct viewer *w)
{
    struct console_view *v = w->view;
    size_t taken = v->input(v->input_arg, w->held, w->nr_held);

    w->nr_held -= taken;
    memmove(w->held, w->held + taken, w->nr_held);
}

static void viewer_read(struct viewer *w)
{
    ssize_t got = read(w->fd, w->held, sizeof(w->held));

    if (got > 0) {
        w->nr_held = (size_t)got;
        viewer_offer_held(w);
        viewer_rearm(w);
    } else if (w != &w->view->pty &&
               (got == 0 || (errno != EAGAIN && errno != EINTR))) {
        viewer_close(w);
    }
}

static void viewer_flush(struct viewer *w)
{
    while (w->unsent.len > 0) {
        ssize_t put = send(w->fd, w->unsent.data, w->unsent.len, MSG_NOSIGNAL);

        if (put < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                viewer_close(w);
                return;
            }
            break;
        }
        buf_consume(&w->unsent, (size_t)put);
    }
    viewer_rearm(w);
}

static void on_viewer(void *arg, uint32_t events)
{
    struct viewer *w = arg;

    if ((events & EPOLLOUT) != 0) {
        viewer_flush(w);
    }
    if (w->fd < 0 || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
        return;
    }
    if (w->nr_held == 0) {
        viewer_read(w);
    } else if (w != &w->view->pty) {
        viewer_close(w);          /* gone, with input nobody will see */
    }
}

/* A viewer that let its share of memory fill up is dropped. */
static void viewer_send(struct viewer *w, const char *data, size_t len)
{
    if (buf_add(&w->unsent, data, len) != 0) {
        viewer_close(w);
        return;
    }
    viewer_flush(w);
}

static void show_recent(struct console_view *v, struct viewer *w)
{
    size_t start = (v->recent_pos + sizeof(v->recent) - v->recent_len) %
                   sizeof(v->recent);
    size_t first = sizeof(v->recent) - start;

    if (first > v->recent_len) {
        first = v->recent_len;
    }
    viewer_send(w, v->recent + start, first);
    if (w->fd >= 0 && v->recent_len > first) {
        viewer_send(w, v->recent, v->recent_len - first);
    }
}

static struct viewer *free_viewer(struct console_view *v)
{
    unsigned int i;

    for (i = 0; i < CONSOLE_VIEWERS_MAX; i++) {
        if (v->viewers[i].fd < 0) {
            return &v->viewers[i];
        }
    }
    return NULL;
}

static void on_connect(void *arg, uint32_t events)
{
    struct console_view *v = arg;
    int fd = accept4(v->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct viewer *w = free_viewer(v);

    if (fd < 0) {
        return;
    }
    if (w == NULL) {
        close(fd);
        return;
    }
    w->fd = fd;
    buf_init(&w->unsent, UNSENT_MAX);
    w->src = evloop_add(v->loop, fd, EPOLLIN, on_viewer, w);
    if (w->src == NULL) {
        close(fd);
        w->fd = -1;
        return;
    }
    show_recent(v, w);
}

static int listen_at(struct console_view *v, const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(addr.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(addr.sun_path, path);
    strcpy(v->socket_path, path);
    unlink(path);
    v->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          0);
    if (v->listen_fd < 0 ||
        bind(v->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        chmod(path, 0660) != 0 || listen(v->listen_fd, 4) != 0) {
        return -errno;
    }
    v->listen_src = evloop_add(v->loop, v->listen_fd, EPOLLIN, on_connect, v);
    return v->listen_src == NULL ? -ENOMEM : 0;
}

static int open_terminal(struct console_view *v)
{
    struct termios t;

    if (openpty(&v->pty.fd, &v->slave_fd, v->tty, NULL, NULL) != 0) {
        v->pty.fd = -1;
        return -errno;
    }
    if (tcgetattr(v->slave_fd, &t) == 0) {
        cfmakeraw(&t);
        tcsetattr(v->slave_fd, TCSANOW, &t);
    }
    fcntl(v->pty.fd, F_SETFL, O_NONBLOCK);
    fcntl(v->pty.fd, F_SETFD, FD_CLOEXEC);
    fcntl(v->slave_fd, F_SETFD, FD_CLOEXEC);
    v->pty.src = evloop_add(v->loop, v->pty.fd, EPOLLIN, on_viewer, &v->pty);
    return v->pty.src == NULL ? -ENOMEM : 0;
}

struct console_view *console_view_new(struct evloop *loop,
                                      const char *socket_path,
                                      console_input_fn *input, void *arg,
                                      struct err *e)
{
    struct console_view *v = calloc(1, sizeof(*v));
    unsigned int i;
    int rc;

    if (v == NULL) {
        err_errno(e, -ENOMEM, "cannot offer a console", "%s", socket_path);
        return NULL;
    }
    v->loop = loop;
    v->input = input;
    v->input_arg = arg;
    v->listen_fd = v->slave_fd = v->pty.fd = -1;
    v->pty.view = v;
    for (i = 0; i < CONSOLE_VIEWERS_MAX; i++) {
        v->viewers[i].fd = -1;
        v->viewers[i].view = v;
    }
    rc = open_terminal(v);
    if (rc == 0) {
        rc = listen_at(v, socket_path);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot offer a console", "%s", socket_path);
        console_view_free(v);
        return NULL;
    }
    return v;
}

void console_view_free(struct console_view *v)
{
    unsigned int i;

    if (v == NULL) {
        return;
    }
    for (i = 0; i < CONSOLE_VIEWERS_MAX; i++) {
        viewer_close(&v->viewers[i]);
    }
    viewer_close(&v->pty);
    evloop_del(v->listen_src);
    if (v->listen_fd >= 0) {
        close(v->listen_fd);
        unlink(v->socket_path);
    }
    if (v->slave_fd >= 0) {
        close(v->slave_fd);
    }
    free(v);
}

const char *console_view_tty(const struct console_view *v)
{
    return v->tty;
}

void console_view_remember(struct console_view *v, const char *data,
                           size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        v->recent[v->recent_pos] = data[i];
        v->recent_pos = (v->recent_pos + 1) % sizeof(v->recent);
    }
    v->recent_len += len;
    if (v->recent_len > sizeof(v->recent)) {
        v->recent_len = sizeof(v->recent);
    }
}

void console_view_output(struct console_view *v, const char *data, size_t len)
{
    unsigned int i;

    console_view_remember(v, data, len);
    if (write(v->pty.fd, data, len) < 0) {
        /* Nobody reads the terminal and it is full: the log has it all. */
    }
    for (i = 0; i < CONSOLE_VIEWERS_MAX; i++) {
        if (v->viewers[i].fd >= 0) {
            viewer_send(&v->viewers[i], data, len);
        }
    }
}

static void viewer_resume(struct viewer *w)
{
    if (w->fd >= 0 && w->nr_held > 0) {
        viewer_offer_held(w);
        viewer_rearm(w);
    }
}

void console_view_resume(struct console_view *v)
{
    unsigned int i;

    viewer_resume(&v->pty);
    for (i = 0; i < CONSOLE_VIEWERS_MAX; i++) {
        viewer_resume(&v->viewers[i]);
    }
}
