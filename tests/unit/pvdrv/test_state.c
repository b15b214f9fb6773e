/* SPDX-License-Identifier: MIT */
/*
 * The backend's state table, every pair of it; numbers and image names as the
 * store may hold them.
 */
#include <back/blk_device.h>
#include <xenbus/keys.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Rows: ours 0..8.  Columns: theirs 0..8.  '.': nothing; else the action
 * (s setup, c connect, d disconnect, n none) of the step. */
static const char *const expected[9] = {
    ".........",                  /* unknown */
    "ss.ss....",                  /* initialising */
    "...ccnn..",                  /* initwait */
    ".........",                  /* initialised: no backend is */
    "d....dd..",                  /* connected */
    "n.....n..",                  /* closing */
    ".s.s.....",                  /* closed */
    ".........", ".........",     /* reconfiguring, reconfigured */
};

static void every_pair_of_states_has_its_step(void **state)
{
    static const char letters[] = { [BACK_NONE] = 'n', [BACK_SETUP] = 's',
                                    [BACK_CONNECT] = 'c',
                                    [BACK_DISCONNECT] = 'd' };
    int ours, theirs;

    for (ours = 0; ours < 9; ours++) {
        for (theirs = 0; theirs < 9; theirs++) {
            const struct back_step *s =
                back_state_step((enum xenbus_state)ours,
                                (enum xenbus_state)theirs);

            assert_int_equal(s == NULL ? '.' : letters[s->action],
                             expected[ours][theirs]);
            if (s != NULL) {
                assert_int_not_equal(s->next, ours);
            }
        }
    }
}

/* With the other side standing still, steps come to an end. */
static void steps_never_run_in_a_circle(void **state)
{
    int ours, theirs, i;

    for (ours = 0; ours < 9; ours++) {
        for (theirs = 0; theirs < 9; theirs++) {
            enum xenbus_state now = (enum xenbus_state)ours;
            const struct back_step *s;

            for (i = 0; i < 5; i++) {
                s = back_state_step(now, (enum xenbus_state)theirs);
                if (s == NULL) {
                    break;
                }
                now = s->next;
            }
            assert_true(i < 5);
        }
    }
}

static void numbers_are_whole_and_in_range(void **state)
{
    static const struct { const char *text; int rc; uint32_t value; } cases[] = {
        { "0", 0, 0 }, { "51712", 0, 51712 }, { "4294967295", 0, 4294967295 },
        { "4294967296", -ERANGE, 0 }, { "99999999999", -ERANGE, 0 },
        { "999999999999", -EINVAL, 0 }, { "", -EINVAL, 0 },
        { "-1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 }, { "0x10", -EINVAL, 0 },
        { "8\n", -EINVAL, 0 },
    };
    uint32_t v;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        v = 0;
        assert_int_equal(keys_parse_u32(cases[i].text, UINT32_MAX, &v),
                         cases[i].rc);
        assert_int_equal(v, cases[i].value);
    }
    assert_int_equal(keys_parse_u32("5", 4, &v), -ERANGE);
}

static void image_names_are_recognised(void **state)
{
    assert_string_equal(blk_device_image_path("aio:/a b/c.img"), "/a b/c.img");
    assert_string_equal(blk_device_image_path("/dev/vg/lv"), "/dev/vg/lv");
    assert_string_equal(blk_device_image_path("raw:/x"), "/x");
    assert_string_equal(blk_device_image_path("qcow2:/x"), "/x");
    assert_null(blk_device_image_path("vmdk:/x"));
    assert_null(blk_device_image_path("aio:"));
    assert_null(blk_device_image_path(""));
    assert_null(blk_device_image_path("relative.img"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_states_has_its_step),
        cmocka_unit_test(steps_never_run_in_a_circle),
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(image_names_are_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
