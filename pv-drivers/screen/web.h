/* SPDX-License-Identifier: MIT */
/*
 * screen/web.h - what browsers ask for on one port.
 *
 * Owns    connections until their first request is whole: then a WebSocket
 *         becomes a viewer, a file is answered, "/" leads to the client.
 *         Bounded in number, size and time.
 * Tests   tests/unit/pvdrv/test_screen.c, nested boots (screen)
 */
#ifndef SCREEN_WEB_H
#define SCREEN_WEB_H

#include <screen/vnc.h>

#define WEB_MAX 24u

struct web {
    struct vnc *vnc;
    struct { int fd; uint64_t deadline_ns; } conns[WEB_MAX];
    unsigned int nr;
};

void web_init(struct web *w, struct vnc *vnc);
void web_fini(struct web *w);

/* @fd, which does not block, is taken over. */
void web_adopt(struct web *w, int fd, uint64_t now_ns);
unsigned int web_poll_fds(const struct web *w, struct pollfd *p);
/* Deal with every connection whose request has come or whose time is up. */
void web_run(struct web *w, uint64_t now_ns);

#endif
