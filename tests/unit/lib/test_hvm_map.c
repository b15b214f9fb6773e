/* SPDX-License-Identifier: MIT */
/*
 * control-domain/lib/hvm_map: the memory of an HVM guest as it is told.
 */
#include <lib/hvm_map.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MIB (1ull << 20)

static void small_guest_ends_below_the_hole(void **state)
{
    struct hvm_range map[HVM_MAP_MAX];
    uint64_t low = hvm_low_end(256 * 1024), high = hvm_high_end(256 * 1024);
    unsigned int nr = hvm_map_fill(map, low, high);

    (void)state;
    assert_int_equal(low, 256 * MIB);
    assert_int_equal(high, HVM_4G);
    assert_int_equal(nr, 6);
    assert_int_equal(map[0].size, 0x9fc00);
    assert_int_equal(map[3].addr, MIB);
    assert_int_equal(map[3].addr + map[3].size, hvm_tables(low));
    assert_int_equal(map[4].type, HVM_ACPI);
    assert_int_equal(map[4].addr + map[4].size, low);
    assert_int_equal(map[5].addr, HVM_WINDOWS_END);
    assert_int_equal(map[5].type, HVM_RESERVED);
}

static void large_guest_goes_on_above_4g(void **state)
{
    struct hvm_range map[HVM_MAP_MAX];
    uint64_t low = hvm_low_end(5120 * 1024), high = hvm_high_end(5120 * 1024);
    unsigned int nr = hvm_map_fill(map, low, high);

    (void)state;
    assert_int_equal(low, HVM_LOW_MAX);
    assert_int_equal(nr, 7);
    assert_int_equal(map[6].addr, HVM_4G);
    assert_int_equal(map[6].size, 1280 * MIB);
    assert_int_equal(map[6].type, HVM_RAM);
}

static void ranges_ascend_and_leave_the_windows(void **state)
{
    static const uint64_t kib[] = { 4096, 8192, 3932160, 3932164, 1u << 24 };

    (void)state;
    for (unsigned int k = 0; k < sizeof(kib) / sizeof(kib[0]); k++) {
        struct hvm_range map[HVM_MAP_MAX];
        unsigned int nr = hvm_map_fill(map, hvm_low_end(kib[k]),
                                       hvm_high_end(kib[k]));

        for (unsigned int i = 1; i < nr; i++) {
            assert_true(map[i].addr >= map[i - 1].addr + map[i - 1].size);
            assert_true(map[i].addr >= HVM_WINDOWS_END ||
                        map[i].addr + map[i].size <= HVM_LOW_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_guest_ends_below_the_hole),
        cmocka_unit_test(large_guest_goes_on_above_4g),
        cmocka_unit_test(ranges_ascend_and_leave_the_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
