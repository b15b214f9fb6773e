/* SPDX-License-Identifier: MIT */
/*
 * Copies by grant, the table's quota and version, and the door.
 */
#include <grant/grant_op.h>
#include <mm/heap.h>

#include "two.h"

/* ---- copy -------------------------------------------------------------------------------------- */

static struct gnttab_copy own_to_gref(struct two *t, unsigned int own,
                                      grant_ref_t gref)
{
    struct gnttab_copy op = { .len = 64, .flags = GNTCOPY_dest_gref };

    op.source.domid = DOMID_SELF;
    op.source.u.gmfn = mfn_x(t->own[own]);
    op.dest.domid = 1;
    op.dest.u.ref = gref;
    return op;
}

static int copy(struct gnttab_copy *op)
{
    assert_int_equal(call(GNTTABOP_copy, op, 1), 0);
    return op->status;
}

static void copies_move_bytes_and_leave_no_trace(void **state)
{
    struct two *t = *state;
    struct gnttab_copy op = own_to_gref(t, 0, 8);
    char *from = mfn_to_virt(t->own[0]), *to = mfn_to_virt(t->frame[0]);

    grant(t, 8, 2, 0, GTF_permit_access);
    memset(from, 'x', PAGE_SIZE);
    op.source.offset = 100;
    op.dest.offset = 4000;
    op.len = 96;
    assert_int_equal(copy(&op), GNTST_okay);
    assert_int_equal(to[3999], 0);
    assert_int_equal(to[4000], 'x');
    assert_int_equal(to[4095], 'x');
    assert_int_equal(t->entry[8].flags, GTF_permit_access);

    op = (struct gnttab_copy){ .len = 4096, .flags = GNTCOPY_source_gref };
    op.source.domid = 1;
    op.source.u.ref = 8;
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = mfn_x(t->own[1]);
    assert_int_equal(copy(&op), GNTST_okay);
    assert_memory_equal(mfn_to_virt(t->own[1]), to, PAGE_SIZE);
}

static void copies_that_are_not_allowed_are_refused(void **state)
{
    struct two *t = *state;
    struct gnttab_copy op = own_to_gref(t, 0, 8);

    assert_int_equal(copy(&op), GNTST_general_error);     /* not granted */
    grant(t, 8, 2, 0, GTF_permit_access | GTF_readonly);
    op = own_to_gref(t, 0, 8);
    assert_int_equal(copy(&op), GNTST_general_error);
    grant(t, 8, 2, 0, GTF_permit_access);
    op = own_to_gref(t, 0, 512);
    assert_int_equal(copy(&op), GNTST_bad_gntref);
    op = own_to_gref(t, 0, 8);
    op.dest.offset = 4095;
    assert_int_equal(copy(&op), GNTST_bad_copy_arg);
    op = own_to_gref(t, 0, 8);
    op.source.offset = 0xffff;
    assert_int_equal(copy(&op), GNTST_bad_copy_arg);
    op = own_to_gref(t, 0, 8);
    op.source.domid = 1;                                  /* its own frames */
    assert_int_equal(copy(&op), GNTST_permission_denied);
    op = own_to_gref(t, 0, 8);
    op.source.u.gmfn = mfn_x(t->frame[0]);                /* not ours */
    assert_int_equal(copy(&op), GNTST_bad_page);
    op = own_to_gref(t, 0, 8);
    op.dest.domid = 9;
    assert_int_equal(copy(&op), GNTST_bad_domain);
    op = own_to_gref(t, 0, 8);
    op.flags |= 4;
    assert_int_equal(copy(&op), GNTST_general_error);
    assert_int_equal(((char *)mfn_to_virt(t->frame[0]))[0], 0);
}

static void copies_work_while_the_grant_is_mapped(void **state)
{
    struct two *t = *state;
    struct gnttab_copy op = own_to_gref(t, 0, 8);
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    ((char *)mfn_to_virt(t->own[0]))[0] = 'y';
    assert_int_equal(map(8, RO, va(0), &h), GNTST_okay);
    assert_int_equal(copy(&op), GNTST_okay);
    assert_int_equal(((char *)mfn_to_virt(t->frame[0]))[0], 'y');
    assert_int_equal(t->entry[8].flags & (GTF_reading | GTF_writing),
                     GTF_reading);
    assert_int_equal(unmap(h, va(0), 0), GNTST_okay);
}

static void copies_between_two_grants_and_two_own_frames(void **state)
{
    struct two *t = *state;
    struct gnttab_copy op = {
        .len = 8, .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref };

    grant(t, 8, 2, 0, GTF_permit_access | GTF_readonly);
    grant(t, 9, 2, 1, GTF_permit_access);
    memset(mfn_to_virt(t->frame[0]), 'z', 8);
    op.source.domid = op.dest.domid = 1;
    op.source.u.ref = 8;
    op.dest.u.ref = 9;
    assert_int_equal(copy(&op), GNTST_okay);
    assert_int_equal(((char *)mfn_to_virt(t->frame[1]))[7], 'z');
    op.dest.u.ref = 8;
    assert_int_equal(copy(&op), GNTST_general_error);

    op = (struct gnttab_copy){ .len = 8 };
    op.source.domid = op.dest.domid = DOMID_SELF;
    op.source.u.gmfn = op.dest.u.gmfn = mfn_x(t->own[0]);
    memcpy(mfn_to_virt(t->own[0]), "0123456789", 10);
    op.dest.offset = 2;                                   /* overlapping */
    assert_int_equal(copy(&op), GNTST_okay);
    assert_memory_equal(mfn_to_virt(t->own[0]), "0101234567", 10);
}

static void one_bad_copy_does_not_stop_the_others(void **state)
{
    struct two *t = *state;
    struct gnttab_copy op[3];

    grant(t, 8, 2, 0, GTF_permit_access);
    op[0] = own_to_gref(t, 0, 8);
    op[1] = own_to_gref(t, 0, 9);
    op[2] = own_to_gref(t, 1, 8);
    assert_int_equal(call(GNTTABOP_copy, op, 3), 0);
    assert_int_equal(op[0].status, GNTST_okay);
    assert_int_equal(op[1].status, GNTST_general_error);
    assert_int_equal(op[2].status, GNTST_okay);
}

static void a_page_table_is_no_target_of_a_copy(void **state)
{
    struct two *t = *state;
    struct gnttab_copy op = own_to_gref(t, 0, 8);

    grant(t, 8, 2, 0, GTF_permit_access);
    fake_frames[mfn_x(t->frame[0])].is_table = true;
    assert_int_equal(copy(&op), GNTST_general_error);
}

/* ---- the table ------------------------------------------------------------------------------------ */

static void setup_table_gives_frames_up_to_the_quota(void **state)
{
    struct two *t = *state;
    uint64_t list[3] = { 7, 7, 7 };
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 2 };
    struct gnttab_query_size size = { .dom = DOMID_SELF };

    test_become(t->a->vcpu[0]);
    set_xen_guest_handle(op.frame_list, list);
    assert_int_equal(call(GNTTABOP_setup_table, &op, 1), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_ptr_equal(mfn_to_virt(_mfn(list[0])), t->entry);
    assert_int_equal(fake_frames[list[1]].owner, 1);
    assert_int_equal(list[2], 7);
    op.nr_frames = 3;
    assert_int_equal(call(GNTTABOP_setup_table, &op, 1), 0);
    assert_int_equal(op.status, GNTST_general_error);
    assert_int_equal(call(GNTTABOP_query_size, &size, 1), 0);
    assert_int_equal(size.nr_frames, 2);
    assert_int_equal(size.max_nr_frames, 2);
    op.dom = 2;
    assert_int_equal(call(GNTTABOP_setup_table, &op, 1), 0);
    assert_int_equal(op.status, GNTST_permission_denied);
    assert_int_equal(call(GNTTABOP_setup_table, &op, 2), -EINVAL);
    /* The second frame's grants work. */
    test_become(t->b->vcpu[0]);
    assert_int_equal(map(600, RW, va(0), NULL), GNTST_general_error);
    assert_int_equal(map(1024, RW, va(0), NULL), GNTST_bad_gntref);
}

static void the_table_is_made_only_by_who_may(void **state)
{
    struct two *t = *state;
    mfn_t mfn;

    assert_int_equal(grant_resource_frames(t->a, 2, 1, &mfn), -EINVAL);
    assert_int_equal(grant_resource_frames(t->a, ~0u, 2, &mfn), -EINVAL);
    fake_heap_fail_at = 2;
    assert_int_equal(grant_resource_frames(t->a, 1, 1, &mfn), -ENOMEM);
    assert_int_equal(grant_nr_frames(t->a), 1);
    assert_int_equal(grant_resource_frames(t->a, 1, 1, &mfn), 0);
}

static void only_version_1_is_offered(void **state)
{
    struct gnttab_set_version set = { .version = 2 };
    struct gnttab_get_version get = { .dom = DOMID_SELF };

    assert_int_equal(call(GNTTABOP_set_version, &set, 1), -ENOSYS);
    set.version = 3;
    assert_int_equal(call(GNTTABOP_set_version, &set, 1), -EINVAL);
    set.version = 1;
    assert_int_equal(call(GNTTABOP_set_version, &set, 1), 0);
    assert_int_equal(call(GNTTABOP_get_version, &get, 1), 0);
    assert_int_equal(get.version, 1);
    get.dom = 1;
    assert_int_equal(call(GNTTABOP_get_version, &get, 1), -EPERM);
}

static void every_operation_survives_a_bad_pointer(void **state)
{
    static const bool offered[] = {
        [GNTTABOP_map_grant_ref] = true, [GNTTABOP_unmap_grant_ref] = true,
        [GNTTABOP_setup_table] = true, [GNTTABOP_copy] = true,
        [GNTTABOP_query_size] = true, [GNTTABOP_unmap_and_replace] = true,
        [GNTTABOP_set_version] = true, [GNTTABOP_get_version] = true,
    };

    for (unsigned int cmd = 0; cmd < 20; cmd++) {
        bool known = cmd < ARRAY_SIZE(offered) && offered[cmd];

        assert_int_equal(call(cmd, NULL, 1), known ? -EFAULT : -ENOSYS);
    }
    assert_int_equal(call(GNTTABOP_copy, NULL, 0), 0);
    assert_int_equal(call(GNTTABOP_copy, NULL, 0x80000000u), -EINVAL);
    assert_int_equal(call(~0u, NULL, 1), -ENOSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(copies_move_bytes_and_leave_no_trace),
        T(copies_that_are_not_allowed_are_refused),
        T(copies_work_while_the_grant_is_mapped),
        T(copies_between_two_grants_and_two_own_frames),
        T(one_bad_copy_does_not_stop_the_others),
        T(a_page_table_is_no_target_of_a_copy),
        T(setup_table_gives_frames_up_to_the_quota),
        T(the_table_is_made_only_by_who_may),
        T(only_version_1_is_offered),
        T(every_operation_survives_a_bad_pointer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
