/* SPDX-License-Identifier: MIT */
/*
 * toolstack/save/tables: page tables from machine frames to a guest's own
 * numbers and back, and what cannot be translated.
 */
#include <errno.h>
#include <save/tables.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define NR 8u

static const uint64_t p2m[NR] = { 0x100, 0x2345, NO_FRAME, 0x101, 0x9, 0xa,
                                  0x77777, 0x3 };

static void every_frame_is_found_and_no_other(void **state)
{
    struct reverse r;

    assert_int_equal(reverse_build(&r, p2m, NR), 0);
    for (uint64_t pfn = 0; pfn < NR; pfn++) {
        if (p2m[pfn] != NO_FRAME) {
            assert_int_equal(reverse_find(&r, p2m[pfn]), pfn);
        }
    }
    assert_true(reverse_find(&r, 0x102) == NO_FRAME);
    assert_true(reverse_find(&r, NO_FRAME) == NO_FRAME);
    reverse_free(&r);
}

static void a_frame_named_twice_is_refused(void **state)
{
    const uint64_t twice[] = { 1, 2, 1 };
    struct reverse r;

    assert_int_equal(reverse_build(&r, twice, 3), -EEXIST);
}

static void a_table_survives_the_way_there_and_back(void **state)
{
    uint64_t table[512] = { 0 }, there[512], other[NR];
    struct reverse r;
    unsigned int bad;

    table[0] = 0x100ull << 12 | 0x067;
    table[1] = 0x77777ull << 12 | 1ull << 63 | 0x161;
    table[2] = 0xabcdeull << 12;       /* not present: kept as it is */
    table[511] = 0x3ull << 12 | 1;
    assert_int_equal(reverse_build(&r, p2m, NR), 0);

    assert_int_equal(table_to_pfns(&r, 1, table, there, &bad), 0);
    assert_true(there[0] == (0ull << 12 | 0x067));
    assert_true(there[1] == (6ull << 12 | 1ull << 63 | 0x161));
    assert_true(there[2] == table[2]);

    for (unsigned int i = 0; i < NR; i++) {
        other[i] = p2m[i] == NO_FRAME ? NO_FRAME : p2m[i] + 0x10000;
    }
    assert_int_equal(table_to_mfns(other, NR, 1, there, &bad), 0);
    assert_true(there[1] == (0x87777ull << 12 | 1ull << 63 | 0x161));
    assert_true(there[511] == (0x10003ull << 12 | 1));
    reverse_free(&r);
}

static void entries_of_the_hypervisor_are_dropped(void **state)
{
    uint64_t table[512] = { 0 }, there[512];
    struct reverse r;
    unsigned int bad;

    for (unsigned int i = 256; i <= 271; i++) {
        table[i] = 0xfffffull << 12 | 1;
    }
    assert_int_equal(reverse_build(&r, p2m, NR), 0);
    assert_int_equal(table_to_pfns(&r, 4, table, there, &bad), 0);
    for (unsigned int i = 0; i < 512; i++) {
        assert_true(there[i] == 0);
    }
    there[256] = 1;
    assert_int_equal(table_to_mfns(p2m, NR, 4, there, &bad), 0);
    assert_true(there[256] == 0);
    assert_int_equal(table_to_pfns(&r, 3, table, there, &bad), -ERANGE);
    assert_int_equal(bad, 256);
    reverse_free(&r);
}

static void what_is_outside_the_guest_is_refused(void **state)
{
    uint64_t table[512] = { 0 }, there[512];
    struct reverse r;
    unsigned int bad = 0;

    assert_int_equal(reverse_build(&r, p2m, NR), 0);
    table[5] = 0x102ull << 12 | 1;
    assert_int_equal(table_to_pfns(&r, 1, table, there, &bad), -ERANGE);
    assert_int_equal(bad, 5);
    table[5] = 0x100ull << 12 | 0x81;  /* large */
    assert_int_equal(table_to_pfns(&r, 2, table, there, &bad), -ERANGE);
    assert_int_equal(table_to_pfns(&r, 1, table, there, &bad), 0);
    table[5] = 8ull << 12 | 1;
    assert_int_equal(table_to_mfns(p2m, NR, 1, table, &bad), -ERANGE);
    table[5] = 2ull << 12 | 1;         /* a hole */
    assert_int_equal(table_to_mfns(p2m, NR, 1, table, &bad), -ERANGE);
    assert_int_equal(bad, 5);
    reverse_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_found_and_no_other),
        cmocka_unit_test(a_frame_named_twice_is_refused),
        cmocka_unit_test(a_table_survives_the_way_there_and_back),
        cmocka_unit_test(entries_of_the_hypervisor_are_dropped),
        cmocka_unit_test(what_is_outside_the_guest_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
