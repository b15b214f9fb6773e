/* SPDX-License-Identifier: MIT */
/*
 * The world of the grant tests: see two.h.  After each test every frame must
 * be back to its owner's reference.
 */
#include <grant/grant_op.h>
#include <mm/heap.h>

#include "two.h"

/* ---- page tables of a guest: one entry per slot ------------------------------------ */

struct slot slots[NR_SLOTS];
bool map_fails;

/* Slot i is address (i + 1) << 12; with is_pte, plus 8. */
static int slot_of(uint64_t addr, bool is_pte)
{
    uint64_t i = (addr >> 12) - 1;

    return i < NR_SLOTS && (addr & 0xfff) == (is_pte ? 8 : 0) ? (int)i : -1;
}

uint64_t va(unsigned int slot)
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

int two_setup(void **state)
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

int two_teardown(void **state)
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

void grant(struct two *t, grant_ref_t gref, domid_t to,
                  unsigned int frame, uint16_t flags)
{
    t->entry[gref].domid = to;
    t->entry[gref].frame = (uint32_t)mfn_x(t->frame[frame]);
    t->entry[gref].flags = flags;
}

long call(unsigned int cmd, void *arg, unsigned int count)
{
    return do_grant_table_op(cmd, (uint64_t)arg, count, 0, 0, 0);
}

int map(grant_ref_t gref, uint32_t flags, uint64_t addr,
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

int unmap(grant_handle_t handle, uint64_t addr, uint64_t bus)
{
    struct gnttab_unmap_grant_ref op = {
        .host_addr = addr, .dev_bus_addr = bus, .handle = handle,
    };

    assert_int_equal(call(GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}
