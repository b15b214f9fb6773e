/* SPDX-License-Identifier: MIT */
/*
 * Keys and pointer on the host: the front is this file.  Order, positions,
 * a full ring, releases that must arrive, hostile indices.
 */
#include "fake_port.h"

#include <back/input.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REF 3u

struct rig {
    struct port port;
    struct input in;
};

static struct xenkbd_page *page(struct rig *r)
{
    return (struct xenkbd_page *)(void *)fake_page(&r->port, REF);
}

static int setup_with(void **state, bool absolute)
{
    const struct input_config c = { .page_ref = REF, .absolute = absolute,
                                    .width = 800, .height = 600 };
    struct rig *r = calloc(1, sizeof(*r));

    fake_port_init(&r->port);
    assert_int_equal(input_start(&r->in, &r->port, &c), 0);
    *state = r;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, true);
}

static int setup_relative(void **state)
{
    return setup_with(state, false);
}

static int teardown(void **state)
{
    struct rig *r = *state;

    input_stop(&r->in);
    assert_int_equal(r->port.mapped, 0);
    fake_port_fini(&r->port);
    free(r);
    return 0;
}

static void key(struct rig *r, int32_t code, bool down)
{
    struct screen_msg m = { .kind = SCREEN_KEY, .a = code, .b = down };

    input_take(&r->in, &m);
}

static void pointer(struct rig *r, int32_t x, int32_t y, int32_t w, int32_t h)
{
    struct screen_msg m = { .kind = SCREEN_POINTER, .x = x, .y = y, .w = w,
                            .h = h };

    input_take(&r->in, &m);
}

/* The next event of the ring, as a guest takes it. */
static union xenkbd_in_event *next(struct rig *r)
{
    assert_int_not_equal(page(r)->in_cons, page(r)->in_prod);
    return &XENKBD_IN_RING_REF(page(r), page(r)->in_cons++);
}

static void assert_key(struct rig *r, uint32_t code, int pressed)
{
    union xenkbd_in_event *ev = next(r);

    assert_int_equal(ev->type, XENKBD_TYPE_KEY);
    assert_int_equal(ev->key.keycode, code);
    assert_int_equal(ev->key.pressed, pressed);
}

static void assert_empty(struct rig *r)
{
    assert_int_equal(page(r)->in_cons, page(r)->in_prod);
}

static void keys_arrive_in_order(void **state)
{
    struct rig *r = *state;

    key(r, 42, true);
    key(r, 30, true);
    key(r, 30, false);
    key(r, 42, false);
    assert_true(input_run(&r->in));
    assert_int_equal(r->port.notified, 1);
    assert_key(r, 42, 1);
    assert_key(r, 30, 1);
    assert_key(r, 30, 0);
    assert_key(r, 42, 0);
    assert_empty(r);
    assert_true(input_run(&r->in));
    assert_int_equal(r->port.notified, 1);
}

static void release_without_press_is_not_told(void **state)
{
    struct rig *r = *state;

    key(r, 30, false);
    input_run(&r->in);
    assert_empty(r);
}

static void positions_are_scaled_and_merged(void **state)
{
    struct rig *r = *state;
    union xenkbd_in_event *ev;

    pointer(r, 1, 1, 800, 600);
    pointer(r, 799, 599, 800, 600);
    input_run(&r->in);
    ev = next(r);
    assert_int_equal(ev->type, XENKBD_TYPE_POS);
    assert_int_equal(ev->pos.abs_x, 799);
    assert_int_equal(ev->pos.abs_y, 599);
    assert_empty(r);
    pointer(r, 399, 0, 400, 300);
    input_run(&r->in);
    ev = next(r);
    assert_int_equal(ev->pos.abs_x, 799);
    assert_int_equal(ev->pos.abs_y, 0);
}

static void wheel_turns_at_the_position(void **state)
{
    const struct screen_msg up = { .kind = SCREEN_WHEEL, .a = 1 };
    struct rig *r = *state;
    union xenkbd_in_event *ev;

    pointer(r, 10, 20, 800, 600);
    input_take(&r->in, &up);
    input_take(&r->in, &up);
    input_run(&r->in);
    next(r);
    ev = next(r);
    assert_int_equal(ev->type, XENKBD_TYPE_POS);
    assert_int_equal(ev->pos.abs_x, 10);
    assert_int_equal(ev->pos.rel_z, -1);
    next(r);
    assert_empty(r);
}

static void relative_fronts_get_differences(void **state)
{
    struct rig *r = *state;
    union xenkbd_in_event *ev;

    pointer(r, 100, 100, 800, 600);
    input_run(&r->in);
    assert_empty(r);                   /* from where is not known yet */
    pointer(r, 110, 95, 800, 600);
    input_run(&r->in);
    ev = next(r);
    assert_int_equal(ev->type, XENKBD_TYPE_MOTION);
    assert_int_equal(ev->motion.rel_x, 10);
    assert_int_equal(ev->motion.rel_y, -5);
}

/* A guest that does not read: memory is bounded, and no key stays pressed. */
static void full_ring_loses_no_release(void **state)
{
    struct rig *r = *state;
    bool down[256] = { false };
    int i;

    for (i = 0; i < 1000; i++) {
        key(r, 1 + i % 200, (i / 200) % 2 == 0);
        input_run(&r->in);
        assert_true(r->in.len <= INPUT_QUEUE);
    }
    assert_int_equal(page(r)->in_prod, XENKBD_IN_RING_LEN);
    assert_true(r->in.stats.dropped > 0);
    for (i = 1; i <= 200; i++) {
        key(r, i, false);
    }
    for (i = 0; i < 100; i++) {
        while (page(r)->in_cons != page(r)->in_prod) {
            union xenkbd_in_event *ev = next(r);

            down[ev->key.keycode] = ev->key.pressed != 0;
        }
        input_run(&r->in);
    }
    for (i = 0; i < 256; i++) {
        assert_false(down[i]);
    }
    assert_true(input_room(&r->in));
}

static void viewer_that_leaves_releases_all(void **state)
{
    const struct screen_msg all = { .kind = SCREEN_RELEASE };
    struct rig *r = *state;

    key(r, 29, true);
    key(r, 56, true);
    input_run(&r->in);
    input_take(&r->in, &all);
    input_run(&r->in);
    assert_key(r, 29, 1);
    assert_key(r, 56, 1);
    assert_key(r, 29, 0);
    assert_key(r, 56, 0);
    assert_empty(r);
}

/* INV-IN1: whatever the indices say, only the ring is written. */
static void hostile_indices_move_nothing_of_ours(void **state)
{
    struct rig *r = *state;
    uint8_t *p = fake_page(&r->port, REF);
    int i, k;

    srandom(9);
    for (i = 0; i < 20000; i++) {
        page(r)->in_cons = (uint32_t)random() << (random() % 3);
        page(r)->in_prod = (uint32_t)random();
        page(r)->out_prod = (uint32_t)random();
        key(r, 1 + i % 100, i % 2 == 0);
        input_run(&r->in);
        for (k = XENKBD_IN_RING_OFFS + XENKBD_IN_RING_SIZE; k < 4096; k++) {
            assert_int_equal(p[k], 0);
        }
        for (k = sizeof(struct xenkbd_page); k < XENKBD_IN_RING_OFFS; k++) {
            assert_int_equal(p[k], 0);
        }
    }
}

static void successor_goes_on_at_the_position(void **state)
{
    const struct input_config c = { .page_ref = REF, .absolute = true };
    struct rig *r = *state;

    key(r, 30, true);
    input_run(&r->in);
    input_stop(&r->in);                /* killed */
    assert_int_equal(input_start(&r->in, &r->port, &c), 0);
    key(r, 31, true);
    input_run(&r->in);
    assert_key(r, 30, 1);
    assert_key(r, 31, 1);
    assert_empty(r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(keys_arrive_in_order),
        T(release_without_press_is_not_told),
        T(positions_are_scaled_and_merged),
        T(wheel_turns_at_the_position),
        cmocka_unit_test_setup_teardown(relative_fronts_get_differences,
                                        setup_relative, teardown),
        T(full_ring_loses_no_release),
        T(viewer_that_leaves_releases_all),
        T(hostile_indices_move_nothing_of_ours),
        T(successor_goes_on_at_the_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
