/* SPDX-License-Identifier: MIT */
/*
 * A guest's frame buffer on the host: the front is this file, its frames are
 * the fake port's pages.  Set-up, modes and messages against their rules,
 * pixels byte by byte, hostile pages.
 */
#include "fake_port.h"

#include <back/fb.h>
#include <lib/err.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/io/fbif.h>

#define PAGE_FRAME 1u
#define DIR_FRAME  2u
#define MEM_FRAME  16u
#define WIDTH      64
#define HEIGHT     48
#define MEM_BYTES  (WIDTH * HEIGHT * 4 * 2)

struct rig {
    struct port port;
    struct fb fb;
    struct fb_config config;
    uint32_t *pixels;
};

static struct xenfb_page *page(struct rig *r)
{
    return (struct xenfb_page *)(void *)fake_page(&r->port, PAGE_FRAME);
}

static uint32_t *memory(struct rig *r)
{
    return (uint32_t *)(void *)fake_page(&r->port, MEM_FRAME);
}

/* What Linux' xen-fbfront writes. */
static void make_front(struct rig *r)
{
    uint64_t *dir = (uint64_t *)(void *)fake_page(&r->port, DIR_FRAME);
    unsigned int i;

    memset(page(r), 0, 4096);
    page(r)->width = WIDTH;
    page(r)->height = HEIGHT;
    page(r)->line_length = WIDTH * 4;
    page(r)->mem_length = MEM_BYTES;
    page(r)->depth = 32;
    page(r)->pd[0] = DIR_FRAME;
    for (i = 0; i < 512; i++) {
        dir[i] = MEM_FRAME + i;
    }
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof(*r));

    fake_port_init(&r->port);
    r->pixels = calloc(1, MEM_BYTES);
    r->config = (struct fb_config){
        .page_frame = PAGE_FRAME, .limit_bytes = MEM_BYTES,
        .sends_updates = true, .pixels = r->pixels, .pixel_bytes = MEM_BYTES,
    };
    make_front(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    if (r->fb.shared.addr != NULL) {
        fb_stop(&r->fb);
    }
    assert_int_equal(r->port.mapped, 0);
    fake_port_fini(&r->port);
    free(r->pixels);
    free(r);
    return 0;
}

static int start(struct rig *r)
{
    struct err e = ERR_INIT;
    int rc = fb_start(&r->fb, &r->port, &r->config, &e);

    if (rc != 0) {
        assert_int_not_equal(e.class, ERR_NONE);
        assert_int_equal(r->port.mapped, 0);
    }
    return rc;
}

static void push(struct rig *r, const union xenfb_out_event *ev)
{
    XENFB_OUT_RING_REF(page(r), page(r)->out_prod) = *ev;
    page(r)->out_prod++;
}

static void push_update(struct rig *r, int32_t x, int32_t y, int32_t w,
                        int32_t h)
{
    union xenfb_out_event ev = { .update = { XENFB_TYPE_UPDATE, x, y, w, h } };

    push(r, &ev);
}

static void push_resize(struct rig *r, int32_t w, int32_t h, int32_t stride,
                        int32_t depth, int32_t offset)
{
    union xenfb_out_event ev = {
        .resize = { XENFB_TYPE_RESIZE, w, h, stride, depth, offset } };

    push(r, &ev);
}

static void assert_rect(struct screen_rect r, int x, int y, int w, int h)
{
    assert_int_equal(r.x, x);
    assert_int_equal(r.y, y);
    assert_int_equal(r.w, w);
    assert_int_equal(r.h, h);
}

/* ---- set-up ------------------------------------------------------------------------- */

static void picture_begins_as_the_page_says(void **state)
{
    struct rig *r = *state;

    assert_int_equal(start(r), 0);
    assert_true(r->fb.new_mode);
    assert_rect(fb_whole(&r->fb), 0, 0, WIDTH, HEIGHT);
    assert_rect(r->fb.dirty, 0, 0, WIDTH, HEIGHT);
}

static void shapes_that_do_not_fit_are_refused(void **state)
{
    static const struct { uint32_t w, h, stride, bytes; uint8_t depth; } bad[] = {
        { 0, 48, 256, MEM_BYTES, 32 }, { 64, 0, 256, MEM_BYTES, 32 },
        { 0x80000000u, 48, 256, MEM_BYTES, 32 },
        { 64, 0xffffffffu, 256, MEM_BYTES, 32 },
        { 64, 48, 255, MEM_BYTES, 32 }, { 64, 48, 0, MEM_BYTES, 32 },
        { 64, 48, 0xffffff00u, MEM_BYTES, 32 },
        { 64, 97, 256, MEM_BYTES, 32 }, { 64, 48, 256, 0, 32 },
        { 64, 48, 256, MEM_BYTES + 1, 32 }, { 64, 48, 256, 0xffffffffu, 32 },
        { 64, 48, 256, 64 * 48 * 4 - 1, 32 }, { 64, 48, 256, MEM_BYTES, 24 },
        { 64, 48, 256, MEM_BYTES, 0 }, { 8193, 1, 32772, MEM_BYTES, 32 },
        { 128, 97, 256, MEM_BYTES, 16 },
    };
    struct rig *r = *state;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        page(r)->width = (int32_t)bad[i].w;
        page(r)->height = (int32_t)bad[i].h;
        page(r)->line_length = bad[i].stride;
        page(r)->mem_length = bad[i].bytes;
        page(r)->depth = bad[i].depth;
        assert_int_equal(start(r), -EINVAL);
    }
    memset(&r->fb, 0, sizeof(r->fb));
}

static void bad_frames_leave_nothing_mapped(void **state)
{
    struct rig *r = *state;

    r->port.bad[MEM_FRAME + 2] = true;
    assert_int_equal(start(r), -EINVAL);
    r->port.bad[MEM_FRAME + 2] = false;
    page(r)->pd[0] = ~0ul;
    assert_int_equal(start(r), -EINVAL);
    page(r)->pd[0] = DIR_FRAME;
    r->config.page_frame = FAKE_PAGES;
    assert_int_equal(start(r), -EINVAL);
    memset(&r->fb, 0, sizeof(r->fb));
}

/* ---- messages ------------------------------------------------------------------------ */

static void updates_join_and_are_clipped(void **state)
{
    struct rig *r = *state;

    start(r);
    r->fb.dirty = (struct screen_rect){ 0 };
    push_update(r, 10, 5, 4, 4);
    push_update(r, 60, 40, 100, 100);
    push_update(r, -5, -5, 3, 3);
    push_update(r, 0x7fffffff, 0, 0x7fffffff, 1);
    push_update(r, 5, 5, -1, -1);
    assert_false(fb_run(&r->fb));

    assert_rect(r->fb.dirty, 10, 5, WIDTH - 10, HEIGHT - 5);
    assert_int_equal(page(r)->out_cons, 5);
    assert_int_equal(r->port.notified, 1);
}

static void resize_is_followed_or_refused_by_table(void **state)
{
    static const struct { int32_t w, h, stride, depth, offset; bool ok; } t[] = {
        { 32, 24, 128, 32, 0, true },
        { 64, 96, 256, 32, 0, true },
        { 64, 96, 256, 32, 4, false },
        { 64, 48, 256, 32, 64 * 48 * 4, true },
        { 64, 48, 256, 32, 64 * 48 * 4 + 4, false },
        { 64, 48, 256, 32, 2, false },
        { 64, 48, 256, 32, -4, false },
        { -1, 48, 256, 32, 0, false },
        { 64, 0x7fffffff, 256, 32, 0, false },
        { 64, 48, -256, 32, 0, false },
        { 64, 48, 128, 16, 0, true },
        { 64, 48, 256, 8, 0, false },
        { 64, 48, 256, 32 + 256, 0, false },
    };
    struct rig *r = *state;
    size_t i;

    start(r);
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fb_mode before = r->fb.mode;

        r->fb.new_mode = false;
        push_resize(r, t[i].w, t[i].h, t[i].stride, t[i].depth, t[i].offset);
        fb_run(&r->fb);
        assert_int_equal(r->fb.new_mode, t[i].ok);
        if (t[i].ok) {
            assert_int_equal(r->fb.mode.width, t[i].w);
            assert_rect(r->fb.dirty, 0, 0, t[i].w, t[i].h);
        } else {
            assert_memory_equal(&before, &r->fb.mode, sizeof(before));
        }
    }
    assert_int_equal(r->fb.stats.refused, 9);
    assert_false(fb_broken(&r->fb));
}

static void unknown_messages_are_skipped(void **state)
{
    struct rig *r = *state;
    union xenfb_out_event ev = { .type = 200 };

    start(r);
    r->fb.dirty = (struct screen_rect){ 0 };
    push(r, &ev);
    ev.type = 0;
    push(r, &ev);
    push_update(r, 0, 0, 1, 1);
    fb_run(&r->fb);
    assert_rect(r->fb.dirty, 0, 0, 1, 1);
}

static void producer_too_far_breaks_the_ring(void **state)
{
    struct rig *r = *state;

    start(r);
    page(r)->out_prod = XENFB_OUT_RING_LEN;
    fb_run(&r->fb);
    assert_false(fb_broken(&r->fb));
    page(r)->out_prod += XENFB_OUT_RING_LEN + 1;
    assert_false(fb_run(&r->fb));
    assert_true(fb_broken(&r->fb));
    page(r)->out_prod = page(r)->out_cons;
    fb_run(&r->fb);
    assert_true(fb_broken(&r->fb));
}

/* What the guest writes into its consumer index moves nothing of ours. */
static void our_position_is_kept_here(void **state)
{
    struct rig *r = *state;

    start(r);
    push_update(r, 0, 0, 1, 1);
    fb_run(&r->fb);
    page(r)->out_cons = 77;
    push_update(r, 0, 0, 1, 1);
    fb_run(&r->fb);
    assert_false(fb_broken(&r->fb));
    assert_int_equal(page(r)->out_cons, 2);
}

/* ---- pixels ---------------------------------------------------------------------------- */

static void only_what_changed_is_reported(void **state)
{
    struct rig *r = *state;

    start(r);
    fb_copy(&r->fb, fb_whole(&r->fb));
    assert_rect(fb_copy(&r->fb, fb_whole(&r->fb)), 0, 0, 0, 0);
    memory(r)[7 * WIDTH + 3] = 0xff123456;
    memory(r)[9 * WIDTH + 60] = 0x00abcdef;
    assert_rect(fb_copy(&r->fb, (struct screen_rect){ 2, 0, 60, HEIGHT }),
                2, 7, 60, 3);
    assert_int_equal(r->pixels[7 * WIDTH + 3], 0x123456);
    assert_int_equal(r->pixels[9 * WIDTH + 60], 0xabcdef);
}

static void stride_and_offset_are_obeyed(void **state)
{
    struct rig *r = *state;
    uint8_t *mem = (uint8_t *)memory(r);
    int i;

    for (i = 0; i < MEM_BYTES; i++) {
        mem[i] = (uint8_t)(i * 7 + i / 256);
    }
    start(r);
    push_resize(r, 10, 8, 100, 32, 44);
    fb_run(&r->fb);
    fb_copy(&r->fb, fb_whole(&r->fb));
    for (i = 0; i < 80; i++) {
        uint32_t p;

        memcpy(&p, mem + 44 + i / 10 * 100 + i % 10 * 4, 4);
        assert_int_equal(r->pixels[i], p & 0xffffff);
    }
}

static void sixteen_bits_become_full_colours(void **state)
{
    static const struct { uint16_t in; uint32_t out; } t[] = {
        { 0xffff, 0xffffff }, { 0xf800, 0xff0000 }, { 0x07e0, 0x00ff00 },
        { 0x001f, 0x0000ff }, { 0x0000, 0 }, { 0x8410, 0x848284 },
    };
    struct rig *r = *state;
    size_t i;

    start(r);
    push_resize(r, 6, 1, 12, 16, 0);
    fb_run(&r->fb);
    for (i = 0; i < 6; i++) {
        ((uint16_t *)(void *)memory(r))[i] = t[i].in;
    }
    fb_copy(&r->fb, fb_whole(&r->fb));
    for (i = 0; i < 6; i++) {
        assert_int_equal(r->pixels[i], t[i].out);
    }
}

/* Random pages and rings: the sanitizer watches what is read and written. */
static void random_fronts_hurt_nobody(void **state)
{
    struct rig *r = *state;
    unsigned int i, k, started = 0;

    srandom(5);
    for (i = 0; i < 2000; i++) {
        make_front(r);
        page(r)->width = (int32_t)(random() % 200);
        page(r)->height = (int32_t)(random() % 120);
        page(r)->line_length = (uint32_t)(random() % 1000) & ~3u;
        page(r)->depth = random() % 2 != 0 ? 32 : 16;
        if (start(r) != 0) {
            continue;
        }
        started++;
        for (k = 0; k < 20; k++) {
            union xenfb_out_event ev;
            uint32_t *w = (uint32_t *)(void *)&ev;
            size_t n;

            for (n = 0; n < sizeof(ev) / 4; n++) {
                w[n] = (uint32_t)random() % 300;
            }
            ev.type = (uint8_t)(random() % 5);
            push(r, &ev);
            fb_run(&r->fb);
            fb_copy(&r->fb, fb_whole(&r->fb));
        }
        fb_stop(&r->fb);
        memset(&r->fb, 0, sizeof(r->fb));
    }
    memset(&r->fb, 0, sizeof(r->fb));
    assert_true(started > 100);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(picture_begins_as_the_page_says),
        T(shapes_that_do_not_fit_are_refused),
        T(bad_frames_leave_nothing_mapped),
        T(updates_join_and_are_clipped),
        T(resize_is_followed_or_refused_by_table),
        T(unknown_messages_are_skipped),
        T(producer_too_far_breaks_the_ring),
        T(our_position_is_kept_here),
        T(only_what_changed_is_reported),
        T(stride_and_offset_are_obeyed),
        T(sixteen_bits_become_full_colours),
        T(random_fronts_hurt_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
