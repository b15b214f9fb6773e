/* SPDX-License-Identifier: MIT */
/*
 * Grants: what may be pinned and by whom, handles, exactly-once unmapping,
 * copies, quotas, the doors; and random operations against a model of who
 * holds what.  After each test every frame is back to its owner's reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/paging.h>
#include <core/softirq.h>
#include <grant/grant_op.h>
#include <grant/table.h>
#include <mm/heap.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

/* ---- page tables of a guest: one entry per slot ------------------------------------ */

#define NR_SLOTS 64u
static struct {
    bool taken;
    mfn_t mfn;
    uint64_t flags;
} slots[NR_SLOTS];
static bool map_fails;

/* Slot i is address (i + 1) << 12; with is_pte, plus 8. */
static int slot_of(uint64_t addr, bool is_pte)
{
    uint64_t i = (addr >> 12) - 1;

    return i < NR_SLOTS && (addr & 0xfff) == (is_pte ? 8 : 0) ? (int)i : -1;
}

static uint64_t va(unsigned int slot)
{
    return (uint64_t)(slot + 1) << 12;
}

static int fake_map(struct vcpu *v, struct grant_map_cache *cache,
                    uint64_t addr, bool is_pte, mfn_t frame, uint64_t flags)
{
    int i = slot_of(addr, is_pte);

    if (i < 0 || map_fails || slots[i].taken) {
        return -EINVAL;
    }
    slots[i].taken = true;
    slots[i].mfn = frame;
    slots[i].flags = flags;
    return 0;
}

static int fake_unmap(struct vcpu *v, struct grant_map_cache *cache,
                      uint64_t addr, bool is_pte, mfn_t frame, uint64_t flags,
                      uint64_t new_addr, bool *may_be_cached)
{
    int i = slot_of(addr, is_pte);

    if (i < 0 || !slots[i].taken || !mfn_eq(slots[i].mfn, frame) ||
        ((slots[i].flags ^ flags) & PTE_RW) != 0) {
        return -EINVAL;
    }
    slots[i].taken = false;
    return 0;
}

static void fake_done(struct grant_map_cache *cache)
{
}

static const struct grant_map_ops map_ops = {
    fake_map, fake_unmap, fake_done,
};

/* ---- granter a (domain 1), mapper b (domain 2) ---------------------------------------- */

#define NR_FRAMES 8u

struct two {
    struct domain *a, *b;
    mfn_t frame[NR_FRAMES];           /* of a */
    mfn_t own[2];                     /* of b */
    struct grant_entry_v1 *entry;     /* a's table */
};

static int setup(void **state)
{
    static struct two t;
    mfn_t mfn;

    fake_reset(1);
    memset(slots, 0, sizeof(slots));
    map_fails = false;
    t.a = test_domain(1, 1, NULL);
    t.b = test_domain(2, 1, NULL);
    t.a->cfg_max_grant_frames = 2;
    t.b->cfg_max_maptrack_frames = 1;
    assert_int_equal(grant_domain_init(t.a), 0);
    assert_int_equal(grant_domain_init(t.b), 0);
    grant_set_map_ops(&map_ops);
    assert_int_equal(grant_resource_frames(t.a, 0, 1, &mfn), 0);
    t.entry = mfn_to_virt(mfn);
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        t.frame[i] = fake_frame_of(1);
    }
    t.own[0] = fake_frame_of(2);
    t.own[1] = fake_frame_of(2);
    test_become(t.b->vcpu[0]);
    *state = &t;
    return 0;
}

static int teardown(void **state)
{
    struct two *t = *state;

    assert_int_equal(grant_relinquish(t->b), 0);
    assert_int_equal(grant_relinquish(t->a), 0);
    for (unsigned int i = 0; i < NR_SLOTS; i++) {
        if (slots[i].taken) {          /* the page tables go: INV-GR2 */
            if ((slots[i].flags & PTE_RW) != 0) {
                page_put_writable(mfn_to_page(slots[i].mfn));
            } else {
                page_put(mfn_to_page(slots[i].mfn));
            }
        }
    }
    for (unsigned int i = 0; i < FAKE_FRAMES; i++) {
        if (fake_frames[i].owner >= 0) {
            assert_int_equal(fake_frames[i].refs, 1);
            assert_int_equal(fake_frames[i].writable_uses, 0);
        }
    }
    for (unsigned int i = 0; i < GRANTS_PER_FRAME; i++) {
        assert_int_equal(t->entry[i].flags & (GTF_reading | GTF_writing), 0);
    }
    assert_int_equal(t->a->refcount, 1);
    assert_int_equal(t->b->refcount, 1);
    grant_domain_free(t->a);
    grant_domain_free(t->b);
    assert_int_equal(fake_heap_live, 0);
    assert_int_equal(fake_locks_held, 0);
    test_domains_free();
    return 0;
}

static void grant(struct two *t, grant_ref_t gref, domid_t to,
                  unsigned int frame, uint16_t flags)
{
    t->entry[gref].domid = to;
    t->entry[gref].frame = (uint32_t)mfn_x(t->frame[frame]);
    t->entry[gref].flags = flags;
}

static long call(unsigned int cmd, void *arg, unsigned int count)
{
    return do_grant_table_op(cmd, (uint64_t)arg, count, 0, 0, 0);
}

static int map(grant_ref_t gref, uint32_t flags, uint64_t addr,
               grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = addr, .flags = flags, .ref = gref, .dom = 1,
        .handle = 99999,
    };

    assert_int_equal(call(GNTTABOP_map_grant_ref, &op, 1), 0);
    if (handle != NULL) {
        *handle = op.handle;
    }
    return op.status;
}

static int unmap(grant_handle_t handle, uint64_t addr, uint64_t bus)
{
    struct gnttab_unmap_grant_ref op = {
        .host_addr = addr, .dev_bus_addr = bus, .handle = handle,
    };

    assert_int_equal(call(GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}

#define RW GNTMAP_host_map
#define RO (GNTMAP_host_map | GNTMAP_readonly)

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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        T(random_sequences_agree_with_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
