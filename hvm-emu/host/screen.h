/* SPDX-License-Identifier: MIT */
/*
 * host/screen.h - the machine's screen and its keys, by the viewers' process
 * of pv-drivers.
 *
 * Owns    the one screen of this process: the picture's memory, the two
 *         sockets of screen/link.h, when the picture is drawn (only while
 *         somebody looks or asks), what of it changed; a process that starts
 *         viewers' processes, since this one loses the right to.
 * Leaves  pixels and characters to the device that is the source, keys to
 *         the one that is the sink.
 * Tests   tests/unit/hvm-emu/test_host_screen.c, nested boots (hvm)
 */
#ifndef HOST_SCREEN_H
#define HOST_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct host_screen;
struct machine;
struct screen_msg;

struct host_screen_ops {
    /* 0: there is no picture.  At most HOST_SCREEN_BYTES / 4 pixels. */
    void (*size)(void *arg, uint32_t *width, uint32_t *height);
    void (*draw)(void *arg, uint32_t *out);
    /* cols 0: no text; at most SCREEN_TEXT_MAX of it (screen/link.h). */
    void (*text)(void *arg, uint8_t *out, uint32_t *cols, uint32_t *rows);
    /* Since last asked. */
    bool (*changed)(void *arg);
};

#define HOST_SCREEN_BYTES (16u << 20)

/*
 * The screen that the configuration asks for (vnc), made by the first who
 * calls; *@s NULL: none is wanted.  0 or -errno with @e filled.
 */
int host_screen_get(struct machine *m, struct host_screen **s, struct err *e);

/* @s may be NULL; so may @ops: nobody. */
void host_screen_source(struct host_screen *s,
                        const struct host_screen_ops *ops, void *arg);
void host_screen_sink(struct host_screen *s,
                      void (*input)(void *arg, const struct screen_msg *m),
                      void *arg);

/* For tests and the first caller: serve these ends.  They are taken over. */
int host_screen_serve(struct machine *m, struct host_screen *s,
                      int picture_fd, int input_fd, uint32_t *pixels);

#endif
