/* SPDX-License-Identifier: MIT */
/* lib/format and the parts of lib/string that libc does not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <lib/format.h>
#include <lib/string.h>

/* Every case must print what the host's printf prints. */
#define SAME(...) do { \
        char ours[80], host[80]; \
        int n = fmt_snprintf(ours, sizeof(ours), __VA_ARGS__); \
        int m = snprintf(host, sizeof(host), __VA_ARGS__); \
        assert_string_equal(ours, host); \
        assert_int_equal(n, m); \
    } while (0)

static void format_prints_as_libc_does(void **state)
{
    SAME("%d %i %u", -7, 0, 4000000000u);
    SAME("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
    SAME("%05d|%.3d|%6.3d|%-6.3d|", -42, 7, 7, 7);
    SAME("%x %X %#x %#lx %08lx", 0xbeef, 0xbeef, 0xbeef, 0xbeeful, 0x1234ul);
    SAME("%#x %o", 0, 8);
    SAME("%hhx %hd %ld %llu %zu", 0x1ff, 70000, -1l, ~0ull, (size_t)3);
    SAME("%s|%8s|%-8s|%.2s|%c|%%", "abc", "abc", "abc", "abc", 'z');
    SAME("%*d|%-*d|%.*s", 4, 1, 4, 1, 2, "wxyz");
    SAME("%016lx", 0xffff82d040000000ul);
}

static void format_ends_what_does_not_fit(void **state)
{
    char buf[4] = "zzz";

    assert_int_equal(fmt_snprintf(buf, sizeof(buf), "%s", "abcdef"), 6);
    assert_string_equal(buf, "abc");
    assert_int_equal(fmt_snprintf(buf, 0, "%d", 12), 2);
    assert_string_equal(buf, "abc");
}

static void format_prints_a_null_string(void **state)
{
    char buf[16];
    const char *volatile none = NULL;

    fmt_snprintf(buf, sizeof(buf), "%s", none);
    assert_string_equal(buf, "(null)");
}

static void copy_truncates_and_tells_the_length(void **state)
{
    char buf[4];

    assert_int_equal(str_copy(buf, "abcdef", sizeof(buf)), 6);
    assert_string_equal(buf, "abc");
    assert_int_equal(str_copy(buf, "", sizeof(buf)), 0);
    assert_string_equal(buf, "");
}

static void numbers_stop_at_the_first_foreign_character(void **state)
{
    const char *end;

    assert_int_equal(str_to_u64("0x1fM", &end, 0), 0x1f);
    assert_string_equal(end, "M");
    assert_int_equal(str_to_u64("017,", &end, 0), 15);
    assert_string_equal(end, ",");
    assert_int_equal(str_to_u64("115200", &end, 10), 115200);
    assert_int_equal(str_to_u64("x", &end, 0), 0);
    assert_string_equal(end, "x");
    assert_int_equal(str_to_u64("0xg", &end, 0), 0);
}

static void after_gives_the_rest_or_nothing(void **state)
{
    assert_string_equal(str_after("max:5", "max:"), "5");
    assert_null(str_after("min:5", "max:"));
    assert_null(str_after("ma", "max:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_prints_as_libc_does),
        cmocka_unit_test(format_ends_what_does_not_fit),
        cmocka_unit_test(format_prints_a_null_string),
        cmocka_unit_test(copy_truncates_and_tells_the_length),
        cmocka_unit_test(numbers_stop_at_the_first_foreign_character),
        cmocka_unit_test(after_gives_the_rest_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
