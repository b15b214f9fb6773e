/* SPDX-License-Identifier: MIT */
/*
 * See screen_serve.h.  Exercised by the nested boots with a screen.
 */
#include <back/screen_serve.h>

#include <lib/err.h>

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

/* confine.c adds ioctl and mmap, for some arguments only. */
const int screen_syscalls[SCREEN_NR_SYSCALLS] = {
    __NR_epoll_wait, __NR_epoll_pwait, __NR_epoll_ctl, __NR_read, __NR_write,
    __NR_munmap, __NR_close, __NR_exit_group, __NR_rt_sigreturn,
    __NR_restart_syscall, __NR_clock_gettime, __NR_brk,
};

static void on_event(void *arg, uint32_t events)
{
    struct screen_serve *s = arg;

    if (port_event_take(s->port)) {
        port_event_rearm(s->port);
    }
}

int screen_serve_start(struct screen_serve *s, uint32_t remote_port,
                       int link_fd, ev_fd_fn *on_link, int control_fd,
                       ev_fd_fn *on_control, void *arg, struct err *e)
{
    int rc = port_bind(s->port, remote_port);

    if (rc != 0) {
        return err_errno(e, rc, "cannot bind the event channel", "port %u",
                         remote_port);
    }
    s->loop = evloop_new();
    if (s->loop == NULL ||
        evloop_add(s->loop, port_event_fd(s->port), EPOLLIN, on_event,
                   s) == NULL ||
        evloop_add(s->loop, control_fd, EPOLLIN, on_control, arg) == NULL) {
        return err_errno(e, -ENOMEM, "cannot start serving", "event loop");
    }
    s->link_src = evloop_add(s->loop, link_fd, EPOLLIN, on_link, arg);
    return s->link_src == NULL
               ? err_errno(e, -ENOMEM, "cannot start serving", "event loop")
               : 0;
}
