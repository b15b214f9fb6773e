/* SPDX-License-Identifier: MIT */
/*
 * What the viewers' process is told of a picture, and when keys come: the
 * other ends of both sockets are here.
 */
#include "device_rig.h"

#include <host/screen_int.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define W 64u
#define H 32u

static struct host_screen screen;
static uint32_t *pixels;
static int picture, input;             /* the viewers' ends */
static uint32_t content[W * H], width, height;
static bool changed;
static unsigned int drawn, keys;

static void on_size(void *arg, uint32_t *w, uint32_t *h)
{
    *w = width;
    *h = height;
}

static void on_draw(void *arg, uint32_t *out)
{
    if (width * height <= W * H) {
        memcpy(out, content, width * height * 4);
    }
    drawn++;
}

static void on_text(void *arg, uint8_t *out, uint32_t *cols, uint32_t *rows)
{
    memcpy(out, "SeaBIOS!", 8);
    *cols = 4;
    *rows = 2;
}

static bool on_changed(void *arg)
{
    bool was = changed;

    changed = false;
    return was;
}

static const struct host_screen_ops ops = {
    .size = on_size, .draw = on_draw, .text = on_text, .changed = on_changed,
};

static void on_input(void *arg, const struct screen_msg *m)
{
    keys += m->kind == SCREEN_KEY;
}

static int setup(void **state)
{
    int a[2], b[2];

    rig_start();
    memset(&screen, 0, sizeof(screen));
    assert_int_equal(screen_link_pair(a), 0);
    assert_int_equal(screen_link_pair(b), 0);
    picture = a[1];
    input = b[1];
    pixels = calloc(1, HOST_SCREEN_BYTES + SCREEN_TEXT_MAX);
    assert_int_equal(host_screen_serve(&rig.m, &screen, a[0], b[0], pixels),
                     0);
    host_screen_source(&screen, &ops, NULL);
    host_screen_sink(&screen, on_input, NULL);
    width = W;
    height = H;
    changed = false;
    drawn = keys = 0;
    return 0;
}

static int teardown(void **state)
{
    close(screen.picture_fd);
    close(screen.input_fd);
    close(picture);
    close(input);
    free(pixels);
    free(screen.drawn);
    rig_stop();
    return 0;
}

static void ask(enum screen_kind kind, int32_t a)
{
    struct screen_msg m = { .kind = kind, .a = a };

    assert_int_equal(screen_link_send(picture, &m), 0);
    rig_ready(screen.picture_fd);
}

static struct screen_msg told(void)
{
    struct screen_msg m = { .kind = 0 };

    screen_link_recv(picture, &m);
    return m;
}

static void a_request_brings_picture_and_text_up_to_date(void **state)
{
    struct screen_msg m;

    content[5] = 0x123456;
    ask(SCREEN_SYNC, 7);

    m = told();
    assert_int_equal(m.kind, SCREEN_MODE);
    assert_int_equal(m.w, W);
    assert_int_equal(pixels[5], 0x123456);
    m = told();
    assert_int_equal(m.kind, SCREEN_TEXT);
    assert_int_equal(m.w * 10 + m.h, 42);
    assert_memory_equal((uint8_t *)pixels + HOST_SCREEN_BYTES, "SeaBIOS!", 8);
    m = told();
    assert_int_equal(m.kind, SCREEN_SYNCED);
    assert_int_equal(m.a, 7);
    assert_int_equal(told().kind, 0);
}

static void changes_are_told_while_somebody_looks(void **state)
{
    struct screen_msg m;

    ask(SCREEN_WATCH, 1);
    assert_int_equal(told().kind, SCREEN_MODE);
    content[3 * W + 10] ^= 1;
    content[7 * W + 20] ^= 1;
    changed = true;
    rig_run(50000000);

    m = told();
    assert_int_equal(m.kind, SCREEN_DIRTY);
    assert_int_equal(m.x, 10);
    assert_int_equal(m.y, 3);
    assert_int_equal(m.w, 11);
    assert_int_equal(m.h, 5);
    assert_int_equal(pixels[7 * W + 20], content[7 * W + 20]);
    rig_run(50000000);
    assert_int_equal(told().kind, 0);
}

static void nothing_is_drawn_while_nobody_looks(void **state)
{
    ask(SCREEN_WATCH, 0);
    changed = true;
    rig_run(1000000000);
    assert_int_equal(drawn, 0);
    assert_int_equal(told().kind, 0);
}

static void another_size_is_another_mode(void **state)
{
    struct screen_msg m;

    ask(SCREEN_WATCH, 1);
    told();
    width = W / 2;
    rig_run(50000000);
    m = told();
    assert_int_equal(m.kind, SCREEN_MODE);
    assert_int_equal(m.w, W / 2);
    width = 0;
    rig_run(50000000);
    assert_int_equal(told().kind, SCREEN_OFF);
}

static void too_large_a_picture_is_none(void **state)
{
    width = 8192;
    height = 8192;
    ask(SCREEN_SYNC, 1);
    assert_int_equal(drawn, 0);
}

/* Two processes and a slow BIOS: one key at a time. */
static void keys_come_one_after_the_other(void **state)
{
    struct screen_msg m = { .kind = SCREEN_KEY, .a = 30, .b = 1 };
    unsigned int i;

    for (i = 0; i < 4; i++) {
        m.b = i % 2 == 0;
        assert_int_equal(screen_link_send(input, &m), 0);
    }
    rig_ready(screen.input_fd);
    assert_int_equal(keys, 1);
    assert_false(rig_listens(screen.input_fd));
    rig_run(20000000);
    assert_int_equal(keys, 2);
    rig_run(100000000);
    assert_int_equal(keys, 4);
    assert_true(rig_listens(screen.input_fd));
}

static void lost_viewers_are_not_watched_any_more(void **state)
{
    assert_true(rig_hangs_up(screen.picture_fd));
    assert_false(rig_hangs_up(screen.picture_fd));
    assert_true(rig_hangs_up(screen.input_fd));
    assert_false(rig_hangs_up(screen.input_fd));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_request_brings_picture_and_text_up_to_date),
        T(changes_are_told_while_somebody_looks),
        T(nothing_is_drawn_while_nobody_looks),
        T(another_size_is_another_mode),
        T(too_large_a_picture_is_none),
        T(keys_come_one_after_the_other),
        T(lost_viewers_are_not_watched_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
