/* SPDX-License-Identifier: MIT */
/*
 * screen/link.h - between the process that has a picture and the one that
 * shows it.
 *
 * Owns    the messages of the two sockets (picture; keyboard and pointer) and
 *         the memory in which a picture travels: 32 bits a pixel, 0x00RRGGBB,
 *         rows without gaps.  Each side may have been taken over by somebody
 *         hostile, so both check what they receive.
 * Leaves  where pictures come from to back/fb.h (or a device model), who
 *         looks to vnc.h.
 * Tests   tests/unit/pvdrv/test_screen.c
 */
#ifndef SCREEN_LINK_H
#define SCREEN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_MAX_WIDTH  8192
#define SCREEN_MAX_HEIGHT 8192
#define SCREEN_MAX_CODE   0x2ffu      /* of Linux' input-event-codes.h */
#define SCREEN_TEXT_MAX   65536u      /* bytes behind the picture: characters */

enum screen_kind {
    /* picture: from the source */
    SCREEN_MODE = 1,                  /* w, h; all of it is new */
    SCREEN_DIRTY,                     /* x, y, w, h changed */
    SCREEN_OFF,                       /* there is no picture */
    SCREEN_SYNCED,                    /* a: the number of the request */
    SCREEN_TEXT,                      /* before it: w by h characters of code
                                         page 437 lie behind the picture */
    /* picture: to the source */
    SCREEN_WATCH,                     /* a: 1 somebody looks, 0 nobody */
    SCREEN_SYNC,                      /* a: a number; all that is, then it */
    /* keyboard and pointer */
    SCREEN_KEY,                       /* a: Linux key code, b: 1 pressed */
    SCREEN_POINTER,                   /* x, y in a picture of w, h */
    SCREEN_WHEEL,                     /* a: steps; 1 up, -1 down */
    SCREEN_RELEASE,                   /* nothing is pressed any more */
    SCREEN_NR_KINDS,
};

struct screen_msg {
    uint32_t kind;
    int32_t  x, y, w, h;
    int32_t  a, b;
};

struct screen_rect {
    int32_t x, y, w, h;               /* w == 0: empty */
};

/* A pair of sockets that keep messages whole and never block.  0 or -errno. */
int screen_link_pair(int fds[2]);

/* 0, -EAGAIN: no room now, or -errno: the other side is gone. */
int screen_link_send(int fd, const struct screen_msg *m);
/* The same, waiting up to @timeout_ms for room. */
int screen_link_send_wait(int fd, const struct screen_msg *m, int timeout_ms);
/* 1: a message whose numbers are in their range, 0: none, or -errno. */
int screen_link_recv(int fd, struct screen_msg *m);

/* Are the numbers of @m in their range? */
bool screen_msg_valid(const struct screen_msg *m);

/* Memory for @bytes of picture, of a size that stays.  Descriptor or -errno. */
int screen_pixels_create(size_t bytes);
/* NULL with errno set. */
void *screen_pixels_map(int fd, size_t bytes, bool writable);

/* The part of (x, y, w, h) inside (0, 0, @width, @height). */
struct screen_rect screen_rect_clip(int64_t x, int64_t y, int64_t w, int64_t h,
                                    int32_t width, int32_t height);
/* The smallest that holds both. */
struct screen_rect screen_rect_join(struct screen_rect a,
                                    struct screen_rect b);

#endif
