/* SPDX-License-Identifier: MIT */
/*
 * Tests of p2m/p2m: what is put is found, superpages split, rights that go
 * are flushed before the frame is let go, the quota of tables holds, and a
 * failed allocation loses nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch/paging.h>
#include <domains.h>
#include <fake.h>
#include <p2m/format.h>

#define LIMIT (1ull << 30)

static struct domain *d;
static unsigned int flushes;
static int refs_at_flush;
static mfn_t watched;

static void flush(struct domain *unused)
{
    flushes++;
    if (!mfn_eq(watched, INVALID_MFN)) {
        refs_at_flush = fake_frames[mfn_x(watched)].refs;
    }
}

static int set_up(void **state)
{
    fake_reset(1);
    p2m_format = &p2m_format_npt;
    p2m_limit = LIMIT;
    flushes = 0;
    watched = INVALID_MFN;
    d = test_domain(1, 1, NULL);
    return p2m_init(d, flush);
}

static int tear_down(void **state)
{
    p2m_free(d);
    test_domains_free();
    return fake_heap_live == 0 && fake_locks_held == 0 ? 0 : -1;
}

static uint64_t at(uint64_t gfn, enum p2m_type want)
{
    enum p2m_type t;
    mfn_t m = p2m_lookup(d, gfn, &t);

    assert_int_equal(t, want);
    return mfn_x(m);
}

static void what_is_put_is_found_there_only(void **state)
{
    static const uint64_t gfns[] = { 0, 1, 511, 512, 0xfffff, 0x100000,
                                     LIMIT - 1 };

    for (unsigned int i = 0; i < ARRAY_SIZE(gfns); i++) {
        assert_int_equal(p2m_set(d, gfns[i], _mfn(100 + i), 0, P2M_RAM), 0);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(gfns); i++) {
        assert_int_equal(at(gfns[i], P2M_RAM), 100 + i);
    }
    assert_int_equal(at(2, P2M_NONE), ~0ull);
    assert_int_equal(at(513, P2M_NONE), ~0ull);
    assert_int_equal(at(1ull << 40, P2M_NONE), ~0ull);
    assert_int_equal(flushes, 0);
}

static void beyond_the_limit_is_refused(void **state)
{
    assert_int_equal(p2m_set(d, LIMIT, _mfn(1), 0, P2M_RAM), -EINVAL);
    assert_int_equal(p2m_set(d, ~0ull, _mfn(1), 0, P2M_RAM), -EINVAL);
    assert_int_equal(p2m_set(d, LIMIT - 1, _mfn(1), 1, P2M_RAM), -EINVAL);
    assert_int_equal(p2m_set(d, 0, _mfn(1), 10, P2M_RAM), -EINVAL);
}

static void superpage_needs_three_tables_and_splits_into_equal_parts(void **s)
{
    assert_int_equal(p2m_set(d, 512, _mfn(1024), 9, P2M_RAM), 0);
    assert_int_equal(d->p2m->nr_tables, 3);
    assert_int_equal(at(512, P2M_RAM), 1024);
    assert_int_equal(at(1023, P2M_RAM), 1535);
    assert_int_equal(p2m_remove(d, 600, _mfn(1112)), 0);
    assert_int_equal(d->p2m->nr_tables, 4);
    assert_int_equal(at(600, P2M_NONE), ~0ull);
    assert_int_equal(at(599, P2M_RAM), 1111);
    assert_int_equal(at(601, P2M_RAM), 1113);
    assert_int_equal(flushes, 1);
}

static void order_9_where_it_does_not_fit_is_made_of_small_ones(void **state)
{
    assert_int_equal(p2m_set(d, 512, _mfn(1025), 9, P2M_RAM), 0);
    assert_int_equal(at(1023, P2M_RAM), 1025 + 511);
    assert_int_equal(d->p2m->nr_tables, 4);
}

static void removal_wants_the_right_frame(void **state)
{
    assert_int_equal(p2m_set(d, 7, _mfn(70), 0, P2M_RAM), 0);
    assert_int_equal(p2m_remove(d, 7, _mfn(71)), -ENOENT);
    assert_int_equal(p2m_remove(d, 8, INVALID_MFN), -ENOENT);
    assert_int_equal(at(7, P2M_RAM), 70);
    assert_int_equal(p2m_remove(d, 7, _mfn(70)), 0);
    assert_int_equal(at(7, P2M_NONE), ~0ull);
}

/* INV-P2M3 */
static void held_frame_is_let_go_after_the_flush(void **state)
{
    mfn_t m = fake_frame_of(2);
    int before = fake_frames[mfn_x(m)].refs;

    assert_true(page_get_writable(m, 2));
    assert_int_equal(p2m_set(d, 5, m, 0, P2M_FOREIGN), 0);
    watched = m;
    assert_int_equal(p2m_remove(d, 5, m), 0);
    assert_int_equal(refs_at_flush, before + 1);
    assert_int_equal(fake_frames[mfn_x(m)].refs, before);
    assert_int_equal(fake_frames[mfn_x(m)].writable_uses, 0);
}

static void a_taken_entry_leaves_its_references(void **state)
{
    mfn_t m = fake_frame_of(2);
    int before = fake_frames[mfn_x(m)].refs;

    assert_true(page_get_writable(m, 2));
    assert_int_equal(p2m_set(d, 5, m, 0, P2M_FOREIGN), 0);
    assert_int_equal(p2m_take(d, 5, m, P2M_FOREIGN_RO), -ENOENT);
    assert_int_equal(p2m_take(d, 5, _mfn(mfn_x(m) + 1), P2M_FOREIGN), -ENOENT);
    assert_int_equal(p2m_take(d, 6, m, P2M_FOREIGN), -ENOENT);
    assert_int_equal(p2m_take(d, 5, m, P2M_FOREIGN), 0);
    assert_int_equal(flushes, 1);
    assert_int_equal(fake_frames[mfn_x(m)].refs, before + 1);
    assert_int_equal(at(5, P2M_NONE), ~0ull);
    assert_int_equal(d->p2m->nr_held, 0);
    page_put_writable(mfn_to_page(m));
}

static void death_gives_up_held_frames_and_only_those(void **state)
{
    mfn_t rw = fake_frame_of(2), ro = fake_frame_of(2);
    int refs = fake_frames[mfn_x(ro)].refs;

    assert_true(page_get_writable(rw, 2));
    assert_true(page_get(ro, 2));
    assert_int_equal(p2m_set(d, 3, _mfn(1), 0, P2M_RAM), 0);
    assert_int_equal(p2m_set(d, 4, rw, 0, P2M_FOREIGN), 0);
    assert_int_equal(p2m_set(d, LIMIT - 1, ro, 0, P2M_FOREIGN_RO), 0);
    while (p2m_relinquish(d) == -ERESTART) {
        fake_run_softirqs();
    }
    assert_int_equal(fake_frames[mfn_x(rw)].writable_uses, 0);
    assert_int_equal(fake_frames[mfn_x(ro)].refs, refs);
    assert_int_equal(at(3, P2M_RAM), 1);
}

static void type_changes_only_from_what_it_is(void **state)
{
    assert_int_equal(p2m_set(d, 9, _mfn(90), 0, P2M_RAM), 0);
    assert_int_equal(p2m_change_type(d, 9, P2M_RAM_RO, P2M_RAM), -EBUSY);
    assert_int_equal(p2m_change_type(d, 9, P2M_RAM, P2M_RAM_LOGDIRTY), 0);
    assert_int_equal(at(9, P2M_RAM_LOGDIRTY), 90);
    assert_int_equal(flushes, 1);
}

static void quota_of_tables_holds(void **state)
{
    uint32_t had = d->p2m->nr_tables;

    d->p2m->max_tables = had + 2;
    assert_int_equal(p2m_set(d, 0, _mfn(1), 0, P2M_RAM), -ENOMEM);
    assert_int_equal(d->p2m->nr_tables, had + 2);
    d->p2m->max_tables = had + 3;
    assert_int_equal(p2m_set(d, 0, _mfn(1), 0, P2M_RAM), 0);
}

static void each_failed_allocation_leaves_a_sound_table(void **state)
{
    for (unsigned long n = 1; n <= 3; n++) {
        fake_heap_fail_at = n;
        assert_int_equal(p2m_set(d, n << 27, _mfn(5), 0, P2M_RAM), -ENOMEM);
        assert_int_equal(at(n << 27, P2M_NONE), ~0ull);
        fake_heap_fail_at = 0;
    }
}

/* Against a plain array: any sequence of calls. */
static void random_calls_agree_with_a_model(void **state)
{
    static uint64_t model[2048];
    uint32_t seed = 1;

    for (unsigned int i = 0; i < ARRAY_SIZE(model); i++) {
        model[i] = ~0ull;
    }
    for (unsigned int n = 0; n < 20000; n++) {
        seed = seed * 1664525 + 1013904223;
        uint64_t gfn = (seed >> 8) % ARRAY_SIZE(model);
        uint64_t mfn = 1 + (seed >> 4) % 2000;

        if (seed >> 30 == 0) {
            int rc = p2m_remove(d, gfn, INVALID_MFN);

            assert_int_equal(rc == 0, model[gfn] != ~0ull);
            model[gfn] = ~0ull;
        } else if (seed >> 28 == 15) {
            gfn &= ~511ull;
            mfn &= ~511ull;
            assert_int_equal(p2m_set(d, gfn, _mfn(mfn), 9, P2M_RAM), 0);
            for (unsigned int i = 0; i < 512; i++) {
                model[gfn + i] = mfn + i;
            }
        } else {
            assert_int_equal(p2m_set(d, gfn, _mfn(mfn), 0, P2M_RAM), 0);
            model[gfn] = mfn;
        }
        gfn = (seed >> 3) % ARRAY_SIZE(model);
        assert_int_equal(at(gfn, model[gfn] != ~0ull ? P2M_RAM : P2M_NONE),
                         model[gfn]);
    }
}

/* A leaf of each type: SDM vol. 3C, tables 29-5 and 29-6; APM vol. 2,
 * 15.25.5. */
static void entries_are_as_the_cpu_reads_them(void **state)
{
    static const struct {
        const struct p2m_format *format;
        enum p2m_type type;
        unsigned int order;
        uint64_t flags;
    } rows[] = {
        { &p2m_format_npt, P2M_RAM, 0, 0x67 },
        { &p2m_format_npt, P2M_RAM, 9, 0xe7 },
        { &p2m_format_npt, P2M_RAM_RO, 0, 0x25 },
        { &p2m_format_npt, P2M_MMIO, 0, 0x7f },
        { &p2m_format_ept, P2M_RAM, 0, 0x77 },
        { &p2m_format_ept, P2M_RAM, 9, 0xf7 },
        { &p2m_format_ept, P2M_RAM_RO, 0, 0x75 },
        { &p2m_format_ept, P2M_RAM_LOGDIRTY, 0, 0x75 },
        { &p2m_format_ept, P2M_FOREIGN_RO, 0, 0x75 },
        { &p2m_format_ept, P2M_MMIO, 0, 0x07 },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t gfn = (uint64_t)(i + 1) << 9, *t = d->p2m->root, e;

        p2m_format = rows[i].format;
        assert_int_equal(p2m_set(d, gfn, _mfn(1024), rows[i].order,
                                 rows[i].type), 0);
        for (unsigned int level = 4;; level--) {
            e = t[gfn >> (9 * (level - 1)) & 511];
            if (e >> P2M_TYPE_SHIFT != 0) {
                break;
            }
            t = mfn_to_virt(pte_mfn(e));
        }
        assert_int_equal(e & 0xfff, rows[i].flags);
        assert_int_equal(mfn_x(pte_mfn(e)), 1024);
        assert_int_equal(at(gfn, rows[i].type), 1024);
    }
}

/* Parts of a split page, and entries of tables, in Intel's words. */
static void ept_superpage_splits_into_the_same_rights(void **state)
{
    p2m_format = &p2m_format_ept;
    assert_int_equal(p2m_set(d, 512, _mfn(1024), 9, P2M_RAM), 0);
    assert_int_equal(p2m_change_type(d, 600, P2M_RAM, P2M_RAM_LOGDIRTY), 0);
    assert_int_equal(at(600, P2M_RAM_LOGDIRTY), 1112);
    assert_int_equal(at(601, P2M_RAM), 1113);
    assert_int_equal(d->p2m->root[0] & 0xfff, 7);
    assert_int_equal(p2m_clean_range(d, 601, 2), 3);
    assert_int_equal(at(602, P2M_RAM_LOGDIRTY), 1114);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(what_is_put_is_found_there_only),
        T(beyond_the_limit_is_refused),
        T(superpage_needs_three_tables_and_splits_into_equal_parts),
        T(order_9_where_it_does_not_fit_is_made_of_small_ones),
        T(removal_wants_the_right_frame),
        T(held_frame_is_let_go_after_the_flush),
        T(a_taken_entry_leaves_its_references),
        T(death_gives_up_held_frames_and_only_those),
        T(type_changes_only_from_what_it_is),
        T(quota_of_tables_holds),
        T(each_failed_allocation_leaves_a_sound_table),
        T(random_calls_agree_with_a_model),
        T(entries_are_as_the_cpu_reads_them),
        T(ept_superpage_splits_into_the_same_rights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
