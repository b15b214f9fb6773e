/* SPDX-License-Identifier: MIT */
/*
 * Grants mapped by a translated guest: at pages of its own address space that
 * are empty, gone with unmap, with the entry, or with the guest; each holds
 * what it must (INV-GR2) and gives it back once.
 */
#include <p2m/format.h>
#include <p2m/p2m.h>

#include "two.h"

static struct two *t;

static void flush(struct domain *d)
{
}

static int set_up(void **state)
{
    int rc = two_setup(state);

    t = *state;
    p2m_format = &p2m_format_npt;
    p2m_limit = 1ull << 30;
    return rc != 0 ? rc : p2m_init(t->b, flush);
}

static int tear_down(void **state)
{
    assert_int_equal(p2m_relinquish(t->b), 0);
    assert_int_equal(grant_relinquish(t->b), 0);
    p2m_free(t->b);
    return two_teardown(state);
}

static uint64_t at(uint64_t gfn, enum p2m_type want)
{
    enum p2m_type type;
    mfn_t mfn = p2m_lookup(t->b, gfn, &type);

    assert_int_equal(type, want);
    return mfn_x(mfn);
}

static void a_page_is_the_granted_frame_until_unmap(void **state)
{
    struct fake_frame *f = &fake_frames[mfn_x(t->frame[0])];
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, 0x5000000, &h), GNTST_okay);
    assert_int_equal(at(0x5000, P2M_FOREIGN), mfn_x(t->frame[0]));
    assert_int_equal(f->refs, 2);
    assert_int_equal(f->writable_uses, 1);

    assert_int_equal(unmap(h, 0x5000000, 0), GNTST_okay);
    (void)at(0x5000, P2M_NONE);
    assert_int_equal(f->refs, 1);
    assert_int_equal(f->writable_uses, 0);
    assert_int_equal(unmap(h, 0x5000000, 0), GNTST_bad_handle);
}

static void a_read_only_map_cannot_be_written(void **state)
{
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(8, RW, 0x5000000, &h), GNTST_general_error);
    assert_int_equal(map(8, RO, 0x5000000, &h), GNTST_okay);
    (void)at(0x5000, P2M_FOREIGN_RO);
    assert_int_equal(fake_frames[mfn_x(t->frame[0])].writable_uses, 0);
    assert_int_equal(unmap(h, 0x5000000, 0), GNTST_okay);
}

static void what_is_there_already_stays(void **state)
{
    assert_int_equal(p2m_set(t->b, 7, t->own[0], 0, P2M_RAM), 0);
    grant(t, 8, 2, 0, GTF_permit_access);

    assert_int_equal(map(8, RW, 0x7000, NULL), GNTST_general_error);
    assert_int_equal(at(7, P2M_RAM), mfn_x(t->own[0]));
    assert_int_equal(map(8, RW, 0x6000, NULL), GNTST_okay);
    assert_int_equal(map(8, RW, 0x6000, NULL), GNTST_general_error);
    assert_int_equal(map(8, RW, 0x8008, NULL), GNTST_general_error);
    assert_int_equal(map(8, RW, p2m_limit << PAGE_SHIFT, NULL),
                     GNTST_general_error);
    assert_int_equal(map(8, RW | GNTMAP_contains_pte, 0x9000, NULL),
                     GNTST_general_error);
}

static void unmap_wants_the_right_page(void **state)
{
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, 0x6000, &h), GNTST_okay);
    assert_int_equal(unmap(h, 0x7000, 0), GNTST_general_error);
    assert_int_equal(unmap(h, 0x6000, 0), GNTST_okay);
}

static void a_page_that_was_taken_out_leaves_the_handle(void **state)
{
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, 0x6000, &h), GNTST_okay);
    assert_int_equal(p2m_remove(t->b, 6, INVALID_MFN), 0);

    assert_int_equal(fake_frames[mfn_x(t->frame[0])].refs, 1);
    assert_int_equal(unmap(h, 0x6000, 0), GNTST_general_error);
}

static void a_guest_learns_no_machine_address(void **state)
{
    struct gnttab_map_grant_ref op = { .dom = 1, .flags = RW, .ref = 8,
                                       .host_addr = 0x6000 };

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(call(GNTTABOP_map_grant_ref, &op, 1), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_true(op.dev_bus_addr == 0);
}

static void death_gives_all_back(void **state)
{
    grant(t, 8, 2, 0, GTF_permit_access);
    grant(t, 9, 2, 1, GTF_permit_access);
    assert_int_equal(map(8, RW, 0x6000, NULL), GNTST_okay);
    assert_int_equal(map(9, RO, 0x7000, NULL), GNTST_okay);
    assert_int_equal(map(9, RW, 0x8000, NULL), GNTST_okay);
}                                            /* the rest: tear_down */

#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_page_is_the_granted_frame_until_unmap),
        T(a_read_only_map_cannot_be_written),
        T(what_is_there_already_stays),
        T(unmap_wants_the_right_page),
        T(a_page_that_was_taken_out_leaves_the_handle),
        T(a_guest_learns_no_machine_address),
        T(death_gives_all_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
