/* SPDX-License-Identifier: MIT */
/*
 * Hostile fronts of a frame buffer and a keyboard, 100000 operations each from
 * fixed seeds.  The shared pages, the page directory and the modes are what
 * nobody should write; the picture's memory is exactly as large as allowed, so
 * that the sanitizers see the first pixel beyond it.
 */
#include "fake_port.h"

#include <back/fb.h>
#include <back/input.h>
#include <lib/err.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/xen.h>
#include <xen/io/fbif.h>
#include <xen/io/kbdif.h>

#define OPERATIONS 100000u
#define PAGE_FRAME 1u
#define DIR_FRAME  2u
#define MEM_FRAME  16u
#define MEM_BYTES  (256u * 4096u)

static struct port port;
static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) * below >> 32);
}

static bool once_in(uint32_t n)
{
    return rnd(n) == 0;
}

static uint32_t odd_number(void)
{
    static const uint32_t odd[] = {
        0, 1, 2, 3, 15, 16, 63, 64, 800, 2048, 4095, 4096, 8192, 8193, 65536,
        MEM_BYTES - 1, MEM_BYTES, MEM_BYTES + 1, 0x7fffffff, 0x80000000u,
        0xfffffffcu, 0xffffffffu,
    };

    return odd[rnd(sizeof(odd) / sizeof(odd[0]))];
}

static uint32_t number(uint32_t usual)
{
    return once_in(5) ? odd_number() : usual;
}

/* ---- frame buffer --------------------------------------------------------------- */

static struct xenfb_page *fb_page(void)
{
    return (struct xenfb_page *)(void *)fake_page(&port, PAGE_FRAME);
}

static void make_front(void)
{
    uint64_t *dir = (uint64_t *)(void *)fake_page(&port, DIR_FRAME);
    struct xenfb_page *p = fb_page();
    unsigned int i;

    memset(p, 0, 4096);
    p->width = (int32_t)number(256);
    p->height = (int32_t)number(256);
    p->line_length = number(1024);
    p->mem_length = number(MEM_BYTES);
    p->depth = (uint8_t)(once_in(8) ? rnd(256) : 32);
    p->pd[0] = number(DIR_FRAME);
    p->out_cons = once_in(4) ? odd_number() : 0;
    p->out_prod = p->out_cons;
    for (i = 0; i < 512; i++) {
        dir[i] = once_in(5000) ? odd_number() : MEM_FRAME + i;
    }
}

static void random_message(union xenfb_out_event *ev)
{
    unsigned int i;

    memset(ev, 0, sizeof(*ev));
    switch (rnd(4)) {
    case 0:
        for (i = 0; i < sizeof(*ev); i++) {
            ev->pad[i] = (char)rnd(256);
        }
        break;
    case 1:
        ev->resize.type = XENFB_TYPE_RESIZE;
        ev->resize.width = (int32_t)number(16 + rnd(400));
        ev->resize.height = (int32_t)number(16 + rnd(400));
        ev->resize.stride = (int32_t)number(4 * rnd(500));
        ev->resize.depth = once_in(2) ? 32 : (int32_t)number(16);
        ev->resize.offset = (int32_t)number(4 * rnd(1000));
        break;
    default:
        ev->update.type = XENFB_TYPE_UPDATE;
        ev->update.x = (int32_t)number(rnd(300));
        ev->update.y = (int32_t)number(rnd(300));
        ev->update.width = (int32_t)number(rnd(300));
        ev->update.height = (int32_t)number(rnd(300));
    }
}

static void fb_operation(void)
{
    struct xenfb_page *p = fb_page();
    uint32_t at = rnd(4096);

    if (once_in(50)) {                /* any byte, but not the producer */
        if (at < offsetof(struct xenfb_page, out_prod) - 4 ||
            at >= offsetof(struct xenfb_page, out_prod) + 8) {
            fake_page(&port, PAGE_FRAME)[at] = (uint8_t)rnd(256);
        }
        return;
    }
    random_message(&XENFB_OUT_RING_REF(p, p->out_prod));
    p->out_prod++;
    if (once_in(2000)) {
        p->out_prod += odd_number();
    }
}

/* Where a mode ends must be inside: the sanitizers look at both sides. */
static void show(struct fb *fb)
{
    struct screen_rect r = fb_whole(fb);

    if (r.w * r.h > 20000) {          /* a corner of large ones */
        r = (struct screen_rect){ r.w - 1, 0, 1, r.h };
    }
    fb_copy(fb, r);
    if (fb->dirty.w > 0) {
        assert_true(fb->dirty.x >= 0 && fb->dirty.y >= 0);
        assert_true(fb->dirty.x + fb->dirty.w <= (int32_t)fb->mode.width);
        assert_true(fb->dirty.y + fb->dirty.h <= (int32_t)fb->mode.height);
    }
}

static uint32_t one_screen(uint32_t *pixels, size_t bytes)
{
    const struct fb_config c = {
        .page_frame = number(PAGE_FRAME), .limit_bytes = MEM_BYTES,
        .sends_updates = rnd(2), .pixels = pixels, .pixel_bytes = bytes,
    };
    uint32_t n = 100 + rnd(2000), done = 1;
    struct err e = ERR_INIT;
    static struct fb fb;

    make_front();
    if (fb_start(&fb, &port, &c, &e) != 0) {
        assert_int_equal(port.mapped, 0);
        return 1;
    }
    for (; done < n && !fb_broken(&fb); done++) {
        fb_operation();
        if (once_in(6)) {
            fb_run(&fb);
            show(&fb);
        }
    }
    fb_stop(&fb);
    assert_int_equal(port.mapped, 0);
    return done;
}

static void screen_survives_a_hundred_thousand_operations(void **state)
{
    uint32_t done = 0, screens = 0;
    uint32_t *pixels = malloc(MEM_BYTES / 2);

    for (seed = 3; done < OPERATIONS; screens++) {
        done += one_screen(pixels, MEM_BYTES / 2);
    }
    print_message("frame buffer: %u operations over %u connections\n", done,
                  screens);
    free(pixels);
}

/* ---- keyboard and pointer --------------------------------------------------------- */

static struct screen_msg random_input(void)
{
    struct screen_msg m = {
        .kind = SCREEN_KEY + rnd(4), .x = (int32_t)rnd(8192),
        .y = (int32_t)rnd(8192), .w = 8192, .h = 8192,
    };

    if (m.kind == SCREEN_KEY) {
        m.a = (int32_t)(1 + rnd(SCREEN_MAX_CODE));
        m.b = (int32_t)rnd(2);
    } else if (m.kind == SCREEN_WHEEL) {
        m.a = once_in(2) ? 1 : -1;
    }
    return m;
}

static void input_operation(struct input *in, struct xenkbd_page *p)
{
    struct screen_msg m;
    uint32_t *const fields[] = { &p->in_cons, &p->in_prod, &p->out_cons,
                                 &p->out_prod };

    switch (rnd(3)) {
    case 0:
        *fields[rnd(4)] = odd_number();
        break;
    case 1:
        p->in_cons = in->in_prod;     /* sober for a moment */
        break;
    default:
        m = random_input();
        assert_true(screen_msg_valid(&m));
        input_take(in, &m);
    }
}

static void keyboard_survives_a_hundred_thousand_operations(void **state)
{
    const struct input_config c = { .page_ref = PAGE_FRAME, .absolute = true,
                                    .width = 800, .height = 600 };
    uint8_t *page = fake_page(&port, PAGE_FRAME);
    uint8_t after[64];
    static struct input in;
    uint32_t i;

    seed = 4;
    memset(fake_page(&port, PAGE_FRAME + 1), 0x5a, 64);
    memset(after, 0x5a, sizeof(after));
    memset(page, 0, 4096);
    assert_int_equal(input_start(&in, &port, &c), 0);
    for (i = 0; i < OPERATIONS; i++) {
        input_operation(&in, (struct xenkbd_page *)(void *)page);
        if (once_in(3)) {
            input_run(&in);
        }
        assert_true(in.len <= INPUT_QUEUE);
    }
    assert_true(in.stats.events > 1000);
    assert_memory_equal(page + 4096, after, sizeof(after));   /* INV-IN1 */
    input_stop(&in);
    assert_int_equal(port.mapped, 0);
    print_message("keyboard: %u operations, %llu events, %llu dropped\n", i,
                  (unsigned long long)in.stats.events,
                  (unsigned long long)in.stats.dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screen_survives_a_hundred_thousand_operations),
        cmocka_unit_test(keyboard_survives_a_hundred_thousand_operations),
    };
    int rc;

    fake_port_init(&port);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    fake_port_fini(&port);
    return rc;
}
