/* SPDX-License-Identifier: MIT */
/*
 * Frames and objects: blocks never overlap and are aligned, address limits
 * hold, claims keep others out, everything comes back; slabs give zeroed
 * memory and return empty pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/errno.h>
#include <mm/buddy.h>
#include <mm/heap.h>
#include <mm/tlb_flush.h>
#include "../pv/pt_host.h"

#define FIRST 256u
#define BLOCKS 200u

static int set_up(void **state)
{
    uint64_t had;

    host_reset();
    had = buddy_free_frames();
    assert_int_equal(had, 0);
    buddy_add_range(_mfn(FIRST), _mfn(HOST_FRAMES));
    return 0;
}

/* Take all that is free, so that the next test starts empty. */
static int tear_down(void **state)
{
    while (!mfn_eq(buddy_alloc(0), INVALID_MFN)) {
    }
    return 0;
}

static void blocks_are_aligned_and_disjoint(void **state)
{
    static uint8_t owner[HOST_FRAMES];
    struct { uint64_t mfn; unsigned int order; } b[BLOCKS] = { 0 };
    uint64_t all = buddy_free_frames();

    memset(owner, 0, sizeof(owner));
    srand(11);
    for (unsigned int n = 0; n < 20000; n++) {
        unsigned int i = (unsigned int)rand() % BLOCKS;

        if (b[i].mfn != 0) {
            memset(owner + b[i].mfn, 0, 1u << b[i].order);
            buddy_free(_mfn(b[i].mfn), b[i].order);
            b[i].mfn = 0;
        } else {
            unsigned int order = (unsigned int)rand() % 6;
            mfn_t mfn = buddy_alloc(order);

            if (mfn_eq(mfn, INVALID_MFN)) {
                continue;
            }
            assert_int_equal(mfn_x(mfn) & ((1u << order) - 1), 0);
            for (unsigned int k = 0; k < 1u << order; k++) {
                assert_int_equal(owner[mfn_x(mfn) + k]++, 0);
            }
            b[i].mfn = mfn_x(mfn);
            b[i].order = order;
        }
    }
    for (unsigned int i = 0; i < BLOCKS; i++) {
        if (b[i].mfn != 0) {
            buddy_free(_mfn(b[i].mfn), b[i].order);
        }
    }
    assert_int_equal(buddy_free_frames(), all);
    /* All merged again: the largest block is there. */
    assert_false(mfn_eq(buddy_alloc(10), INVALID_MFN));
}

static void an_address_limit_holds(void **state)
{
    mfn_t mfn;

    while (!mfn_eq(mfn = buddy_alloc_bits(0, 21), INVALID_MFN)) {
        assert_true(mfn_x(mfn) < 512);         /* below 2 MiB */
    }
    assert_int_equal(buddy_free_frames(), HOST_FRAMES - 512);
    assert_true(mfn_eq(buddy_alloc_bits(0, 11), INVALID_MFN));
}

static void too_large_an_order_is_refused(void **state)
{
    assert_true(mfn_eq(buddy_alloc(BUDDY_MAX_ORDER + 1), INVALID_MFN));
    assert_true(mfn_eq(buddy_alloc(63), INVALID_MFN));
    assert_true(mfn_eq(buddy_alloc(BUDDY_MAX_ORDER), INVALID_MFN));
}

static void a_claim_keeps_others_out(void **state)
{
    uint64_t claim = 0, all = buddy_free_frames();

    assert_int_equal(buddy_claim(&claim, all + 1), -ENOMEM);
    assert_int_equal(buddy_claim(&claim, all), 0);
    assert_true(mfn_eq(buddy_alloc(0), INVALID_MFN));
    assert_false(mfn_eq(buddy_alloc_claimed(0, 64, &claim), INVALID_MFN));
    assert_int_equal(claim, all - 1);
    assert_int_equal(buddy_claimed_frames(), all - 1);
    /* Nothing that fits: the claim stays whole. */
    assert_true(mfn_eq(buddy_alloc_claimed(BUDDY_MAX_ORDER, 64, &claim),
                       INVALID_MFN));
    assert_int_equal(claim, all - 1);
    buddy_unclaim(&claim, ~0ull);
    assert_int_equal(buddy_claimed_frames(), 0);
    assert_false(mfn_eq(buddy_alloc(0), INVALID_MFN));
}

/* A guest's stale entries are flushed before its frame is another's. */
static void a_freed_frame_is_flushed_before_reuse(void **state)
{
    mfn_t mfn = buddy_alloc(0);
    unsigned int before = host_flushes;

    buddy_free(mfn, 0);
    host_flush_needed = true;
    assert_false(mfn_eq(buddy_alloc(0), INVALID_MFN));
    assert_int_equal(host_flushes, before + 1);
}

/* Of a block of two frames the later stamp counts, however long ago the other
 * one was freed. */
static void the_later_stamp_counts_after_many_flushes(void **state)
{
    mfn_t pair = buddy_alloc(1);

    tlb_clock = 10;
    buddy_free(pair, 0);
    tlb_clock = 0x90000000u;
    buddy_free(mfn_add(pair, 1), 0);
    tlb_clock += 5;
    assert_true(mfn_eq(buddy_alloc(1), pair));
    assert_int_equal(host_stamp, 0x90000000u);
}

static void objects_are_zeroed_and_pages_come_back(void **state)
{
    uint64_t all = buddy_free_frames();
    void *p[300] = { 0 };
    size_t size[300];

    srand(5);
    for (unsigned int n = 0; n < 20000; n++) {
        unsigned int i = (unsigned int)rand() % 300;

        if (p[i] != NULL) {
            memset(p[i], 0xa5, size[i]);
            heap_free(p[i]);
            p[i] = NULL;
            continue;
        }
        size[i] = 1 + (size_t)rand() % (rand() % 10 ? 2016 : 20000);
        p[i] = heap_alloc(size[i]);
        for (size_t k = 0; p[i] != NULL && k < size[i]; k++) {
            assert_int_equal(((uint8_t *)p[i])[k], 0);
        }
    }
    for (unsigned int i = 0; i < 300; i++) {
        heap_free(p[i]);
    }
    assert_int_equal(buddy_free_frames(), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_are_aligned_and_disjoint,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_limit_holds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(too_large_an_order_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_claim_keeps_others_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_freed_frame_is_flushed_before_reuse,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_later_stamp_counts_after_many_flushes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(objects_are_zeroed_and_pages_come_back,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
