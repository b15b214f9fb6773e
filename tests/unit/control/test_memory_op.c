/* SPDX-License-Identifier: MIT */
/*
 * Tests of control/memory_extents and memory_exchange on a small allocator:
 * each step is made to fail in turn, and no frame may be lost or doubled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <control/memory_op.h>
#include <domain/pages.h>
#include <domains.h>
#include <fake.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <mm/buddy.h>
#include <p2m/m2p.h>

/* ---- frames: owner[mfn] is a domid, FREE, or TAKEN (nobody's) ---------------- */

#define NR_FRAMES 1024u
#define FREE  -1
#define TAKEN -2

static int owner[NR_FRAMES];
static uint64_t m2p_words[FAKE_FRAMES];
uint64_t *m2p_table = m2p_words;
static long allocs_until_fail, assigns_until_fail, steals_until_fail;

static unsigned int nr_invalidated;

void ioreq_invalidate(struct domain *of)
{
    nr_invalidated++;
}

static mfn_t take(unsigned int order, unsigned int bits, int who)
{
    uint64_t limit = bits >= 64 ? NR_FRAMES : (1ull << bits) >> PAGE_SHIFT;

    if (allocs_until_fail-- == 0) {
        return INVALID_MFN;
    }
    for (uint64_t m = 1ull << order; m + (1ull << order) <= NR_FRAMES &&
                                     m + (1ull << order) <= limit;
         m += 1ull << order) {
        bool ok = true;

        for (uint64_t i = 0; i < 1ull << order; i++) {
            ok = ok && owner[m + i] == FREE;
        }
        for (uint64_t i = 0; ok && i < 1ull << order; i++) {
            owner[m + i] = who;
        }
        if (ok) {
            return _mfn(m);
        }
    }
    return INVALID_MFN;
}

mfn_t buddy_alloc_bits(unsigned int order, unsigned int bits)
{
    return take(order, bits, TAKEN);
}

void buddy_free(mfn_t mfn, unsigned int order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        assert_int_equal(owner[mfn_x(mfn) + i], TAKEN);
        owner[mfn_x(mfn) + i] = FREE;
    }
}

int buddy_claim(uint64_t *claim, uint64_t nr)
{
    *claim += nr;
    return nr > NR_FRAMES ? -ENOMEM : 0;
}

void buddy_unclaim(uint64_t *claim, uint64_t nr)
{
    *claim -= nr < *claim ? nr : *claim;
}

int pages_assign(struct domain *d, mfn_t mfn, uint64_t nr)
{
    if (assigns_until_fail-- == 0) {
        return -EINVAL;
    }
    if (d->tot_pages + nr > d->max_pages) {
        return -E2BIG;
    }
    for (uint64_t i = 0; i < nr; i++) {
        assert_int_equal(owner[mfn_x(mfn) + i], TAKEN);
        owner[mfn_x(mfn) + i] = d->domid;
    }
    d->tot_pages += (uint32_t)nr;
    return 0;
}

mfn_t pages_alloc(struct domain *d, unsigned int order, unsigned int bits)
{
    mfn_t mfn = take(order, bits, TAKEN);

    if (!mfn_eq(mfn, INVALID_MFN) &&
        pages_assign(d, mfn, 1ull << order) != 0) {
        buddy_free(mfn, order);
        return INVALID_MFN;
    }
    return mfn;
}

int pages_steal(struct domain *d, struct page_info *pg)
{
    uint64_t m = mfn_x(page_to_mfn(pg));

    if (m >= NR_FRAMES || owner[m] != d->domid || steals_until_fail-- == 0) {
        return -EBUSY;
    }
    owner[m] = TAKEN;
    d->tot_pages--;
    return 0;
}

/* page_get() of the fake machine asks this array. */
static void show_owner(uint64_t m)
{
    fake_frames[m] = (struct fake_frame){ .owner = owner[m],
                                            .refs = owner[m] >= 0 };
}

bool pages_release(const struct domain *of, struct page_info *pg)
{
    uint64_t m = mfn_x(page_to_mfn(pg));

    if (owner[m] != of->domid) {
        return false;
    }
    owner[m] = FREE;
    return true;
}

/* ---- fixtures ------------------------------------------------------------------ */

static struct domain *d;
static uint64_t list[256], in[256], out[256];

static int set_up(void **state)
{
    fake_reset(1);
    d = test_domain(4, 1, NULL);
    d->max_pages = 512;
    test_become(d->vcpu[0]);
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        owner[i] = FREE;
        m2p_words[i] = M2P_INVALID;
    }
    allocs_until_fail = assigns_until_fail = steals_until_fail = -1;
    fake_copies_until_fault = -1;
    for (unsigned int i = 0; i < 256; i++) {
        list[i] = 1000 + i;
    }
    return 0;
}

static int tear_down(void **state)
{
    test_domains_free();
    return fake_locks_held != 0 || fake_heap_live != 0;
}

static unsigned int count(int who)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        n += owner[i] == who;
    }
    return n;
}

static struct xen_memory_reservation reservation(uint64_t *frames, uint64_t nr,
                                                 unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = nr,
                                        .extent_order = order,
                                        .domid = DOMID_SELF };

    r.extent_start.p = (xen_pfn_t *)frames;
    return r;
}

static long populate(struct xen_memory_reservation *r, uint64_t start)
{
    return memory_populate(d, start, guest_handle((uint64_t)r));
}

/* ---- populate, decrease ----------------------------------------------------------- */

static void populate_gives_each_pfn_a_frame(void **state)
{
    struct xen_memory_reservation r = reservation(list, 150, 0);

    assert_int_equal(populate(&r, 0), 150);

    assert_int_equal(count(4), 150);
    for (unsigned int i = 0; i < 150; i++) {
        assert_int_equal(owner[list[i]], 4);
        assert_int_equal(m2p_words[list[i]], 1000 + i);
    }
}

static void populate_stops_at_the_limit_and_says_how_far(void **state)
{
    struct xen_memory_reservation r = reservation(list, 150, 0);

    d->max_pages = 101;
    assert_int_equal(populate(&r, 0), 101);
    assert_int_equal(count(4), 101);
    assert_int_equal(count(TAKEN), 0);
}

static void populate_refuses_without_change(void **state)
{
    struct xen_memory_reservation r = reservation(list, 10, 10);

    assert_int_equal(populate(&r, 0), 0);          /* order beyond a guest's */
    r = reservation(list, 10, 0);
    assert_int_equal(populate(&r, 10), 10);        /* nothing left to do */
    r.nr_extents = ~0ull;
    assert_int_equal(populate(&r, 3), 3);
    r = reservation(list, 10, 0);
    r.domid = 7;
    assert_int_equal(populate(&r, 0), 0);          /* not its business */
    r = reservation(list, 10, 0);
    r.mem_flags = XENMEMF_populate_on_demand;
    assert_int_equal(populate(&r, 0), 0);
    fake_fault_va = (uint64_t)list;
    fake_fault_len = 8;
    r = reservation(list, 10, 0);
    assert_int_equal(populate(&r, 0), 0);
    fake_fault_len = 0;
    assert_int_equal(count(FREE), NR_FRAMES);
}

static void decrease_stops_at_a_frame_of_others(void **state)
{
    struct xen_memory_reservation r = reservation(list, 20, 0);

    assert_int_equal(populate(&r, 0), 20);
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        show_owner(i);
    }
    list[12] = ~0ull;
    nr_invalidated = 0;
    assert_int_equal(memory_decrease(d, 0, guest_handle((uint64_t)&r)), 12);
    assert_int_equal(count(4), 8);
    assert_int_equal(nr_invalidated, 1);
}

/* ---- exchange --------------------------------------------------------------------- */

/* 64 single frames for one block of 64: what a kernel's DMA buffers need. */
static struct xen_memory_exchange swap(void)
{
    struct xen_memory_reservation r = reservation(in, 64, 0);
    struct xen_memory_exchange x;

    for (unsigned int i = 0; i < 64; i++) {
        in[i] = 2000 + i;
    }
    assert_int_equal(populate(&r, 0), 64);
    out[0] = 3000;
    x = (struct xen_memory_exchange){ .in = reservation(in, 64, 0),
                                      .out = reservation(out, 1, 6) };
    return x;
}

static long exchange(struct xen_memory_exchange *x)
{
    return memory_exchange(d, 0, guest_handle((uint64_t)x));
}

static void exchange_makes_one_block(void **state)
{
    struct xen_memory_exchange x = swap();

    assert_int_equal(exchange(&x), 0);

    assert_int_equal(x.nr_exchanged, 64);
    assert_int_equal(count(4), 64);
    assert_int_equal(count(TAKEN), 0);
    assert_int_equal(out[0] % 64, 0);
    for (unsigned int i = 0; i < 64; i++) {
        assert_int_equal(owner[out[0] + i], 4);
        assert_int_equal(m2p_words[out[0] + i], 3000 + i);
        assert_int_equal(m2p_words[in[i]], M2P_INVALID);
    }
}

/* Steps 1 and 4 on have taken frames when they fail. */
static unsigned int flushes_when(int step)
{
    return step == 1 || step > 3;
}

/* Whatever step fails, the domain has its 64 frames and nobody holds more. */
static void exchange_undoes_what_failed(void **state)
{
    for (int step = 0; step < 3 + 64; step++) {
        struct xen_memory_exchange x;

        tear_down(state);
        set_up(state);
        x = swap();
        allocs_until_fail = step == 0 ? 0 : -1;
        assigns_until_fail = step == 1 ? 0 : -1;
        fake_heap_fail_at = step == 2 ? 1 : 0;
        steals_until_fail = step >= 3 ? step - 3 : -1;

        fake_tlb_flushes = 0;

        assert_int_not_equal(exchange(&x), 0);

        /* Who gets a frame back may not reach it by what its CPUs cached. */
        assert_int_equal(fake_tlb_flushes, flushes_when(step));
        fake_heap_fail_at = 0;
        assert_int_equal(x.nr_exchanged, 0);
        assert_int_equal(count(4), 64);
        assert_int_equal(count(TAKEN), 0);
        assert_int_equal(d->tot_pages, 64);
    }
}

static void exchange_refuses_what_does_not_add_up(void **state)
{
    struct xen_memory_exchange good = swap(), x;

    x = good;
    x.out.nr_extents = 2;
    assert_int_equal(exchange(&x), -EINVAL);
    x = good;
    x.in.nr_extents = x.out.nr_extents = ~0ull;
    assert_int_equal(exchange(&x), -EINVAL);
    x = good;
    x.nr_exchanged = 65;
    assert_int_equal(exchange(&x), -EINVAL);
    x.nr_exchanged = 1ull << 61;
    assert_int_equal(exchange(&x), -EINVAL);
    x = good;
    x.out.extent_order = 10;
    assert_int_equal(exchange(&x), -EPERM);
    x = good;
    x.in.domid = x.out.domid = 9;
    assert_int_equal(exchange(&x), -EPERM);
    x = good;
    x.out.mem_flags = 13;            /* below 8 KiB: no such block */
    assert_int_equal(exchange(&x), -ENOMEM);
    assert_int_equal(count(4), 64);
}

static void claims_are_checked_and_taken_back(void **state)
{
    struct xen_memory_reservation r = reservation(NULL, 100, 0);

    assert_int_equal(memory_claim(d, 0, guest_handle((uint64_t)&r)), 0);
    assert_int_equal(d->claim, 100);
    assert_int_equal(memory_claim(d, 0, guest_handle((uint64_t)&r)), -EINVAL);
    r.nr_extents = 0;
    assert_int_equal(memory_claim(d, 0, guest_handle((uint64_t)&r)), 0);
    assert_int_equal(d->claim, 0);
    r.nr_extents = 513;
    assert_int_equal(memory_claim(d, 0, guest_handle((uint64_t)&r)), -EINVAL);
    r.extent_order = 1;
    assert_int_equal(memory_claim(d, 0, guest_handle((uint64_t)&r)), -EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(populate_gives_each_pfn_a_frame),
        T(populate_stops_at_the_limit_and_says_how_far),
        T(populate_refuses_without_change),
        T(decrease_stops_at_a_frame_of_others),
        T(exchange_makes_one_block),
        T(exchange_undoes_what_failed),
        T(exchange_refuses_what_does_not_add_up),
        T(claims_are_checked_and_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
