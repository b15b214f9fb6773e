/* SPDX-License-Identifier: MIT */
/*
 * Grants: what may be pinned and by whom, handles, exactly-once unmapping; and
 * random operations against a model of who holds what.
 */
#include <core/softirq.h>
#include <grant/grant_op.h>

#include "two.h"

/* ---- map and unmap ------------------------------------------------------------------------ */

static void a_map_marks_the_entry_and_holds_the_frame(void **state)
{
    struct two *t = *state;
    struct fake_frame *f = &fake_frames[mfn_x(t->frame[0])];
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), &h), GNTST_okay);
    assert_int_equal(t->entry[8].flags,
                     GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(f->refs, 2);
    assert_int_equal(f->writable_uses, 1);
    assert_true(slots[0].taken && mfn_eq(slots[0].mfn, t->frame[0]));
    assert_int_equal(slots[0].flags & (PTE_P | PTE_RW), PTE_P | PTE_RW);

    assert_int_equal(unmap(h, va(0), 0), GNTST_okay);
    assert_int_equal(t->entry[8].flags, GTF_permit_access);
    assert_int_equal(f->refs, 1);
    assert_int_equal(fake_tlb_flushes, 1);
    assert_int_equal(unmap(h, va(0), 0), GNTST_bad_handle);
}

static void a_read_only_map_takes_no_writable_use(void **state)
{
    struct two *t = *state;
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access | GTF_readonly);
    assert_int_equal(map(8, RW, va(0), &h), GNTST_general_error);
    assert_int_equal(map(8, RO, va(0), &h), GNTST_okay);
    assert_int_equal(t->entry[8].flags & (GTF_reading | GTF_writing),
                     GTF_reading);
    assert_int_equal(fake_frames[mfn_x(t->frame[0])].writable_uses, 0);
    assert_int_equal(slots[0].flags & PTE_RW, 0);
}

static void flags_of_the_map_reach_the_entry(void **state)
{
    struct two *t = *state;

    grant(t, 8, 2, 0, GTF_permit_access);
    /* As Linux gntdev asks: 0x1001a. */
    assert_int_equal(map(8, GNTMAP_host_map | GNTMAP_application_map |
                            GNTMAP_contains_pte | 1u << _GNTMAP_guest_avail0,
                         va(3) + 8, NULL), GNTST_okay);
    assert_int_equal(slots[3].flags & (PTE_US | PTE_AVAIL),
                     PTE_US | PTE_AVAIL0);
}

static void what_may_not_be_mapped_is_refused(void **state)
{
    struct two *t = *state;
    struct gnttab_map_grant_ref op;

    assert_int_equal(map(8, RW, va(0), NULL), GNTST_general_error); /* no */
    grant(t, 8, 3, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_general_error); /* other */
    grant(t, 8, 2, 0, GTF_accept_transfer);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_general_error);
    grant(t, 8, 2, 0, GTF_transitive);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_general_error);
    grant(t, 8, 2, 0, GTF_permit_access | GTF_sub_page);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_general_error);
    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, 0, va(0), NULL), GNTST_bad_gntref);
    assert_int_equal(map(512, RW, va(0), NULL), GNTST_bad_gntref);
    assert_int_equal(map(~0u, RW, va(0), NULL), GNTST_bad_gntref);
    assert_int_equal(map(8, RW, va(NR_SLOTS), NULL), GNTST_general_error);
    t->entry[8].frame = (uint32_t)mfn_x(t->own[0]);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_bad_page);
    t->entry[8].frame = ~0u;
    assert_int_equal(map(8, RO, va(0), NULL), GNTST_bad_page);
    fake_frames[mfn_x(t->frame[0])].is_table = true;
    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_general_error);
    assert_int_equal(map(8, RO, va(0), NULL), GNTST_okay);

    op = (struct gnttab_map_grant_ref){ .dom = 9, .flags = RW, .ref = 8 };
    assert_int_equal(call(GNTTABOP_map_grant_ref, &op, 1), 0);
    assert_int_equal(op.status, GNTST_bad_domain);
    t->a->dying = DOMDYING_dying;
    assert_int_equal(map(8, RO, va(1), NULL), GNTST_bad_domain);
    t->a->dying = DOMDYING_alive;
}

/* The frame is what it was at the first pin, whatever the entry says now. */
static void a_pinned_grant_keeps_its_frame(void **state)
{
    struct two *t = *state;
    grant_handle_t one, two_;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), &one), GNTST_okay);
    t->entry[8].frame = (uint32_t)mfn_x(t->frame[1]);
    assert_int_equal(map(8, RW, va(1), &two_), GNTST_okay);
    assert_true(mfn_eq(slots[1].mfn, t->frame[0]));
    t->entry[8].frame = 0;
    assert_int_equal(unmap(one, va(0), 0), GNTST_okay);
    assert_int_equal(t->entry[8].flags & (GTF_reading | GTF_writing),
                     GTF_reading | GTF_writing);
    assert_int_equal(unmap(two_, va(1), 0), GNTST_okay);
}

static void writing_ends_with_the_last_writable_map(void **state)
{
    struct two *t = *state;
    grant_handle_t ro, rw;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RO, va(0), &ro), GNTST_okay);
    assert_int_equal(map(8, RW, va(1), &rw), GNTST_okay);
    assert_int_equal(unmap(rw, va(1), 0), GNTST_okay);
    assert_int_equal(t->entry[8].flags & (GTF_reading | GTF_writing),
                     GTF_reading);
    assert_int_equal(unmap(ro, va(0), 0), GNTST_okay);
    assert_int_equal(t->entry[8].flags, GTF_permit_access);
}

static void unmap_refuses_the_wrong_place_and_keeps_the_handle(void **state)
{
    struct two *t = *state;
    grant_handle_t h, other;

    grant(t, 8, 2, 0, GTF_permit_access);
    grant(t, 9, 2, 1, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), &h), GNTST_okay);
    assert_int_equal(map(9, RW, va(1), &other), GNTST_okay);
    assert_int_equal(unmap(h, va(1), 0), GNTST_general_error);
    assert_int_equal(unmap(h, va(7), 0), GNTST_general_error);
    assert_int_equal(unmap(h, 0, 0), GNTST_okay);         /* nothing asked */
    assert_int_equal(unmap(~0u, va(0), 0), GNTST_bad_handle);
    assert_int_equal(unmap(255, va(0), 0), GNTST_bad_handle);
    assert_int_equal(unmap(h, va(0), 0), GNTST_okay);
    assert_int_equal(unmap(other, va(1), 0), GNTST_okay);
}

/* XSA-234: a mapping made read-only behind our back has no writable use. */
static void unmap_refuses_an_entry_whose_rights_changed(void **state)
{
    struct two *t = *state;
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), &h), GNTST_okay);
    slots[0].flags &= ~PTE_RW;
    assert_int_equal(unmap(h, va(0), 0), GNTST_general_error);
    slots[0].flags |= PTE_RW;
    assert_int_equal(unmap(h, va(0), 0), GNTST_okay);
}

/* XSA-224: each purpose gives back what it took, once. */
static void device_and_host_maps_end_one_by_one(void **state)
{
    struct two *t = *state;
    struct fake_frame *f = &fake_frames[mfn_x(t->frame[0])];
    uint64_t bus = mfn_to_maddr(t->frame[0]);
    grant_handle_t h;

    grant(t, 8, 2, 0, GTF_permit_access);
    assert_int_equal(map(8, RW | GNTMAP_device_map, va(0), &h), GNTST_okay);
    assert_int_equal(f->refs, 3);
    assert_int_equal(unmap(h, 0, bus + PAGE_SIZE), GNTST_bad_dev_addr);
    assert_int_equal(unmap(h, 0, bus), GNTST_okay);
    assert_int_equal(f->refs, 2);
    assert_int_equal(unmap(h, 0, bus), GNTST_okay);       /* gone already */
    assert_int_equal(f->refs, 2);
    assert_int_equal(unmap(h, va(0), bus), GNTST_okay);
    assert_int_equal(f->refs, 1);
    assert_int_equal(unmap(h, va(0), bus), GNTST_bad_handle);
}

static void a_failed_map_leaves_nothing_pinned(void **state)
{
    struct two *t = *state;

    grant(t, 8, 2, 0, GTF_permit_access);
    map_fails = true;
    assert_int_equal(map(8, RW | GNTMAP_device_map, va(0), NULL),
                     GNTST_general_error);
    map_fails = false;
    assert_int_equal(t->entry[8].flags, GTF_permit_access);
    assert_int_equal(fake_frames[mfn_x(t->frame[0])].refs, 1);
    fake_heap_fail_at = 1;            /* no memory for handles */
    t->b->grant->free_track = NO_HANDLE;
    t->b->grant->max_track_frames = 2;
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_no_space);
    assert_int_equal(t->entry[8].flags, GTF_permit_access);
}

static void handles_end_at_the_quota_and_come_back(void **state)
{
    struct two *t = *state;
    uint64_t bus = mfn_to_maddr(t->frame[0]);
    grant_handle_t h, last = 0;

    grant(t, 8, 2, 0, GTF_permit_access);
    for (unsigned int i = 0; i < TRACKS_PER_FRAME; i++) {
        assert_int_equal(map(8, GNTMAP_device_map, 0, &last), GNTST_okay);
    }
    assert_int_equal(map(8, GNTMAP_device_map, 0, &h), GNTST_no_space);
    assert_int_equal(unmap(last, 0, bus), GNTST_okay);
    assert_int_equal(map(8, GNTMAP_device_map, 0, &h), GNTST_okay);
    assert_int_equal(h, last);
}

static void a_result_that_cannot_be_told_is_taken_back(void **state)
{
    struct two *t = *state;
    struct gnttab_map_grant_ref op[2] = {
        { .host_addr = va(0), .flags = RW, .ref = 8, .dom = 1 },
        { .host_addr = va(1), .flags = RW, .ref = 500, .dom = 1 },
    };

    grant(t, 8, 2, 0, GTF_permit_access);
    fake_copies_until_fault = 0;
    assert_int_equal(call(GNTTABOP_map_grant_ref, op, 2), -EFAULT);
    fake_copies_until_fault = -1;
    assert_false(slots[0].taken);
    assert_int_equal(t->entry[8].flags, GTF_permit_access);
}

static void long_arrays_are_done_in_batches(void **state)
{
    struct two *t = *state;
    struct gnttab_map_grant_ref op[40];
    struct gnttab_unmap_grant_ref un[40];

    for (unsigned int i = 0; i < 40; i++) {
        grant(t, 8 + i, 2, i % NR_FRAMES, GTF_permit_access);
        op[i] = (struct gnttab_map_grant_ref){
            .host_addr = va(i), .flags = RW, .ref = 8 + i, .dom = 1 };
    }
    assert_int_equal(call(GNTTABOP_map_grant_ref, op, 40), 0);
    for (unsigned int i = 0; i < 40; i++) {
        assert_int_equal(op[i].status, GNTST_okay);
        un[i] = (struct gnttab_unmap_grant_ref){
            .host_addr = va(i), .handle = op[i].handle };
    }
    assert_int_equal(call(GNTTABOP_unmap_grant_ref, un, 40), 0);
    for (unsigned int i = 0; i < 40; i++) {
        assert_int_equal(un[i].status, GNTST_okay);
    }
    assert_int_equal(fake_tlb_flushes, 3);                /* per batch */
    softirq_raise(SOFTIRQ_TASK);
    assert_int_equal(call(GNTTABOP_unmap_grant_ref, un, 40), -ERESTART);
    host_cpu_info.softirq_pending = 0;
}

static void the_death_of_the_mapper_frees_the_grants(void **state)
{
    struct two *t = *state;

    grant(t, 8, 2, 0, GTF_permit_access);
    grant(t, 9, 2, 1, GTF_permit_access);
    assert_int_equal(map(8, RW, va(0), NULL), GNTST_okay);
    assert_int_equal(map(9, RO | GNTMAP_device_map, va(1), NULL), GNTST_okay);
    assert_int_equal(t->a->refcount, 3);
    assert_int_equal(grant_relinquish(t->b), 0);
    assert_int_equal(t->a->refcount, 1);
    assert_int_equal(t->entry[8].flags, GTF_permit_access);
    /* The host mappings' references leave with the page tables. */
    assert_int_equal(fake_frames[mfn_x(t->frame[0])].refs, 2);
}

/* ---- against a model --------------------------------------------------------------------------------- */

struct model_map {
    bool taken;
    uint32_t flags;                   /* what is still mapped */
    unsigned int slot, frame;
    grant_ref_t gref;
    grant_handle_t handle;
};

/* Who should hold what, counted from the list of mappings. */
static void check_model(struct two *t, const struct model_map *m,
                        unsigned int nr)
{
    int refs[NR_FRAMES] = { 0 }, uses[NR_FRAMES] = { 0 };
    uint16_t in_use[16] = { 0 };

    for (unsigned int i = 0; i < nr; i++) {
        bool ro = (m[i].flags & GNTMAP_readonly) != 0;
        int n = !!(m[i].flags & GNTMAP_host_map) +
                !!(m[i].flags & GNTMAP_device_map);

        if (!m[i].taken || n == 0) {
            continue;
        }
        refs[m[i].frame] += n;
        uses[m[i].frame] += ro ? 0 : n;
        in_use[m[i].gref] |= ro ? GTF_reading : GTF_reading | GTF_writing;
    }
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        const struct fake_frame *f = &fake_frames[mfn_x(t->frame[i])];

        assert_int_equal(f->refs, refs[i] + 1);
        assert_int_equal(f->writable_uses, uses[i]);
    }
    for (unsigned int g = 0; g < 16; g++) {
        assert_int_equal(t->entry[g].flags & (GTF_reading | GTF_writing),
                         in_use[g]);
    }
}

static void model_do_map(struct two *t, struct model_map *m, unsigned int slot)
{
    grant_ref_t gref = (grant_ref_t)random() % 16;
    uint32_t flags = (uint32_t)random() % 8;
    grant_handle_t h;
    bool may = (flags & (GNTMAP_host_map | GNTMAP_device_map)) != 0 &&
               (flags & GNTMAP_host_map ? !slots[slot].taken : true) &&
               ((t->entry[gref].flags & GTF_readonly) == 0 ||
                (flags & GNTMAP_readonly) != 0) &&
               t->entry[gref].domid == 2;
    int rc = map(gref, flags, va(slot), &h);

    assert_int_equal(rc == GNTST_okay, may);
    if (rc == GNTST_okay) {
        *m = (struct model_map){ true, flags, slot, gref % NR_FRAMES, gref,
                                 h };
    }
}

static void model_do_unmap(struct two *t, struct model_map *m)
{
    bool host = random() % 2, dev = random() % 2;
    int rc = unmap(m->handle, host ? va(m->slot) : 0,
                   dev ? mfn_to_maddr(t->frame[m->frame]) : 0);

    assert_int_equal(rc, GNTST_okay);
    m->flags &= ~(uint32_t)((host ? GNTMAP_host_map : 0) |
                            (dev ? GNTMAP_device_map : 0));
    if ((m->flags & (GNTMAP_host_map | GNTMAP_device_map)) == 0) {
        m->taken = false;
        assert_int_equal(unmap(m->handle, va(m->slot), 1), GNTST_bad_handle);
    }
}

static void random_sequences_agree_with_the_model(void **state)
{
    static struct model_map m[NR_SLOTS];
    struct two *t = *state;

    memset(m, 0, sizeof(m));
    srandom(5);
    for (grant_ref_t g = 0; g < 16; g++) {
        grant(t, g, g == 15 ? 3 : 2, g % NR_FRAMES,
              GTF_permit_access | (g % 5 == 0 ? GTF_readonly : 0));
    }
    for (int step = 0; step < 20000; step++) {
        unsigned int i = (unsigned int)random() % NR_SLOTS;

        if (!m[i].taken) {
            model_do_map(t, &m[i], i);
        } else {
            model_do_unmap(t, &m[i]);
        }
        check_model(t, m, NR_SLOTS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_map_marks_the_entry_and_holds_the_frame),
        T(a_read_only_map_takes_no_writable_use),
        T(flags_of_the_map_reach_the_entry),
        T(what_may_not_be_mapped_is_refused),
        T(a_pinned_grant_keeps_its_frame),
        T(writing_ends_with_the_last_writable_map),
        T(unmap_refuses_the_wrong_place_and_keeps_the_handle),
        T(unmap_refuses_an_entry_whose_rights_changed),
        T(device_and_host_maps_end_one_by_one),
        T(a_failed_map_leaves_nothing_pinned),
        T(handles_end_at_the_quota_and_come_back),
        T(a_result_that_cannot_be_told_is_taken_back),
        T(long_arrays_are_done_in_batches),
        T(the_death_of_the_mapper_frees_the_grants),
        T(random_sequences_agree_with_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
