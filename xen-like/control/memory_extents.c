/* SPDX-License-Identifier: MIT */
/*
 * control/memory_extents.c - give frames to a domain and take them back, in
 * batches; claims.
 * Tests: tests/guests/memory, benches populate_physmap_*.
 */
#include <control/memory_op.h>
#include <domain/continuation.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <mm/buddy.h>
#include <p2m/m2p.h>
#include <p2m/p2m.h>

#define MAX_ORDER_DOMU    9u
#define MAX_ORDER_CONTROL 12u

/* A call on a list of extents, as far as it has come. */
struct extents {
    struct domain *d;
    guest_handle_t list;         /* frame numbers; va 0: no list */
    unsigned int order;
    unsigned int addr_bits;
    uint64_t frame[MEM_BATCH];   /* in and out of one batch */
};

unsigned int memory_max_order(const struct domain *caller)
{
    return caller->is_control ? MAX_ORDER_CONTROL : MAX_ORDER_DOMU;
}

unsigned int memory_addr_bits(uint32_t flags)
{
    unsigned int bits = XENMEMF_get_address_bits(flags);

    return bits == 0 || bits > 64 ? 64 : bits;
}

/* A translated guest finds its frames where it named them; false: no room in
 * its tables, the frames are given back. */
static bool put_at(struct extents *x, uint64_t gpfn, mfn_t mfn,
                   unsigned int order)
{
    if (x->d->p2m == NULL ||
        p2m_set(x->d, gpfn, mfn, order, P2M_RAM) == 0) {
        return true;
    }
    for (uint64_t i = 0; i < 1ul << order; i++) {
        p2m_remove(x->d, gpfn + i, mfn_add(mfn, i));
        (void)pages_release(x->d, mfn_to_page(mfn_add(mfn, i)));
    }
    return false;
}

/* One extent at @gpfn (~0: the guest names no pfn); its first frame. */
static mfn_t take_extent(struct extents *x, uint64_t gpfn)
{
    mfn_t mfn = pages_alloc(x->d, x->order, x->addr_bits);

    if (!mfn_eq(mfn, INVALID_MFN)) {
        for (uint64_t i = 0; i < 1ul << x->order; i++) {
            m2p_set(mfn_add(mfn, i), gpfn == ~0ull ? M2P_INVALID : gpfn + i);
        }
        if (!put_at(x, gpfn, mfn, x->order)) {
            return INVALID_MFN;
        }
    }
    return mfn;
}

/*
 * Single frames, as many as can be had in one block: entries [at, at+2^o) of
 * the batch.  Returns how many, 0: out of memory or over the limit.
 */
static unsigned int take_block(struct extents *x, unsigned int at,
                               unsigned int nr, bool named)
{
    unsigned int order = 31 - (unsigned int)__builtin_clz(nr - at);

    for (order++; order-- > 0;) {
        mfn_t mfn = pages_alloc(x->d, order, x->addr_bits);

        if (mfn_eq(mfn, INVALID_MFN)) {
            continue;
        }
        for (unsigned int i = 0; i < 1u << order; i++) {
            uint64_t *f = &x->frame[at + i];

            m2p_set(mfn_add(mfn, i), named ? *f : M2P_INVALID);
            if (!put_at(x, *f, mfn_add(mfn, i), 0)) {
                while (++i < 1u << order) {
                    (void)pages_release(x->d,
                                        mfn_to_page(mfn_add(mfn, i)));
                }
                return 0;
            }
            *f = mfn_x(mfn) + i;
        }
        return 1u << order;
    }
    return 0;
}

/* Fill a batch; returns how many extents were had. */
static unsigned int take_batch(struct extents *x, unsigned int nr, bool named)
{
    unsigned int done = 0;

    while (done < nr) {
        if (x->order == 0) {
            unsigned int got = take_block(x, done, nr, named);

            if (got == 0) {
                break;
            }
            done += got;
        } else {
            mfn_t mfn = take_extent(x, named ? x->frame[done] : ~0ull);

            if (mfn_eq(mfn, INVALID_MFN)) {
                break;
            }
            x->frame[done++] = mfn_x(mfn);
        }
    }
    return done;
}

/* Give back one extent; false: not the domain's (any more). */
static bool drop_extent(struct extents *x, uint64_t gmfn)
{
    for (uint64_t i = 0; i < 1ul << x->order; i++) {
        mfn_t mfn = guest_frame(x->d, gmfn + i);
        struct page_info *pg;
        bool had;

        if (gmfn + i < gmfn || !page_get(mfn, x->d->domid)) {
            return false;
        }
        if (x->d->p2m != NULL && p2m_remove(x->d, gmfn + i, mfn) != 0) {
            page_put(mfn_to_page(mfn));
            return false;
        }
        /* The M2P entry stays: the frame may live on in a mapping. */
        pg = mfn_to_page(mfn);
        had = pages_release(x->d, pg);
        page_put(pg);
        if (!had) {
            return false;
        }
    }
    return true;
}

static unsigned int drop_batch(struct extents *x, unsigned int nr)
{
    unsigned int done = 0;

    while (done < nr && drop_extent(x, x->frame[done])) {
        done++;
    }
    return done;
}

enum direction { INCREASE, DECREASE, POPULATE };

/* One batch: copy in, act, copy out.  Extents done; -EFAULT. */
static long run_batch(struct extents *x, enum direction dir, uint64_t at,
                      unsigned int nr)
{
    guest_handle_t h = guest_handle_index(x->list, at, sizeof(uint64_t));
    unsigned int done;

    if (dir != INCREASE &&
        copy_from_guest(x->frame, h, nr * sizeof(uint64_t)) != 0) {
        return -EFAULT;
    }
    if (dir == DECREASE) {
        return drop_batch(x, nr);
    }
    done = take_batch(x, nr, dir == POPULATE);
    if (x->list.va != 0 && x->d->p2m == NULL &&
        copy_to_guest(h, x->frame, done * sizeof(uint64_t)) != 0) {
        return -EFAULT;
    }
    return done;
}

static long run_extents(struct extents *x, enum direction dir, uint64_t at,
                        uint64_t nr, guest_handle_t arg)
{
    static const uint8_t op[] = {
        [INCREASE] = XENMEM_increase_reservation,
        [DECREASE] = XENMEM_decrease_reservation,
        [POPULATE] = XENMEM_populate_physmap,
    };
    unsigned int batch = x->order >= 6 ? 1 : MEM_BATCH >> x->order;

    while (at < nr) {
        unsigned int n = (unsigned int)min(nr - at, (uint64_t)batch);
        long done = run_batch(x, dir, at, n);

        if (done < 0) {
            return (long)at;
        }
        at += (uint64_t)done;
        if (done < n) {
            break;
        }
        if (at < nr && hypercall_preempt()) {
            return HYPERCALL_CONTINUE(__HYPERVISOR_memory_op,
                                      op[dir] | at << MEMOP_EXTENT_SHIFT,
                                      arg.va);
        }
    }
    return (long)at;
}

static long reservation(struct domain *caller, enum direction dir,
                        uint64_t start, guest_handle_t arg)
{
    struct xen_memory_reservation r;
    struct extents x;
    long rc;

    if (copy_from_guest(&r, arg, sizeof(r)) != 0) {
        return (long)start;
    }
    if (r.nr_extents > ~0ull >> (MEMOP_EXTENT_SHIFT + 1) ||
        start >= r.nr_extents || r.extent_order > memory_max_order(caller) ||
        (r.mem_flags & XENMEMF_populate_on_demand)) {
        return (long)start;
    }
    if (domain_get_for(caller, r.domid, &x.d) != 0) {
        return (long)start;
    }
    if (x.d->p2m != NULL && (dir == INCREASE || x.d->is_hardware)) {
        domain_put(x.d);             /* where would they be?  A hardware */
        return (long)start;          /* domain's devices need gfn = mfn. */
    }
    x.list = HANDLE(r.extent_start);
    x.order = r.extent_order;
    x.addr_bits = memory_addr_bits(r.mem_flags);
    rc = run_extents(&x, dir, start, r.nr_extents, arg);
    if (dir == DECREASE) {
        ioreq_invalidate(x.d);
    }
    domain_put(x.d);
    return rc;
}

long memory_increase(struct domain *caller, uint64_t start, guest_handle_t arg)
{
    return reservation(caller, INCREASE, start, arg);
}

long memory_decrease(struct domain *caller, uint64_t start, guest_handle_t arg)
{
    return reservation(caller, DECREASE, start, arg);
}

long memory_populate(struct domain *caller, uint64_t start, guest_handle_t arg)
{
    return reservation(caller, POPULATE, start, arg);
}

/* Promise frames to a domain that is being built; 0 takes the promise back. */
static long claim_for(struct domain *d, uint64_t nr)
{
    uint64_t tot = atomic_load(&d->tot_pages);

    if (nr == 0) {
        buddy_unclaim(&d->claim, ~0ull);
        return 0;
    }
    if (atomic_load(&d->dying) != DOMDYING_alive || d->claim != 0 ||
        nr <= tot || nr > d->max_pages) {
        return -EINVAL;
    }
    return buddy_claim(&d->claim, nr - tot);
}

long memory_claim(struct domain *caller, uint64_t start, guest_handle_t arg)
{
    struct xen_memory_reservation r;
    struct domain *d;
    long rc;

    if (copy_from_guest(&r, arg, sizeof(r)) != 0) {
        return -EFAULT;
    }
    if (r.extent_start.p != NULL || r.extent_order != 0 || r.mem_flags != 0) {
        return -EINVAL;
    }
    rc = domain_get_for(caller, r.domid, &d);
    if (rc != 0) {
        return rc;
    }
    spin_lock(&d->lock);
    rc = claim_for(d, r.nr_extents);
    spin_unlock(&d->lock);
    domain_put(d);
    return rc;
}
