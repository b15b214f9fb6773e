/* SPDX-License-Identifier: MIT */
/*
 * The frame word: one use at a time (INV-PT1), typed uses are counted with
 * references (INV-PT3), a change of use flushes by the old one (INV-PT5),
 * counts do not wrap.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include <domain/page_writable.h>
#include <hv/errno.h>
#include "pt_host.h"

static const uint64_t types[] = {
    PGT_L1, PGT_L2, PGT_L3, PGT_L4, PGT_SEG, PGT_WRITABLE
};

static int set_up(void **state)
{
    host_reset();
    return 0;
}

/* Every pair: held as one type, another is refused and changes nothing. */
static void a_frame_has_one_use_at_a_time(void **state)
{
    for (unsigned int a = 0; a < ARRAY_SIZE(types); a++) {
        for (unsigned int b = 0; b < ARRAY_SIZE(types); b++) {
            mfn_t mfn = host_frame(1);
            struct page_info *pg = mfn_to_page(mfn);
            uint64_t before;
            int rc;

            assert_int_equal(page_get_type(pg, types[a]), 0);
            before = host_word(mfn);
            rc = page_get_type(pg, types[b]);
            if (a == b) {
                assert_int_equal(rc, 0);
                assert_int_equal(host_uses(mfn), 2);
                page_put_type(pg);
            } else {
                assert_int_equal(rc, -EBUSY);
            }
            assert_int_equal(host_word(mfn), before);
            page_put_type(pg);
            assert_int_equal(host_uses(mfn), 0);
            assert_int_equal(page_get_type(pg, types[b]), 0);
            page_put_type(pg);
        }
    }
}

/* Which changes of use ask for a flush: all whose old use a CPU may cache. */
static void the_old_use_decides_on_the_flush(void **state)
{
    host_flush_needed = true;
    for (unsigned int a = 0; a < ARRAY_SIZE(types); a++) {
        for (unsigned int b = 0; b < ARRAY_SIZE(types); b++) {
            mfn_t mfn = host_frame(1);
            struct page_info *pg = mfn_to_page(mfn);
            unsigned int before = host_flushes;

            assert_int_equal(page_get_type(pg, types[a]), 0);
            assert_int_equal(host_flushes, before);   /* fresh: no old use */
            page_put_type(pg);
            assert_int_equal(page_get_type(pg, types[b]), 0);
            assert_int_equal(host_flushes, before + (a != b));
            page_put_type(pg);
        }
    }
}

static void writable_takes_both_counts_in_one_step(void **state)
{
    mfn_t mfn = host_frame(1);

    assert_true(page_get_writable(mfn, 1));
    assert_int_equal(host_refs(mfn), 2);
    assert_int_equal(host_uses(mfn), 1);
    assert_true(page_get_writable(mfn, 1));
    assert_int_equal(host_uses(mfn), 2);
    page_put_writable(mfn_to_page(mfn));
    page_put_writable(mfn_to_page(mfn));
    assert_int_equal(host_refs(mfn), 1);
    assert_int_equal(host_uses(mfn), 0);
}

static void only_the_owner_gets_a_reference(void **state)
{
    mfn_t mfn = host_frame(1);
    uint64_t before = host_word(mfn);

    assert_false(page_get(mfn, 2));
    assert_false(page_get_writable(mfn, 2));
    assert_false(page_get(_mfn(HOST_FRAMES), 1));
    assert_false(page_get(_mfn(~0ull), 1));
    assert_false(page_get(_mfn(5), 0));          /* I/O space */
    assert_int_equal(host_word(mfn), before);
}

static void full_counts_refuse(void **state)
{
    mfn_t mfn = host_frame(1);
    struct page_info *pg = mfn_to_page(mfn);

    pg->word |= PG_COUNT_MASK;
    assert_false(page_get(mfn, 1));
    assert_false(page_get_writable(mfn, 1));
    assert_false(page_ref(pg));
    pg->word = (pg->word & ~PG_COUNT_MASK) | 5 | PG_TCOUNT_MASK | PGT_WRITABLE |
               PG_VALIDATED;
    assert_false(page_get_writable(mfn, 1));
    assert_int_equal(page_get_type(pg, PGT_WRITABLE), -EBUSY);
}

static void the_last_reference_frees(void **state)
{
    mfn_t mfn = host_frame(1);
    struct page_info *pg = mfn_to_page(mfn);

    assert_true(page_get(mfn, 1));
    assert_false(pages_release(&host_domain[2], pg));
    assert_true(pages_release(&host_domain[1], pg));
    assert_false(pages_release(&host_domain[1], pg));             /* once */
    assert_int_equal(host_domain[1].tot_pages, 1);
    page_put(pg);
    assert_int_equal(host_domain[1].tot_pages, 0);
    assert_int_equal(page_owner_id(host_word(mfn)), PGO_NONE);
    assert_false(page_get(mfn, 1));
}

static void steal_needs_an_unused_frame(void **state)
{
    mfn_t mfn = host_frame(1);
    struct page_info *pg = mfn_to_page(mfn);

    assert_true(page_get_writable(mfn, 1));
    assert_int_equal(pages_steal(&host_domain[1], pg), -EBUSY);
    page_put_writable(pg);
    assert_int_equal(pages_steal(&host_domain[2], pg), -EBUSY);
    assert_int_equal(pages_steal(&host_domain[1], pg), 0);
    assert_int_equal(host_domain[1].tot_pages, 0);
    assert_false(page_get(mfn, 1));
}

static void quota_and_death_refuse_frames(void **state)
{
    struct domain *d = &host_domain[2];

    d->max_pages = 1;
    (void)host_frame(2);
    frame_table[900].word = PGO_NONE << PG_OWNER_SHIFT;
    assert_int_equal(pages_assign(d, _mfn(900), 1), -E2BIG);
    assert_int_equal(pages_assign(d, _mfn(900), ~0ull), -E2BIG);
    d->max_pages = 10;
    d->dying = DOMDYING_dying;
    assert_int_equal(pages_assign(d, _mfn(900), 1), -EINVAL);
    assert_int_equal(d->tot_pages, 1);
}

/* A shared frame of ours is data for the guest, for ever. */
static void a_shared_frame_keeps_its_type(void **state)
{
    mfn_t mfn = _mfn(1000);

    frame_table[1000].word = PGO_NONE << PG_OWNER_SHIFT;
    pages_share_frame(mfn, 1, true);
    assert_true(page_get_writable(mfn, 1));
    assert_int_equal(page_get_type(mfn_to_page(mfn), PGT_L1), -EBUSY);
    page_put_writable(mfn_to_page(mfn));
    pages_unshare_frame(mfn);
    assert_int_equal(page_owner_id(host_word(mfn)), PGO_NONE);
    assert_int_equal(host_domain[1].tot_pages, 0);
}

/* ---- while a frame's old use is flushed --------------------------------------- */

static mfn_t flushing;
static jmp_buf waited;

static void end_wait(void)
{
    longjmp(waited, 1);
}

/* Another CPU wants to map it meanwhile: by either door it has to wait. */
static void try_to_map(void)
{
    host_on_relax = end_wait;
    if (setjmp(waited) == 0) {
        assert_false(page_get_writable(flushing, 1));
        fail_msg("refused, where it has to wait");
    }
    if (setjmp(waited) == 0) {
        assert_false(page_get_writable_here(flushing, 1));
        fail_msg("refused, where it has to wait");
    }
    host_on_relax = NULL;
}

static void nobody_maps_a_table_before_it_is_flushed(void **state)
{
    struct page_info *pg;

    flushing = host_frame(1);
    pg = mfn_to_page(flushing);
    assert_int_equal(page_get_type(pg, PGT_L1), 0);
    page_put_type(pg);
    host_flush_needed = true;
    host_on_flush = try_to_map;
    assert_true(page_get_writable_here(flushing, 1));
    assert_int_equal(host_flushes, 1);
    host_on_flush = NULL;
    assert_true(page_get_writable_here(flushing, 1));
    assert_int_equal(host_uses(flushing), 2);
    page_put_writable_here(pg);
    page_put_writable_here(pg);
}

/* ---- two CPUs at one word -------------------------------------------------------- */

static mfn_t contested;
static int writers, tables;        /* how many hold it as what, at this moment */
static int clashes;

static void *map_and_unmap(void *unused)
{
    for (unsigned int i = 0; i < 200000; i++) {
        if (page_get_writable(contested, 1)) {
            __atomic_add_fetch(&writers, 1, __ATOMIC_SEQ_CST);
            if (__atomic_load_n(&tables, __ATOMIC_SEQ_CST) != 0) {
                __atomic_add_fetch(&clashes, 1, __ATOMIC_SEQ_CST);
            }
            __atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
            page_put_writable(mfn_to_page(contested));
        }
    }
    return NULL;
}

static void *promote_and_demote(void *unused)
{
    for (unsigned int i = 0; i < 200000; i++) {
        if (page_get_type(mfn_to_page(contested), PGT_SEG) == 0) {
            __atomic_add_fetch(&tables, 1, __ATOMIC_SEQ_CST);
            if (__atomic_load_n(&writers, __ATOMIC_SEQ_CST) != 0) {
                __atomic_add_fetch(&clashes, 1, __ATOMIC_SEQ_CST);
            }
            __atomic_sub_fetch(&tables, 1, __ATOMIC_SEQ_CST);
            page_put_type(mfn_to_page(contested));
        }
    }
    return NULL;
}

static void two_threads_never_hold_two_uses(void **state)
{
    pthread_t a, b;

    contested = host_frame(1);
    pthread_create(&a, NULL, map_and_unmap, NULL);
    pthread_create(&b, NULL, promote_and_demote, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert_int_equal(clashes, 0);
    assert_int_equal(host_refs(contested), 1);
    assert_int_equal(host_uses(contested), 0);
}

/* ---- a use that comes and goes while the last one ends --------------------------- */

/*
 * The first write of a put faults, and what another CPU may do at that moment
 * is done in the handler: the word is as before, but the clock has gone on.
 */
static void let_frame_table_be_written(bool yes)
{
    uintptr_t at = (uintptr_t)mfn_to_page(contested) & PAGE_MASK;

    if (mprotect((void *)at, PAGE_SIZE,
                 PROT_READ | (yes ? PROT_WRITE : 0)) != 0) {
        abort();
    }
}

static void use_it_meanwhile(int sig)
{
    let_frame_table_be_written(true);
    if (!page_get_writable_here(contested, 1)) {
        abort();
    }
    (void)atomic_add(&tlb_clock, 1);     /* a flush; then it is cached */
    page_put_writable_here(mfn_to_page(contested));
}

static void put_in_two_steps(struct page_info *pg)
{
    page_put_type(pg);
    page_put(pg);
}

static void the_stamp_is_not_older_than_the_last_use(void **state)
{
    static void (*const put[])(struct page_info *) = {
        page_put_writable_here, page_put_writable, put_in_two_steps
    };
    struct sigaction act = { .sa_handler = use_it_meanwhile }, old;

    assert_int_equal(sigaction(SIGSEGV, &act, &old), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(put); i++) {
        uint64_t before = tlb_clock;

        contested = host_frame(1);
        assert_true(page_get_writable_here(contested, 1));
        let_frame_table_be_written(false);
        put[i](mfn_to_page(contested));
        assert_int_equal(tlb_clock, before + 1);
        assert_int_equal(mfn_to_page(contested)->use.flush_stamp, tlb_clock);
        assert_int_equal(host_refs(contested), 1);
        assert_int_equal(host_uses(contested), 0);
    }
    assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
}

/* ---- a frame of a dying domain is another's meanwhile ---------------------------- */

#define DOMAIN_2 (2ul << PG_OWNER_SHIFT | PG_ALLOCATED)
static uint64_t its_word;

static void give_it_to_domain_2(int sig)
{
    let_frame_table_be_written(true);
    mfn_to_page(contested)->word = its_word;
}

/* @word: what domain 1 has there, besides what a fresh frame has. */
static void expect_left_alone(uint64_t word, uint64_t other)
{
    host_reset();
    contested = host_frame(1);
    mfn_to_page(contested)->word |= word;
    its_word = DOMAIN_2 | other;
    let_frame_table_be_written(false);
    assert_int_equal(pages_relinquish(&host_domain[1]), 0);
    assert_int_equal(host_word(contested), its_word);
}

static void a_dying_domain_takes_no_frame_of_another(void **state)
{
    struct sigaction act = { .sa_handler = give_it_to_domain_2 }, old;

    assert_int_equal(sigaction(SIGSEGV, &act, &old), 0);
    expect_left_alone(0, 1);
    expect_left_alone(0, 2);
    expect_left_alone(PG_PINNED, PGT_L1 | PG_VALIDATED | PG_PINNED |
                                 PG_TCOUNT_ONE | 2);
    assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_frame_has_one_use_at_a_time, set_up),
        cmocka_unit_test_setup(the_old_use_decides_on_the_flush, set_up),
        cmocka_unit_test_setup(writable_takes_both_counts_in_one_step, set_up),
        cmocka_unit_test_setup(only_the_owner_gets_a_reference, set_up),
        cmocka_unit_test_setup(full_counts_refuse, set_up),
        cmocka_unit_test_setup(the_last_reference_frees, set_up),
        cmocka_unit_test_setup(steal_needs_an_unused_frame, set_up),
        cmocka_unit_test_setup(quota_and_death_refuse_frames, set_up),
        cmocka_unit_test_setup(a_shared_frame_keeps_its_type, set_up),
        cmocka_unit_test_setup(nobody_maps_a_table_before_it_is_flushed,
                               set_up),
        cmocka_unit_test_setup(two_threads_never_hold_two_uses, set_up),
        cmocka_unit_test_setup(a_dying_domain_takes_no_frame_of_another,
                               set_up),
        cmocka_unit_test_setup(the_stamp_is_not_older_than_the_last_use,
                               set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
