/* SPDX-License-Identifier: MIT */
/*
 * Trees of page tables: what validates, what is refused, that everything held
 * is given back, however often the work is interrupted; and a random walk
 * after which every count equals what a recount of all tables gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <core/softirq.h>
#include <hv/errno.h>
#include <mm/map.h>
#include <mm/tlb_flush.h>
#include <pv/grant_map.h>
#include <pv/guest_walk.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>
#include "pt_host.h"

#define RW (PTE_P | PTE_RW | PTE_US)
#define RO (PTE_P | PTE_US)

static int set_up(void **state)
{
    host_reset();
    return 0;
}

static pte_t *table(mfn_t mfn)
{
    return mfn_to_virt(mfn);
}

static struct page_info *page(mfn_t mfn)
{
    return mfn_to_page(mfn);
}

/* An L4 over L3 over L2 over two L1s with @n data frames each. */
struct tree {
    mfn_t l[5];              /* [1..4] */
    mfn_t second_l1;
    mfn_t data[8];
};

static struct tree make_tree(unsigned int d, unsigned int n)
{
    struct tree t;

    for (unsigned int i = 1; i <= 4; i++) {
        t.l[i] = host_frame(d);
    }
    t.second_l1 = host_frame(d);
    for (unsigned int i = 0; i < n; i++) {
        t.data[i] = host_frame(d);
        table(t.l[1])[i * 60] = pte_make(t.data[i], i & 1 ? RO : RW);
        table(t.second_l1)[511 - i] = pte_make(t.data[i], RW);
    }
    table(t.l[2])[0] = pte_make(t.l[1], RW);
    table(t.l[2])[300] = pte_make(t.second_l1, RW);
    table(t.l[3])[511] = pte_make(t.l[2], RW);
    table(t.l[4])[300] = pte_make(t.l[3], RW);
    return t;
}

static void expect_untouched(const struct tree *t, unsigned int n)
{
    for (unsigned int i = 1; i <= 4; i++) {
        assert_int_equal(host_refs(t->l[i]), 1);
        assert_int_equal(host_uses(t->l[i]), 0);
    }
    for (unsigned int i = 0; i < n; i++) {
        assert_int_equal(host_refs(t->data[i]), 1);
        assert_int_equal(host_uses(t->data[i]), 0);
    }
}

static void a_tree_is_held_and_given_back(void **state)
{
    struct tree t = make_tree(1, 8);

    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), 0);
    assert_int_equal(host_uses(t.l[1]), 1);
    assert_int_equal(host_refs(t.l[1]), 2);
    assert_int_equal(host_uses(t.data[0]), 2);   /* two writable entries */
    assert_int_equal(host_uses(t.data[1]), 1);   /* one, and one read-only */
    assert_int_equal(host_refs(t.data[1]), 3);
    page_put_type(page(t.l[4]));
    expect_untouched(&t, 8);
}

static void our_slots_are_filled_and_cleared(void **state)
{
    struct tree t = make_tree(1, 1);

    idle_l4[HV_SLOT_FIRST] = 0x123000 | PTE_P;
    table(t.l[4])[HV_SLOT_FIRST] = pte_make(t.data[0], RW);   /* ignored */
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), 0);
    assert_int_equal(table(t.l[4])[HV_SLOT_FIRST], idle_l4[HV_SLOT_FIRST]);
    assert_true(table(t.l[4])[PERDOM_SLOT] & PTE_P);
    page_put_type(page(t.l[4]));
    assert_int_equal(table(t.l[4])[HV_SLOT_FIRST], 0);
    expect_untouched(&t, 1);
}

/* ---- refusals: each leaves all counts as they were ---------------------------------- */

static void bad_entries_are_refused(void **state)
{
    static const struct {
        unsigned int level;
        uint64_t bits;
    } bad[] = {
        { 1, 1ull << 52 }, { 1, 1ull << 62 }, { 1, PTE_PWT }, { 1, PTE_PCD },
        { 1, PTE_PAT }, { 2, PTE_PSE }, { 2, PTE_PWT }, { 2, PTE_G },
        { 3, PTE_PSE }, { 3, PTE_PCD }, { 4, PTE_PSE }, { 4, 1ull << 55 },
        { 2, 1ull << 51 }, { 1, 1ull << 51 },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        struct tree t = make_tree(1, 4);
        pte_t *e = bad[i].level == 1 ? &table(t.l[1])[60]
                 : bad[i].level == 2 ? &table(t.l[2])[300]
                 : bad[i].level == 3 ? &table(t.l[3])[511]
                                     : &table(t.l[4])[300];

        *e |= bad[i].bits;
        assert_true(page_get_type(page(t.l[4]), PGT_L4) < 0);
        expect_untouched(&t, 4);
    }
}

static void a_table_is_never_mapped_writable(void **state)
{
    struct tree t = make_tree(1, 2);

    table(t.l[1])[7] = pte_make(t.l[2], RW);
    assert_true(page_get_type(page(t.l[4]), PGT_L4) < 0);
    expect_untouched(&t, 2);
    table(t.l[1])[7] = pte_make(t.l[2], RO);
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), 0);
    assert_false(page_get_writable(t.l[2], 1));
    page_put_type(page(t.l[4]));
    expect_untouched(&t, 2);
}

static void frames_of_others_and_io_are_refused(void **state)
{
    struct tree t = make_tree(1, 2);
    mfn_t theirs = host_frame(2);

    table(t.l[1])[3] = pte_make(theirs, RO);
    assert_true(page_get_type(page(t.l[4]), PGT_L4) < 0);
    table(t.l[1])[3] = pte_make(_mfn(10), RO);           /* below 1 MiB: I/O */
    assert_true(page_get_type(page(t.l[4]), PGT_L4) < 0);
    expect_untouched(&t, 2);
    assert_int_equal(host_refs(theirs), 1);

    t = make_tree(0, 2);                                 /* hardware domain */
    table(t.l[1])[3] = pte_make(_mfn(10), RW);
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), 0);
    page_put_type(page(t.l[4]));
    expect_untouched(&t, 2);
}

/* No linear page tables: a table as its own child, or as one level lower. */
static void loops_are_refused(void **state)
{
    struct tree t = make_tree(1, 1);

    table(t.l[4])[5] = pte_make(t.l[4], RO);
    assert_true(page_get_type(page(t.l[4]), PGT_L4) < 0);
    table(t.l[4])[5] = 0;
    table(t.l[2])[5] = pte_make(t.l[2], RW);
    assert_true(page_get_type(page(t.l[4]), PGT_L4) < 0);
    expect_untouched(&t, 1);
}

/* ---- interruption --------------------------------------------------------------------- */

/* Pending work at every question: each call makes one step at most. */
static int until_done(int (*step)(struct page_info *), struct page_info *pg)
{
    int rc;

    for (unsigned int i = 0; i < 10000; i++) {
        host_cpu_info.softirq_pending = i & 1;       /* go on, then stop */
        rc = step(pg);
        host_cpu_info.softirq_pending = 0;
        if (rc != -ERESTART) {
            return rc;
        }
    }
    return -ERESTART;
}

static int get_l4(struct page_info *pg)
{
    return page_get_type(pg, PGT_L4);
}

static int stop_at_once(int (*step)(struct page_info *), struct page_info *pg)
{
    int rc;

    host_cpu_info.softirq_pending = 1;
    rc = step(pg);
    host_cpu_info.softirq_pending = 0;
    return rc;
}

static void interrupted_work_is_taken_up_again(void **state)
{
    struct tree t = make_tree(1, 8);

    assert_int_equal(stop_at_once(get_l4, page(t.l[4])), -ERESTART);
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L3), -EBUSY);
    assert_int_equal(until_done(get_l4, page(t.l[4])), 0);
    assert_int_equal(host_uses(t.l[4]), 1);
    assert_int_equal(host_refs(t.l[4]), 1);      /* the anchor is gone */
    assert_int_equal(stop_at_once(page_put_type_preemptible, page(t.l[4])),
                     -ERESTART);
    /* On its way down nobody else gets it. */
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), -ERESTART);
    assert_int_equal(until_done(page_put_type_preemptible, page(t.l[4])), 0);
    expect_untouched(&t, 8);
}

static void an_abandoned_validation_dies_with_its_domain(void **state)
{
    struct tree t = make_tree(1, 4);

    assert_int_equal(stop_at_once(get_l4, page(t.l[4])), -ERESTART);
    host_domain[1].dying = DOMDYING_dying;
    while (pages_relinquish(&host_domain[1]) != 0) {
    }
    assert_int_equal(host_domain[1].tot_pages, 0);
}

static void a_pinned_tree_dies_with_its_domain(void **state)
{
    struct tree t = make_tree(1, 8);

    assert_true(page_get(t.l[4], 1));
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), 0);
    page(t.l[4])->word |= PG_PINNED;
    host_domain[1].dying = DOMDYING_dying;
    for (unsigned int i = 0; ; i++) {
        int rc;

        host_cpu_info.softirq_pending = i & 1;
        rc = pages_relinquish(&host_domain[1]);
        host_cpu_info.softirq_pending = 0;
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, -ERESTART);
    }
    assert_int_equal(host_domain[1].tot_pages, 0);
    assert_int_equal(host_domain[1].refcount, 1);
}

/* ---- a random walk against a recount ----------------------------------------------------- */

#define POOL 40u

static mfn_t pool[POOL];
static unsigned int held[POOL];          /* our own L1..L4 uses, by level */

/* What the tables that are validated say each frame must have. */
static void recount(unsigned int *refs, unsigned int *uses)
{
    for (unsigned int i = 0; i < POOL; i++) {
        refs[i] = 1 + (held[i] != 0);
        uses[i] = held[i] != 0;
    }
    for (unsigned int i = 0; i < POOL; i++) {
        uint64_t w = host_word(pool[i]);
        bool leaf = (w & PG_TYPE_MASK) == PGT_L1;

        if (!(w & PG_VALIDATED) || (w & PG_TYPE_MASK) > PGT_L4) {
            continue;
        }
        for (unsigned int k = 0; k < PT_ENTRIES; k++) {
            pte_t e = table(pool[i])[k];

            for (unsigned int j = 0; (e & PTE_P) && j < POOL; j++) {
                if (mfn_eq(pool[j], pte_mfn(e)) &&
                    !((w & PG_TYPE_MASK) == PGT_L4 && !is_guest_slot(k))) {
                    refs[j]++;
                    uses[j] += !leaf || (e & PTE_RW) != 0;
                }
            }
        }
    }
}

static void audit(void)
{
    unsigned int refs[POOL], uses[POOL];

    recount(refs, uses);
    for (unsigned int i = 0; i < POOL; i++) {
        assert_int_equal(host_refs(pool[i]), refs[i]);
        assert_int_equal(host_uses(pool[i]), uses[i]);
    }
}

static void random_hold(unsigned int i)
{
    unsigned int level = 1 + (unsigned int)rand() % 4;

    if (held[i] != 0) {
        page_put_type(page(pool[i]));
        page_put(page(pool[i]));
        held[i] = 0;
    } else if (page_get(pool[i], 1)) {
        if (page_get_type(page(pool[i]), (uint64_t)level << PG_TYPE_SHIFT) == 0) {
            held[i] = level;
        } else {
            page_put(page(pool[i]));
        }
    }
}

static void random_write(unsigned int i)
{
    pte_t new = rand() % 4 == 0 ? 0
              : pte_make(pool[(unsigned int)rand() % POOL],
                         (rand() % 3 ? RO : RW) | (rand() % 30 ? 0 : PTE_PSE));
    unsigned int slot = (unsigned int)rand() % 6, level;
    uint64_t w = host_word(pool[i]);
    pte_t *e = &table(pool[i])[slot];

    if (!(w & PG_VALIDATED) || (w & PG_TYPE_MASK) > PGT_L4) {
        if ((w & PG_TCOUNT_MASK) == 0) {
            *e = new;                       /* plain data still */
        }
        return;
    }
    level = (unsigned int)((w & PG_TYPE_MASK) >> PG_TYPE_SHIFT);
    if (level == 1) {
        assert_true(pt_write_l1(e, new, &host_domain[1], &host_domain[1],
                                rand() & 1) <= 0);
    } else {
        assert_true(pt_write_upper(e, new, level, &host_domain[1],
                                   rand() & 1) <= 0);
    }
}

static void counts_equal_a_recount_after_random_updates(void **state)
{
    srand(42);
    for (unsigned int i = 0; i < POOL; i++) {
        pool[i] = host_frame(1);
        held[i] = 0;
    }
    for (unsigned int n = 0; n < 30000; n++) {
        unsigned int i = (unsigned int)rand() % POOL;

        if (rand() % 3 == 0) {
            random_hold(i);
        } else {
            random_write(i);
        }
        assert_int_equal(pt_finish_old(), 0);
        if (n % 16 == 0) {
            audit();
        }
    }
    for (unsigned int i = 0; i < POOL; i++) {
        if (held[i] != 0) {
            page_put_type(page(pool[i]));
            page_put(page(pool[i]));
            held[i] = 0;
        }
    }
    for (unsigned int i = 0; i < POOL; i++) {
        assert_int_equal(host_refs(pool[i]), 1);
        assert_int_equal(host_uses(pool[i]), 0);
    }
}

/* The RW bit alone cannot open a table (the flag-only path takes the same
 * decision as the full one). */
static void a_flag_change_is_checked_like_a_new_entry(void **state)
{
    struct tree t = make_tree(1, 2);
    struct domain *d = &host_domain[1];
    pte_t *slot = &table(t.l[1])[9];

    *slot = pte_make(t.l[3], RO);
    assert_int_equal(page_get_type(page(t.l[4]), PGT_L4), 0);
    assert_true(pt_write_l1(slot, *slot | PTE_RW, d, d, false) < 0);
    assert_int_equal(*slot & PTE_RW, 0);
    assert_true(pt_write_l1(slot, *slot | PTE_PCD, d, d, false) < 0);
    assert_true(pt_write_l1(slot, *slot | 1ull << 57, d, d, false) < 0);
    assert_int_equal(pt_write_l1(slot, *slot | PTE_AVAIL0, d, d, false), 0);
    assert_int_equal(pt_write_upper(&table(t.l[2])[0],
                                    table(t.l[2])[0] | PTE_PSE, 2, d, false),
                     -EINVAL);
    assert_int_equal(pt_write_l1(slot, 0, d, d, false), 0);
    page_put_type(page(t.l[4]));
    expect_untouched(&t, 2);
}

/* ---- a frame that another domain had in its tables -------------------------------- */

/* For pv/grant_map: entries are named by their machine address here. */
mfn_t guest_walk_l1_table(uint64_t va)
{
    return INVALID_MFN;
}

bool guest_hold_table(mfn_t mfn, domid_t owner, uint64_t type)
{
    return page_get(mfn, owner) && page_get_type(page(mfn), type) == 0;
}

void guest_release_table(mfn_t mfn)
{
    page_put_type(page(mfn));
    page_put(page(mfn));
}

/* The owner makes a table of it: who is asked to flush? */
static cpumask_t asked_for_table(mfn_t frame)
{
    assert_int_equal(page_get_type(page(frame), PGT_L1), 0);
    page_put_type(page(frame));
    return host_asked;
}

/* Domain 1 maps @frame in @slot and overwrites the entry without a flush. */
static void map_as_foreign(pte_t *slot, mfn_t frame)
{
    struct domain *owner = &host_domain[2], *d = &host_domain[1];

    assert_int_equal(pt_write_l1(slot, pte_make(frame, RW), owner, d, false),
                     0);
    assert_int_equal(pt_write_l1(slot, 0, d, d, false), 0);
}

static void map_as_grant(pte_t *slot, mfn_t frame)
{
    struct grant_map_cache cache = { 0 };

    assert_true(page_get_writable(frame, 2));
    assert_int_equal(pv_grant_map(current, &cache,
                                  mfn_to_maddr(virt_to_mfn(slot)) |
                                  ((uint64_t)slot & ~PAGE_MASK), true, frame,
                                  RW), 0);
    pv_grant_done(&cache);
    assert_int_equal(pt_write_l1(slot, 0, &host_domain[1], &host_domain[1],
                                 false), 0);
}

static void map_as_owner(mfn_t frame)
{
    assert_true(page_get_writable_here(frame, 2));
    page_put_writable_here(page(frame));
}

static void every_guest_that_had_it_is_flushed(void **state)
{
    static void (*const map[])(pte_t *, mfn_t) = {
        map_as_foreign, map_as_grant
    };
    struct tree t = make_tree(1, 2);

    host_domain[2].dirty_cpus = 2;
    tlb_guest_cpus = 7;
    assert_int_equal(page_get_type(page(t.l[1]), PGT_L1), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(map); i++) {
        mfn_t frame = host_frame(2);

        map_as_owner(frame);
        assert_int_equal(asked_for_table(frame), 2);
        map_as_owner(frame);
        map[i](&table(t.l[1])[9], frame);
        assert_int_equal(asked_for_table(frame), 7);
        map_as_owner(frame);                  /* the others have flushed */
        assert_int_equal(asked_for_table(frame), 2);
    }
    page_put_type(page(t.l[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_tree_is_held_and_given_back, set_up),
        cmocka_unit_test_setup(our_slots_are_filled_and_cleared, set_up),
        cmocka_unit_test_setup(bad_entries_are_refused, set_up),
        cmocka_unit_test_setup(a_table_is_never_mapped_writable, set_up),
        cmocka_unit_test_setup(frames_of_others_and_io_are_refused, set_up),
        cmocka_unit_test_setup(loops_are_refused, set_up),
        cmocka_unit_test_setup(interrupted_work_is_taken_up_again, set_up),
        cmocka_unit_test_setup(an_abandoned_validation_dies_with_its_domain,
                               set_up),
        cmocka_unit_test_setup(a_pinned_tree_dies_with_its_domain, set_up),
        cmocka_unit_test_setup(counts_equal_a_recount_after_random_updates,
                               set_up),
        cmocka_unit_test_setup(a_flag_change_is_checked_like_a_new_entry,
                               set_up),
        cmocka_unit_test_setup(every_guest_that_had_it_is_flushed, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
