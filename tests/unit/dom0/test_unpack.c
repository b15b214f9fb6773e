/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0/unpack: each format goes through, damage and lack of room are
 * reported, an unknown magic is refused.
 */
#include <errno.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

#include <dom0/unpack.h>

#define PLAIN 200000

static uint8_t plain[PLAIN], packed_bytes[PLAIN * 2], out[PLAIN + 1];

static size_t pack_xz(void)
{
    size_t n = 0;

    assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, plain,
                                             PLAIN, packed_bytes, &n,
                                             sizeof(packed_bytes)), LZMA_OK);
    return n;
}

static size_t pack_zstd(void)
{
    return ZSTD_compress(packed_bytes, sizeof(packed_bytes), plain, PLAIN, 3);
}

static size_t pack_gzip(void)
{
    z_stream s = { .next_in = plain, .avail_in = PLAIN,
                   .next_out = packed_bytes,
                   .avail_out = sizeof(packed_bytes) };

    assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&s), Z_OK);
    return s.total_out;
}

static size_t (*const packers[])(void) = { pack_xz, pack_zstd, pack_gzip };

static int set_up(void **state)
{
    srand(3);
    for (size_t i = 0; i < PLAIN; i++) {
        plain[i] = (uint8_t)(i / 100 ^ (rand() & 3));
    }
    return 0;
}

static void each_format_gives_the_bytes_back(void **state)
{
    for (size_t i = 0; i < 3; i++) {
        size_t n = packers[i](), got = 0;

        memcpy(packed_bytes + n, "\x40\x0d\x03\x00", 4);  /* size appended */
        memset(out, 0, sizeof(out));
        assert_int_equal(unpack(packed_bytes, n + 4, out, PLAIN, &got), 0);
        assert_int_equal(got, PLAIN);
        assert_memory_equal(out, plain, PLAIN);
    }
}

static void damage_and_lack_of_room_are_reported(void **state)
{
    for (size_t i = 0; i < 3; i++) {
        size_t n = packers[i](), got = 77;

        assert_int_equal(unpack(packed_bytes, n, out, PLAIN - 1, &got), -EIO);
        assert_int_equal(unpack(packed_bytes, n / 2, out, PLAIN, &got), -EIO);
        memset(packed_bytes + n / 2, 0xa5, 16);
        assert_true(unpack(packed_bytes, n, out, PLAIN, &got) == -EIO ||
                    memcmp(out, plain, PLAIN) != 0);
        assert_true(got == 77 || i == 1);   /* zstd frames carry no check */
    }
}

static void an_unknown_magic_is_refused(void **state)
{
    size_t got;

    assert_int_equal(unpack("ELF?", 4, out, PLAIN, &got), -EINVAL);
    assert_int_equal(unpack("\xfd", 1, out, PLAIN, &got), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_gives_the_bytes_back),
        cmocka_unit_test(damage_and_lack_of_room_are_reported),
        cmocka_unit_test(an_unknown_magic_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
