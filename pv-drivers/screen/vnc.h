/* SPDX-License-Identifier: MIT */
/*
 * screen/vnc.h - a picture shown to people by VNC, their keys and pointer
 * taken back.
 *
 * Owns    libvncserver: the viewers' connections (plain and WebSocket), our
 *         own copy of the picture, the password, files of the web client.
 *         Knows nothing of guests: a device model uses it as a frame buffer
 *         back end does.
 * Leaves  listening sockets and waiting to the caller.
 * Tests   tests/unit/pvdrv/test_screen.c, nested boots (screen)
 */
#ifndef SCREEN_VNC_H
#define SCREEN_VNC_H

#include <screen/link.h>

#include <poll.h>

struct vnc;

#define VNC_MAX_VIEWERS 16u

struct vnc_config {
    const char *name;                  /* title of a viewer's window */
    const char *password;              /* NULL: none; 8 characters count */
    const char *web_root;              /* the web client's files; NULL: none */
    /* What a viewer does: SCREEN_KEY, _POINTER, _WHEEL, _RELEASE. */
    void (*input)(void *arg, const struct screen_msg *m);
    /* Nobody or somebody looks. */
    void (*watched)(void *arg, bool yes);
    void *arg;
};

/* NULL: out of memory.  @config's texts must stay. */
struct vnc *vnc_new(const struct vnc_config *config);
void vnc_free(struct vnc *v);

/* The picture's size from now on; it is black.  0 or -ENOMEM. */
int vnc_mode(struct vnc *v, int32_t width, int32_t height);
/* Copy @r, clipped, out of @pixels, rows of the mode's width. */
void vnc_update(struct vnc *v, const uint32_t *pixels, struct screen_rect r);
void vnc_size(const struct vnc *v, int32_t *width, int32_t *height);

/* A connection becomes a viewer; @fd is taken over. */
void vnc_adopt(struct vnc *v, int fd);
/* A request that waits whole on @fd is answered with a file; taken over. */
void vnc_serve_file(struct vnc *v, int fd);

/* Where viewers may be heard from; at most VNC_MAX_VIEWERS entries. */
unsigned int vnc_poll_fds(struct vnc *v, struct pollfd *p);
/* Hear viewers, show them what is new. */
void vnc_run(struct vnc *v);
unsigned int vnc_viewers(const struct vnc *v);

#endif
