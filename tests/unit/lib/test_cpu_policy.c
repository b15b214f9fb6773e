/* SPDX-License-Identifier: MIT */
/* Tests of lib/cpu_policy on a host that has every bit set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lib/cpu_policy.h>

static void rich_host(uint32_t leaf, uint32_t subleaf, struct cpu_leaf *out)
{
    *out = (struct cpu_leaf){ .a = ~0u, .b = ~0u, .c = ~0u, .d = ~0u };
    if (leaf == 0) {
        out->a = 0x20;
    } else if (leaf == 0x80000000u) {
        out->a = 0x80000021u;
    }
}

static struct cpu_policy host, pv;

static int set_up(void **state)
{
    cpu_policy_read(&host, rich_host);
    cpu_policy_limit(&pv, &host, false);
    return 0;
}

/* ABI notes 3.5: what PV guests must not see, and what they must. */
static void pv_guests_see_the_allowed_bits_only(void **state)
{
    static const struct {
        uint32_t leaf, subleaf;
        char reg;
        unsigned int bit;
        int seen;
    } rows[] = {
        { 1, CPU_NO_SUBLEAF, 'd', 3, 0 }, { 1, CPU_NO_SUBLEAF, 'd', 13, 0 },
        { 1, CPU_NO_SUBLEAF, 'd', 17, 0 }, { 1, CPU_NO_SUBLEAF, 'd', 1, 0 },
        { 1, CPU_NO_SUBLEAF, 'c', 3, 0 }, { 1, CPU_NO_SUBLEAF, 'c', 5, 0 },
        { 1, CPU_NO_SUBLEAF, 'c', 27, 0 }, { 1, CPU_NO_SUBLEAF, 'c', 31, 1 },
        { 1, CPU_NO_SUBLEAF, 'c', 26, 1 }, { 1, CPU_NO_SUBLEAF, 'c', 25, 1 },
        { 7, 0, 'b', 0, 1 }, { 7, 0, 'b', 7, 0 }, { 7, 0, 'b', 20, 0 },
        { 7, 0, 'b', 14, 0 }, { 7, 0, 'b', 16, 0 }, { 7, 0, 'c', 2, 0 },
        { 7, 0, 'c', 3, 0 }, { 7, 0, 'c', 16, 0 }, { 7, 0, 'd', 26, 0 },
        { 0x80000001u, CPU_NO_SUBLEAF, 'd', 26, 0 },
        { 0x80000001u, CPU_NO_SUBLEAF, 'd', 13, 0 },
        { 0x80000001u, CPU_NO_SUBLEAF, 'd', 29, 1 },
        { 0x80000001u, CPU_NO_SUBLEAF, 'd', 11, 1 },
        { 0x80000001u, CPU_NO_SUBLEAF, 'd', 20, 1 },
        { 0x80000001u, CPU_NO_SUBLEAF, 'c', 2, 0 },
        { 0xd, 1, 'a', 3, 0 }, { 0xd, 1, 'a', 0, 1 }, { 0xd, 1, 'b', 0, 0 },
        { 0xd, 0, 'a', 2, 1 }, { 0xd, 0, 'a', 3, 0 }, { 0xd, 0, 'a', 9, 0 },
        { 6, CPU_NO_SUBLEAF, 'a', 0, 0 }, { 0xa, CPU_NO_SUBLEAF, 'a', 0, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cpu_leaf l = cpu_policy_query(&pv, rows[i].leaf,
                                             rows[i].subleaf);
        uint32_t v = rows[i].reg == 'a' ? l.a : rows[i].reg == 'b' ? l.b
                   : rows[i].reg == 'c' ? l.c : l.d;

        assert_int_equal((v >> rows[i].bit) & 1, rows[i].seen);
    }
}

static void leaves_beyond_the_maximum_read_as_zero(void **state)
{
    struct cpu_leaf l = cpu_policy_query(&pv, 0x14, 0);

    assert_int_equal(cpu_policy_query(&pv, 0, 0).a, 0xd);
    assert_int_equal(cpu_policy_query(&pv, 0x80000000u, 0).a, 0x80000008u);
    assert_int_equal(l.a | l.b | l.c | l.d, 0);
    assert_int_equal(cpu_policy_query(&pv, 0xd, 0).c, 832);
}

static void a_toolstack_cannot_add_features(void **state)
{
    struct cpu_policy p = pv;
    struct cpu_leaf one = cpu_policy_query(&pv, 1, 0);

    one.c = ~0u & ~(1u << 25);
    one.d = ~0u;
    assert_true(cpu_policy_set(&p, &pv, &one));

    assert_int_equal(cpu_policy_query(&p, 1, 0).d,
                     cpu_policy_query(&pv, 1, 0).d);
    assert_int_equal(cpu_policy_query(&p, 1, 0).c,
                     cpu_policy_query(&pv, 1, 0).c & ~(1u << 25));
}

static void a_toolstack_cannot_widen_the_maximum(void **state)
{
    struct cpu_policy p = pv;
    struct cpu_leaf l = cpu_policy_query(&pv, 0, 0);
    struct cpu_leaf xs = cpu_policy_query(&pv, 0xd, 0);
    struct cpu_leaf unknown = { .leaf = 0x80000009u,
                                .subleaf = CPU_NO_SUBLEAF, .a = 1 };

    l.a = 0xffff;
    xs.a = 0xffff;
    assert_true(cpu_policy_set(&p, &pv, &l));
    assert_true(cpu_policy_set(&p, &pv, &xs));
    (void)cpu_policy_set(&p, &pv, &unknown);

    assert_int_equal(cpu_policy_query(&p, 0, 0).a, 0xd);
    assert_int_equal(cpu_policy_query(&p, 0xd, 0).a, 7);
    assert_int_equal(cpu_policy_query(&p, 0x80000009u, 0).a, 0);
    assert_int_equal(p.nr, pv.nr);
}

/* What the CPU has and the policy has not is taken away; OSXSAVE follows
 * XSAVE; registers that hold no features are left alone. */
static void mask_leaves_only_the_policy_bits(void **state)
{
    struct cpu_policy p = pv;
    struct cpu_leaf one = cpu_policy_query(&pv, 1, 0);
    uint32_t r[4] = { ~0u, ~0u, ~0u, ~0u };

    cpu_policy_mask(&pv, 1, 0, r);
    assert_int_equal(r[0], ~0u);
    assert_int_equal(r[1], ~0u);
    assert_int_equal(r[2], one.c | 1u << 27);
    assert_int_equal(r[3], one.d);

    one.c &= ~(1u << 26);
    assert_true(cpu_policy_set(&p, &pv, &one));
    r[2] = ~0u;
    cpu_policy_mask(&p, 1, 0, r);
    assert_int_equal(r[2] & 3u << 26, 0);
}

static void feature_words_follow_the_abi(void **state)
{
    uint32_t w[CPU_FEATURE_WORDS];

    cpu_policy_features(&pv, w);

    assert_int_equal(w[0], cpu_policy_query(&pv, 1, 0).d);
    assert_int_equal(w[3], cpu_policy_query(&pv, 0x80000001u, 0).c);
    assert_int_equal(w[9], cpu_policy_query(&pv, 7, 0).d);
    assert_int_equal(w[11], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pv_guests_see_the_allowed_bits_only),
        cmocka_unit_test(leaves_beyond_the_maximum_read_as_zero),
        cmocka_unit_test(a_toolstack_cannot_add_features),
        cmocka_unit_test(a_toolstack_cannot_widen_the_maximum),
        cmocka_unit_test(mask_leaves_only_the_policy_bits),
        cmocka_unit_test(feature_words_follow_the_abi),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
