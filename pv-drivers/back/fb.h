/* SPDX-License-Identifier: MIT */
/*
 * back/fb.h - the frame buffer of a guest, as a picture.
 *
 * Owns    the shared page, the page directory and the pixels of one
 *         connection: each of the guest's numbers is read once and checked,
 *         pixels are copied and converted to 0x00RRGGBB.
 * Leaves  who looks, and how often, to fb_serve.h.
 *
 * INV-FB1 mode.offset + mode.stride * (mode.height - 1) + one row fits into
 *         the mapped frames: no pixel outside them is read.
 * INV-FB2 mode.width * mode.height * 4 fits into the picture's memory.
 * ABI     xen/io/fbif.h
 * Tests   tests/unit/pvdrv/test_fb.c
 */
#ifndef BACK_FB_H
#define BACK_FB_H

#include <port/port.h>
#include <screen/link.h>

#include <stdbool.h>
#include <stdint.h>

struct err;

#define FB_LIMIT_MAX (64u << 20)       /* bytes of one frame buffer */

struct fb_config {
    uint64_t  page_frame;              /* the guest's "page-ref" */
    uint32_t  limit_bytes;             /* of its frame buffer */
    bool      sends_updates;           /* "feature-update" */
    uint32_t *pixels;                  /* the picture's memory */
    size_t    pixel_bytes;
};

struct fb_mode {
    uint32_t width, height;
    uint32_t stride, offset;           /* bytes */
    uint32_t depth;                    /* 16 or 32 bits */
};

struct fb {
    struct fb_config config;
    struct port *port;
    struct port_pages shared;          /* struct xenfb_page */
    struct port_pages memory;
    uint32_t mem_bytes;
    uint32_t out_cons;                 /* our position */
    struct fb_mode mode;
    bool new_mode;                     /* to be told with the next picture */
    struct screen_rect dirty;          /* what the guest said since */
    bool broken;
    struct {
        uint64_t updates, resizes, refused;
    } stats;
};

/* Map what @config names.  0 or -errno with @e filled and nothing held. */
int fb_start(struct fb *fb, struct port *port, const struct fb_config *config,
             struct err *e);
void fb_stop(struct fb *fb);

/* Take the guest's messages; true: there may be more. */
bool fb_run(struct fb *fb);
bool fb_broken(const struct fb *fb);

/*
 * Copy @r into the picture; what really changed, or an empty rectangle.
 * @r is within the mode.
 */
struct screen_rect fb_copy(struct fb *fb, struct screen_rect r);
struct screen_rect fb_whole(const struct fb *fb);

#endif
