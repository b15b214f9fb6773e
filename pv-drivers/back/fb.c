/* SPDX-License-Identifier: MIT */
/*
 * A guest's frame buffer: set-up from its shared page, its messages, its
 * pixels.  Timing is left to fb_serve.c.  Covered by
 * tests/unit/pvdrv/test_fb.c.
 */
#include <back/fb.h>

#include <lib/err.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/io/fbif.h>

#define PAGE         4096u
#define PER_PAGE     (PAGE / sizeof(uint64_t))
#define MAX_MESSAGES 64u               /* between two looks at other things */

static_assert(sizeof(union xenfb_out_event) == XENFB_OUT_EVENT_SIZE, "ABI");
static_assert(offsetof(struct xenfb_page, pd) == 40, "ABI offset");

/* Numbers of the shared page, each read once. */
#define READ(field) (*(const volatile __typeof__(field) *)&(field))

static struct xenfb_page *shared(const struct fb *fb)
{
    return fb->shared.addr;
}

/* ---- modes ------------------------------------------------------------------------------ */

static bool mode_fits(const struct fb *fb, const struct fb_mode *m)
{
    uint64_t row = (uint64_t)m->width * (m->depth / 8);

    if (m->width == 0 || m->width > SCREEN_MAX_WIDTH || m->height == 0 ||
        m->height > SCREEN_MAX_HEIGHT || (m->depth != 32 && m->depth != 16)) {
        return false;
    }
    return m->stride >= row && m->stride % (m->depth / 8) == 0 &&
           m->offset % (m->depth / 8) == 0 &&
           m->offset + (uint64_t)m->stride * (m->height - 1) + row <=
           fb->mem_bytes &&                                     /* INV-FB1 */
           (uint64_t)m->width * m->height * 4 <=
           fb->config.pixel_bytes;                              /* INV-FB2 */
}

static void set_mode(struct fb *fb, const struct fb_mode *m)
{
    fb->mode = *m;
    fb->new_mode = true;
    fb->dirty = fb_whole(fb);
}

struct screen_rect fb_whole(const struct fb *fb)
{
    return (struct screen_rect){ 0, 0, (int32_t)fb->mode.width,
                                 (int32_t)fb->mode.height };
}

/* ---- set-up ------------------------------------------------------------------------------- */

/* The frames that hold the list of frames, each copied once. */
static int read_directory(struct fb *fb, uint64_t *frames, unsigned int nr)
{
    unsigned int i, k;

    for (i = 0; i < nr; i += PER_PAGE) {
        uint64_t dir = READ(shared(fb)->pd[i / PER_PAGE]);
        struct port_pages page;
        int rc = port_map_frames(fb->port, &dir, 1, false, &page);

        if (rc != 0) {
            return rc;
        }
        for (k = 0; k < PER_PAGE && i + k < nr; k++) {
            frames[i + k] = ((const volatile uint64_t *)page.addr)[k];
        }
        port_unmap_frames(fb->port, &page);
    }
    return 0;
}

static int map_memory(struct fb *fb, struct err *e)
{
    unsigned int nr = (fb->mem_bytes + PAGE - 1) / PAGE;
    uint64_t *frames = calloc(nr, sizeof(frames[0]));
    int rc;

    if (frames == NULL) {
        return err_errno(e, -ENOMEM, "cannot map the frame buffer", "list");
    }
    rc = read_directory(fb, frames, nr);
    if (rc == 0) {
        rc = port_map_frames(fb->port, frames, nr, false, &fb->memory);
    }
    free(frames);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot map the frame buffer",
                                   "%u pages", nr);
}

static int read_shape(struct fb *fb, struct fb_mode *m, struct err *e)
{
    fb->mem_bytes = READ(shared(fb)->mem_length);
    *m = (struct fb_mode){
        .width = (uint32_t)READ(shared(fb)->width),
        .height = (uint32_t)READ(shared(fb)->height),
        .stride = READ(shared(fb)->line_length),
        .depth = READ(shared(fb)->depth),
    };
    if (fb->mem_bytes == 0 || fb->mem_bytes > fb->config.limit_bytes ||
        fb->config.limit_bytes > FB_LIMIT_MAX) {
        return err_set(e, -EINVAL, ERR_FAILED, "cannot use the frame buffer",
                       NULL, "its size of %u bytes is not within 1..%u",
                       fb->mem_bytes, fb->config.limit_bytes);
    }
    if (!mode_fits(fb, m)) {
        return err_set(e, -EINVAL, ERR_FAILED, "cannot use the frame buffer",
                       NULL, "%ux%u with %u bits and %u bytes a row does not "
                       "fit", m->width, m->height, m->depth, m->stride);
    }
    return 0;
}

int fb_start(struct fb *fb, struct port *port, const struct fb_config *config,
             struct err *e)
{
    struct fb_mode m;
    int rc;

    memset(fb, 0, sizeof(*fb));
    fb->config = *config;
    fb->port = port;
    rc = port_map_frames(port, &config->page_frame, 1, true, &fb->shared);
    if (rc != 0) {
        return err_errno(e, rc, "cannot map the shared page", "frame %llu",
                         (unsigned long long)config->page_frame);
    }
    rc = read_shape(fb, &m, e);
    if (rc == 0) {
        rc = map_memory(fb, e);
    }
    if (rc != 0) {
        port_unmap_frames(port, &fb->shared);
        return rc;
    }
    fb->out_cons = READ(shared(fb)->out_cons);   /* a predecessor's position */
    set_mode(fb, &m);
    return 0;
}

void fb_stop(struct fb *fb)
{
    port_unmap_frames(fb->port, &fb->memory);
    port_unmap_frames(fb->port, &fb->shared);
}

/* ---- messages ----------------------------------------------------------------------------- */

static void take_update(struct fb *fb, const union xenfb_out_event *ev)
{
    const struct xenfb_update *u = &ev->update;
    struct screen_rect r = screen_rect_clip(u->x, u->y, u->width, u->height,
                                            (int32_t)fb->mode.width,
                                            (int32_t)fb->mode.height);

    fb->stats.updates++;
    fb->dirty = screen_rect_join(fb->dirty, r);
}

static void take_resize(struct fb *fb, const union xenfb_out_event *ev)
{
    const struct xenfb_resize *r = &ev->resize;
    struct fb_mode m = {
        .width = (uint32_t)r->width, .height = (uint32_t)r->height,
        .stride = (uint32_t)r->stride, .offset = (uint32_t)r->offset,
        .depth = (uint32_t)r->depth,
    };

    if (!mode_fits(fb, &m)) {
        fb->stats.refused++;
        return;
    }
    fb->stats.resizes++;
    set_mode(fb, &m);
}

static void take_one(struct fb *fb, const union xenfb_out_event *ev)
{
    static void (*const take[])(struct fb *, const union xenfb_out_event *) = {
        [XENFB_TYPE_UPDATE] = take_update, [XENFB_TYPE_RESIZE] = take_resize,
    };

    if (ev->type < sizeof(take) / sizeof(take[0]) && take[ev->type] != NULL) {
        take[ev->type](fb, ev);
    }
}

/* One private copy; slots are whole words. */
static void copy_slot(union xenfb_out_event *to, const volatile void *from)
{
    const volatile uint32_t *words = from;
    uint32_t copy[XENFB_OUT_EVENT_SIZE / sizeof(uint32_t)];
    size_t i;

    for (i = 0; i < sizeof(copy) / sizeof(copy[0]); i++) {
        copy[i] = words[i];
    }
    memcpy(to, copy, sizeof(copy));
}

bool fb_run(struct fb *fb)
{
    struct xenfb_page *page = shared(fb);
    uint32_t prod = __atomic_load_n(&page->out_prod, __ATOMIC_ACQUIRE);
    uint32_t pending = prod - fb->out_cons, i;
    union xenfb_out_event ev;

    if (fb->broken || pending > XENFB_OUT_RING_LEN) {
        fb->broken = true;
        return false;
    }
    if (pending == 0) {
        return false;
    }
    for (i = 0; i < pending && i < MAX_MESSAGES; i++) {
        copy_slot(&ev, &XENFB_OUT_RING_REF(page, fb->out_cons));
        fb->out_cons++;
        take_one(fb, &ev);
    }
    __atomic_store_n(&page->out_cons, fb->out_cons, __ATOMIC_RELEASE);
    /* A front whose ring was full holds its next rectangle back until now. */
    port_notify(fb->port);
    return __atomic_load_n(&page->out_prod, __ATOMIC_ACQUIRE) != fb->out_cons;
}

bool fb_broken(const struct fb *fb)
{
    return fb->broken;
}

/* ---- pixels --------------------------------------------------------------------------------- */

static void convert_32(uint32_t *to, const uint8_t *from, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        uint32_t p;

        memcpy(&p, from + i * 4, sizeof(p));
        to[i] = p & 0xffffffu;
    }
}

/* Five, six and five bits; the top bits fill the bottom ones. */
static void convert_16(uint32_t *to, const uint8_t *from, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        uint32_t p = from[i * 2] | (uint32_t)from[i * 2 + 1] << 8;
        uint32_t r = p >> 11, g = p >> 5 & 63, b = p & 31;

        to[i] = (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 |
                (b << 3 | b >> 2);
    }
}

struct screen_rect fb_copy(struct fb *fb, struct screen_rect r)
{
    uint32_t row[SCREEN_MAX_WIDTH];
    struct screen_rect changed = { 0 };
    uint32_t bytes = fb->mode.depth / 8;
    int32_t y;

    for (y = r.y; y < r.y + r.h; y++) {
        const uint8_t *from = (const uint8_t *)fb->memory.addr +
                              fb->mode.offset +
                              (size_t)y * fb->mode.stride +
                              (size_t)r.x * bytes;
        uint32_t *to = fb->config.pixels + (size_t)y * fb->mode.width + r.x;

        (bytes == 4 ? convert_32 : convert_16)(row, from, (size_t)r.w);
        if (memcmp(to, row, (size_t)r.w * 4) != 0) {
            memcpy(to, row, (size_t)r.w * 4);
            changed = screen_rect_join(changed, (struct screen_rect){
                                                    r.x, y, r.w, 1 });
        }
    }
    return changed;
}
