/* SPDX-License-Identifier: MIT */
/* Tests of lib/rangeset, lib/e820 and lib/hypercall_page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/errno.h>
#include <lib/e820.h>
#include <lib/hypercall_page.h>
#include <lib/rangeset.h>

/* Random adds and removes agree with an array of flags. */
static void rangeset_agrees_with_an_array(void **state)
{
    struct range room[64];
    struct rangeset s;
    uint8_t model[100] = { 0 };

    rangeset_init(&s, room, 64);
    srand(7);
    for (int round = 0; round < 20000; round++) {
        unsigned int first = (unsigned int)rand() % 100;
        unsigned int last = first + (unsigned int)rand() % (100 - first);
        int add = rand() & 1;
        unsigned int all = 1, any = 0;

        assert_int_equal(add ? rangeset_add(&s, first, last)
                             : rangeset_remove(&s, first, last), 0);
        for (unsigned int i = first; i <= last; i++) {
            model[i] = (uint8_t)add;
        }
        first = (unsigned int)rand() % 100;
        last = first + (unsigned int)rand() % (100 - first);
        for (unsigned int i = first; i <= last; i++) {
            all &= model[i];
            any |= model[i];
        }
        assert_int_equal(rangeset_contains(&s, first, last), all);
        assert_int_equal(rangeset_overlaps(&s, first, last), any);
        for (unsigned int i = 1; i < s.nr; i++) {
            assert_true(s.r[i - 1].last + 1 < s.r[i].first);
        }
    }
}

static void rangeset_refuses_what_does_not_fit(void **state)
{
    struct range room[1];
    struct rangeset s;

    rangeset_init(&s, room, 1);

    assert_int_equal(rangeset_add(&s, 10, 5), -EINVAL);
    assert_int_equal(rangeset_add(&s, 0, ~0ull), 0);
    assert_int_equal(rangeset_remove(&s, 5, 5), -ENOSPC);
    assert_true(rangeset_contains(&s, 0, ~0ull));
    assert_false(rangeset_contains(&s, 2, 1));
}

/* Overlaps are split, RAM loses, neighbours of one type are merged. */
static void e820_sanitize_sorts_and_splits(void **state)
{
    static struct e820_map m;

    m.nr = 0;
    assert_true(e820_add(&m, 0x100000, 0x700000, E820_RAM));
    assert_true(e820_add(&m, 0, 0xa0000, E820_RAM));
    assert_true(e820_add(&m, 0x200000, 0x1000, E820_RESERVED));
    assert_true(e820_add(&m, 0x800000, 0x1000, E820_RAM));
    assert_true(e820_add(&m, ~0ull - 10, 0x1000, E820_RAM));   /* wraps */
    assert_true(e820_add(&m, 0x5000, 0, E820_RAM));            /* empty */
    assert_true(e820_sanitize(&m));

    assert_int_equal(m.nr, 4);
    assert_true(m.e[0].addr == 0 && m.e[0].size == 0xa0000);
    assert_true(m.e[1].addr == 0x100000 && m.e[1].size == 0x100000);
    assert_int_equal(m.e[2].type, E820_RESERVED);
    assert_true(m.e[3].addr == 0x201000);
    assert_true(e820_all(&m, 0x300000, 0x1000, E820_RAM));
    assert_false(e820_all(&m, 0x1ff000, 0x2000, E820_RAM));
    assert_false(e820_all(&m, 0x300000, ~0ull, E820_RAM));
    assert_true(e820_any(&m, 0x1ff000, 0x2000, E820_RESERVED));
    assert_true(e820_total(&m, E820_RESERVED) == 0x1000);
}

/* Entry n: mov $n, eax at byte 4 and SYSCALL behind it; iret does not return. */
static void hypercall_entries_carry_their_number(void **state)
{
    static uint8_t page[4096];

    hypercall_page_pv64(page);

    assert_int_equal(page[17 * 32 + 3], 0xb8);
    assert_int_equal(page[17 * 32 + 4], 17);
    assert_int_equal(page[17 * 32 + 8], 0x0f);
    assert_int_equal(page[17 * 32 + 9], 0x05);
    assert_int_equal(page[17 * 32 + 13], 0xc3);
    assert_int_equal(page[23 * 32 + 3], 0x50);
    assert_int_equal(page[23 * 32 + 11], 0xcc);
    assert_int_equal(page[127 * 32 + 4], 127);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rangeset_agrees_with_an_array),
        cmocka_unit_test(rangeset_refuses_what_does_not_fit),
        cmocka_unit_test(e820_sanitize_sorts_and_splits),
        cmocka_unit_test(hypercall_entries_carry_their_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
