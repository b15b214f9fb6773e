/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0/unzstd against libzstd: what it packs at any level comes out
 * the same; what is damaged is refused or at least stays inside the buffers
 * (sanitizers watch).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <cmocka.h>

#include <dom0/unzstd.h>

#define MAX_PLAIN 700000

static uint8_t plain[MAX_PLAIN], wire[MAX_PLAIN * 2];
static void *scratch;

/* Text-like, run-like, random, and mixtures, by @kind. */
static size_t make_plain(unsigned int kind, unsigned int seed)
{
    size_t n = kind % 5 == 0 ? seed % 300 : 1000 + seed * 7919u % (MAX_PLAIN - 1000);

    srand(seed);
    for (size_t i = 0; i < n; i++) {
        switch (kind % 5) {
        case 0: plain[i] = (uint8_t)rand(); break;
        case 1: plain[i] = "the quick brown fox "[(i + i / 977) % 20]; break;
        case 2: plain[i] = (uint8_t)(rand() % 7 ? 'a' + rand() % 3 : rand()); break;
        case 3: plain[i] = (uint8_t)(i / 5000); break;
        default: plain[i] = i > 4096 && rand() % 50 ? plain[i - 4000] : (uint8_t)rand();
        }
    }
    return n;
}

static void packed_by_libzstd_comes_out_the_same(void **state)
{
    static const int levels[] = { -5, 1, 3, 6, 9, 15, 19, 22 };

    for (unsigned int i = 0; i < 120; i++) {
        size_t n = make_plain(i, i + 1), len, got;
        uint8_t *out = malloc(n + 1);
        ZSTD_CCtx *c = ZSTD_createCCtx();

        ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, levels[i % 8]);
        ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, i & 1);
        ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, (i >> 1) & 1);
        len = ZSTD_compress2(c, wire, sizeof(wire), plain, n);
        assert_false(ZSTD_isError(len));
        assert_true(unzstd(wire, len, out, n, &got, scratch));
        assert_int_equal(got, n);
        assert_memory_equal(out, plain, n);
        ZSTD_freeCCtx(c);
        free(out);
    }
}

static void damage_stays_inside_the_buffers(void **state)
{
    for (unsigned int i = 0; i < 1500; i++) {
        size_t n = make_plain(i, i % 40 + 1) % 20000, got, len, cut;
        uint8_t *in, *out = malloc(n + 1);

        len = ZSTD_compress(wire, sizeof(wire), plain, n, 1 + (int)(i % 19));
        srand(i);
        cut = len - (i & 1 ? (size_t)rand() % len : 0);
        in = malloc(cut + 1);
        memcpy(in, wire, cut);
        for (unsigned int k = 0; k < 3 && cut > 6; k++) {
            in[5 + (size_t)rand() % (cut - 5)] ^= (uint8_t)(1 << rand() % 8);
        }
        (void)unzstd(in, cut, out, n, &got, scratch);
        free(in);
        free(out);
    }
}

static void checksum_is_verified(void **state)
{
    size_t n = make_plain(1, 5), len, got;
    ZSTD_CCtx *c = ZSTD_createCCtx();
    uint8_t *out = malloc(n);

    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    len = ZSTD_compress2(c, wire, sizeof(wire), plain, n);
    wire[len - 1] ^= 1;
    assert_false(unzstd(wire, len, out, n, &got, scratch));
    ZSTD_freeCCtx(c);
    free(out);
}

static void lack_of_room_and_foreign_magic_are_refused(void **state)
{
    size_t n = make_plain(2, 9), got;
    size_t len = ZSTD_compress(wire, sizeof(wire), plain, n, 3);
    uint8_t *out = malloc(n);

    assert_false(unzstd(wire, len, out, n - 1, &got, scratch));
    assert_false(unzstd(wire, len / 2, out, n, &got, scratch));
    wire[0]++;
    assert_false(unzstd(wire, len, out, n, &got, scratch));
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_by_libzstd_comes_out_the_same),
        cmocka_unit_test(damage_stays_inside_the_buffers),
        cmocka_unit_test(checksum_is_verified),
        cmocka_unit_test(lack_of_room_and_foreign_magic_are_refused),
    };
    int rc;

    scratch = malloc(unzstd_scratch());
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    free(scratch);
    return rc;
}
