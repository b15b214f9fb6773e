/* SPDX-License-Identifier: MIT */
/*
 * screen/control.h - the administrator's questions to a screen.
 *
 * Owns    the connections on a screen's local socket.  A line asks, a line
 *         beginning with "ok" or "error" answers:
 *           info            ok vnc=PORT web=PORT size=WxH viewers=N ...
 *           keys 29 56 111  pressed in this order, released in the other
 *           screenshot      ok LENGTH, then that many bytes of PNG
 *           text            the same with lines of UTF-8: what a text mode
 *                           shows
 * Leaves  the answers to the caller.
 * Tests   tests/unit/pvdrv/test_screen.c, nested boots (screen)
 */
#ifndef SCREEN_CONTROL_H
#define SCREEN_CONTROL_H

#include <lib/buf.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define CONTROL_MAX      4u
#define CONTROL_MAX_KEYS 16u

enum control_want { CONTROL_NOTHING, CONTROL_PICTURE, CONTROL_TEXT };

struct control_conn {
    int fd;                            /* -1: free */
    struct buf in, out;
    enum control_want waits;           /* for what */
    uint64_t deadline_ns;              /* of that */
};

struct control_ops {
    void (*info)(void *arg, struct buf *out);
    /* NULL or the reason why not. */
    const char *(*keys)(void *arg, const unsigned int *codes, unsigned int nr);
    /* Begin, for a picture or text; control_screenshot() and control_text()
     * follow.  NULL or the reason why not. */
    const char *(*screenshot)(void *arg);
};

struct control {
    const struct control_ops *ops;
    void *arg;
    struct control_conn conns[CONTROL_MAX];
};

void control_init(struct control *c, const struct control_ops *ops, void *arg);
void control_fini(struct control *c);

/* @fd, which does not block, is taken over. */
void control_adopt(struct control *c, int fd);
unsigned int control_poll_fds(const struct control *c, struct pollfd *p);
void control_run(struct control *c, uint64_t now_ns);

/* The picture is there, or @why it is not: to all who wait for it. */
void control_screenshot(struct control *c, const struct buf *png,
                        const char *why);
/* The same for those who wait for text. */
void control_text(struct control *c, const struct buf *text, const char *why);
bool control_waits(const struct control *c);

#endif
