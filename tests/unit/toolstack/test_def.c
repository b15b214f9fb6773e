/* SPDX-License-Identifier: MIT */
/*
 * toolstack/config/def.c: disk names, CPU lists and action words.
 */
#include <config/def.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void disk_names_give_the_numbers_of_the_vbd_interface(void **state)
{
    static const struct {
        const char *name;
        uint32_t vdev;
    } good[] = {
        { "xvda", 51712 }, { "xvda1", 51713 }, { "xvdb", 51728 },
        { "xvdp15", 51967 }, { "xvdq", 1u << 28 | 16u << 8 },
        { "xvda16", 1u << 28 | 16 }, { "xvdaa", 1u << 28 | 26u << 8 },
        { "hda", 768 }, { "hdb", 832 }, { "hdc", 5632 }, { "hdd3", 5699 },
        { "sda", 2048 }, { "sdb2", 2066 }, { "sdp", 2288 },
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint32_t vdev = 0;

        assert_true(def_vdev_from_name(good[i].name, &vdev));
        assert_int_equal(vdev, good[i].vdev);
    }
}

static void words_that_are_no_disk_names_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "xvd", "xvda0", "xvdA", "xvda1x", "xvda999", "hde", "sdq",
        "vda", "xvda/1", "sda16", "hda64", "xvdaaaaa",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint32_t vdev;

        assert_false(def_vdev_from_name(bad[i], &vdev));
    }
}

static void cpu_lists_set_and_clear_bits_in_order(void **state)
{
    uint8_t mask[2];

    assert_true(def_cpuset_parse("0-3,^2,9", mask, sizeof(mask)));
    assert_int_equal(mask[0], 0x0b);
    assert_int_equal(mask[1], 0x02);
    assert_true(def_cpuset_parse("15", mask, sizeof(mask)));
    assert_int_equal(mask[0], 0);
    assert_int_equal(mask[1], 0x80);
}

static void malformed_cpu_lists_are_refused(void **state)
{
    static const char *const bad[] = {
        "", ",", "1,", "a", "3-1", "1-", "-1", "16", "1;2", "0,^0", "^",
        "99999999999999999999",
    };
    uint8_t mask[2];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(def_cpuset_parse(bad[i], mask, sizeof(mask)));
    }
}

static void every_action_has_one_name(void **state)
{
    for (int a = LIFE_DESTROY; a <= LIFE_COREDUMP_RESTART; a++) {
        const char *name = def_life_name((enum life_action)a);

        assert_non_null(name);
        assert_int_equal(def_life_from_name(name), a);
    }
    assert_int_equal(def_life_from_name("explode"), -1);
    assert_null(def_life_name(LIFE_UNSET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_names_give_the_numbers_of_the_vbd_interface),
        cmocka_unit_test(words_that_are_no_disk_names_are_refused),
        cmocka_unit_test(cpu_lists_set_and_clear_bits_in_order),
        cmocka_unit_test(malformed_cpu_lists_are_refused),
        cmocka_unit_test(every_action_has_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
