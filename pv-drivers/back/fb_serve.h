/* SPDX-License-Identifier: MIT */
/*
 * back/fb_serve.h - the process that reads one guest's frame buffer.
 *
 * Owns    a forked child, as blk_serve.h: set-up, confinement, loop; how often
 *         the picture is brought up to date.
 * Leaves  the guest's page to fb.h, the viewers to viewer.h at the other end
 *         of link_fd.
 * Tests   nested boots (screen); its parts: test_fb
 */
#ifndef BACK_FB_SERVE_H
#define BACK_FB_SERVE_H

#include <back/fb.h>

struct confine;

struct fb_serve {
    unsigned int domid;
    unsigned int id;
    uint32_t remote_port;
    struct fb_config config;           /* without the memory */
    int pixels_fd;
    int link_fd;
    int control_fd;
    const char *empty_dir;
};

/* Its rights: docs/sandbox.md. */
extern const struct confine fb_sandbox;

void fb_serve(struct fb_serve *s) __attribute__((noreturn));

#endif
