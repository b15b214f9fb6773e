/* SPDX-License-Identifier: MIT */
/*
 * back/screen.h - what the frame buffer and the keyboard of one VM share.
 *
 * Owns    the sockets between their processes and the viewers' one, the
 *         picture's memory, the listening ports; the viewers' process: started
 *         with the first device, started again when it dies, on the same
 *         ports.
 * Leaves  what viewers do to viewer.h, devices to screen_device.h.
 * Tests   nested boots (screen)
 */
#ifndef BACK_SCREEN_H
#define BACK_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct back;
struct err;
struct ev_source;

struct screen_settings {
    char control_dir[160];             /* of the VM on this host; "": none */
    char name[96];                     /* of the domain */
    char listen[64];                   /* a numeric address */
    uint32_t vnc_port, web_port;       /* 0: the first free one */
    bool web;
    uint32_t memory_bytes;             /* of the guest's frame buffer */
};

struct screen {
    struct screen_settings set;
    struct back *back;
    bool started;
    int vnc_fd, web_fd, ctl_fd;        /* listening; the last two maybe -1 */
    int vnc_port, web_port;
    int pixels_fd;
    int picture[2], input[2];          /* 0: the guest's side, 1: viewers' */
    pid_t pid;
    int control_fd;
    struct ev_source *control_src, *retry;
};

/*
 * For a device model, in two steps: every descriptor of *@s (back->loop is
 * not used), 0 or -errno with @e filled; then, perhaps in another process, the
 * viewers' process and watching over it.
 */
int screen_prepare(struct screen *s, struct back *back,
                   const struct screen_settings *set, struct err *e);
void screen_serve(struct screen *s);

/* Both at once; later calls do nothing. */
int screen_start(struct screen *s, struct back *back,
                 const struct screen_settings *set, struct err *e);
/* The sockets alone: a keyboard may come before the frame buffer. */
int screen_open_links(struct screen *s, struct err *e);
void screen_stop(struct screen *s);

/* The guest shows nothing any more. */
void screen_off(struct screen *s);

#endif
