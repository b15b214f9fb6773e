/* SPDX-License-Identifier: MIT */
/*
 * back/screen_serve.h - what the processes of a frame buffer and of a keyboard
 * share.
 *
 * Owns    the event channel, the loop and its three sources: the guest, the
 *         viewers' process (link_fd), the parent (control_fd); their list of
 *         system calls.
 * Leaves  what is mapped of the guest to each of them.
 * Tests   nested boots (screen, front)
 */
#ifndef BACK_SCREEN_SERVE_H
#define BACK_SCREEN_SERVE_H

#include <lib/evloop.h>
#include <port/port.h>

struct err;

#define SCREEN_NR_SYSCALLS 12u
extern const int screen_syscalls[SCREEN_NR_SYSCALLS];

struct screen_serve {
    struct port *port;
    struct evloop *loop;
    struct ev_source *link_src;
};

/*
 * Bind @remote_port of the guest and wait for all three; @arg goes to
 * @on_link and @on_control.  s->port is open.  0, or -errno with @e.
 */
int screen_serve_start(struct screen_serve *s, uint32_t remote_port,
                       int link_fd, ev_fd_fn *on_link, int control_fd,
                       ev_fd_fn *on_control, void *arg, struct err *e);

#endif
