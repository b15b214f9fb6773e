/* SPDX-License-Identifier: MIT */
/*
 * control/memory_exchange.c - XENMEM_exchange: a domain swaps frames for
 * others that lie together or low, for DMA.  Works in chunks of the larger
 * extent; a chunk is swapped whole or not at all.
 * Tests: tests/guests/memory.
 */
#include <control/memory_op.h>
#include <domain/continuation.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/heap.h>
#include <mm/tlb_flush.h>
#include <p2m/m2p.h>

/* Both lists of one chunk: 2^order frames each. */
struct chunk {
    struct domain *d;
    const struct xen_memory_exchange *x;
    unsigned int order;
    unsigned int nr_in, nr_out;      /* extents */
    uint64_t *in, *out;              /* first frames; @out: pfns at first */
    unsigned int stolen;             /* frames taken from the domain */
    unsigned int had;                /* out extents allocated */
};

static mfn_t in_frame(const struct chunk *c, unsigned int i)
{
    unsigned int o = c->x->in.extent_order;

    return _mfn(c->in[i >> o] + (i & ((1u << o) - 1)));
}

static int steal_all(struct chunk *c)
{
    for (; c->stolen < 1u << c->order; c->stolen++) {
        mfn_t mfn = in_frame(c, c->stolen);
        int rc = mfn_valid(mfn) ? pages_steal(c->d, mfn_to_page(mfn)) : -EINVAL;

        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* Undo: the frames go back to the domain they were taken from.  They come
 * back without their old type, so nobody may cache it (INV-PT5). */
static void give_back(struct chunk *c)
{
    if (c->stolen != 0) {
        tlb_flush_mask(atomic_load(&tlb_guest_cpus));
    }
    while (c->stolen != 0) {
        mfn_t mfn = in_frame(c, --c->stolen);

        if (pages_assign(c->d, mfn, 1) != 0) {
            buddy_free(mfn, 0);      /* it is dying, or grew meanwhile */
        }
    }
}

static int alloc_all(struct chunk *c, mfn_t *got)
{
    unsigned int order = c->x->out.extent_order;

    for (; c->had < c->nr_out; c->had++) {
        mfn_t mfn = buddy_alloc_bits(order,
                                     memory_addr_bits(c->x->out.mem_flags));

        if (mfn_eq(mfn, INVALID_MFN)) {
            return -ENOMEM;
        }
        memset(mfn_to_virt(mfn), 0, PAGE_SIZE << order);
        got[c->had] = mfn;
    }
    return 0;
}

/* Both sides are in hand: the new frames become the domain's. */
static int commit(struct chunk *c, mfn_t *got)
{
    unsigned int order = c->x->out.extent_order;

    for (unsigned int i = 0; i < c->nr_out; i++) {
        int rc = pages_assign(c->d, got[i], 1ul << order);

        if (rc != 0) {
            /* Only a dying or growing domain: what is not its is freed. */
            for (; i < c->nr_out; i++) {
                buddy_free(got[i], order);
            }
            c->had = 0;
            return rc;
        }
        for (uint64_t j = 0; j < 1ul << order; j++) {
            m2p_set(mfn_add(got[i], j), c->out[i] + j);
        }
        c->out[i] = mfn_x(got[i]);
    }
    for (unsigned int i = 0; i < 1u << c->order; i++) {
        mfn_t mfn = in_frame(c, i);

        m2p_set(mfn, M2P_INVALID);
        buddy_free(mfn, 0);
    }
    return 0;
}

static int swap_chunk(struct chunk *c, mfn_t *got)
{
    int rc;

    c->stolen = 0;
    c->had = 0;
    rc = alloc_all(c, got);
    if (rc == 0) {
        rc = steal_all(c);
    }
    if (rc == 0) {
        rc = commit(c, got);
        if (rc == 0) {
            return 0;
        }
    }
    give_back(c);
    while (c->had != 0) {
        buddy_free(got[--c->had], c->x->out.extent_order);
    }
    return rc;
}

/* Chunk number @n: lists in, swap, list out. */
static int run_chunk(struct chunk *c, uint64_t n, mfn_t *got)
{
    guest_handle_t in = guest_handle_index(HANDLE(c->x->in.extent_start),
                                           n * c->nr_in, 8);
    guest_handle_t out = guest_handle_index(HANDLE(c->x->out.extent_start),
                                            n * c->nr_out, 8);
    int rc;

    if (copy_from_guest(c->in, in, c->nr_in * 8) != 0 ||
        copy_from_guest(c->out, out, c->nr_out * 8) != 0) {
        return -EFAULT;
    }
    rc = swap_chunk(c, got);
    if (rc == 0 && copy_to_guest(out, c->out, c->nr_out * 8) != 0) {
        rc = -EFAULT;
    }
    return rc;
}

static int check(const struct domain *caller,
                 const struct xen_memory_exchange *x)
{
    unsigned int most = memory_max_order(caller);
    uint64_t limit = ~0ull >> (MEMOP_EXTENT_SHIFT + 16);

    if (x->in.extent_order > most || x->out.extent_order > most) {
        return -EPERM;
    }
    if (x->in.nr_extents > limit || x->out.nr_extents > limit ||
        x->nr_exchanged > x->in.nr_extents ||
        x->in.nr_extents << x->in.extent_order !=
        x->out.nr_extents << x->out.extent_order ||
        x->in.domid != x->out.domid) {
        return -EINVAL;
    }
    /* The caller's own lists only: a tool has no use for more. */
    return x->in.domid == DOMID_SELF || x->in.domid == caller->domid ? 0
                                                                     : -EPERM;
}

static long run_all(struct chunk *c, struct xen_memory_exchange *x,
                    mfn_t *got, guest_handle_t arg)
{
    uint64_t n = x->nr_exchanged / c->nr_in;
    uint64_t nr = (x->in.nr_extents << x->in.extent_order) >> c->order;
    bool preempted = false;
    int rc = 0;

    if (x->nr_exchanged % c->nr_in != 0 ||
        (nr << c->order) != x->in.nr_extents << x->in.extent_order) {
        return -EINVAL;
    }
    while (rc == 0 && n < nr && !preempted) {
        rc = run_chunk(c, n, got);
        n += rc == 0 || rc == -EFAULT;
        preempted = n < nr && hypercall_preempt();
    }
    x->nr_exchanged = min(n, nr) * c->nr_in;
    if (copy_to_guest(guest_handle_add(arg, offsetof(struct xen_memory_exchange,
                                                     nr_exchanged)),
                      &x->nr_exchanged, sizeof(x->nr_exchanged)) != 0) {
        return -EFAULT;
    }
    if (rc == 0 && preempted) {
        return HYPERCALL_CONTINUE(__HYPERVISOR_memory_op, XENMEM_exchange,
                                  arg.va);
    }
    return rc;
}

long memory_exchange(struct domain *caller, uint64_t start, guest_handle_t arg)
{
    struct xen_memory_exchange x;
    struct chunk c = { .d = caller, .x = &x };
    mfn_t *got;
    long rc;

    if (copy_from_guest(&x, arg, sizeof(x)) != 0) {
        return -EFAULT;
    }
    rc = caller->p2m != NULL ? -EOPNOTSUPP : check(caller, &x);
    if (rc != 0) {
        return rc;
    }
    c.order = max(x.in.extent_order, x.out.extent_order);
    c.nr_in = 1u << (c.order - x.in.extent_order);
    c.nr_out = 1u << (c.order - x.out.extent_order);
    c.in = heap_alloc((c.nr_in + 2 * c.nr_out) * sizeof(uint64_t));
    if (c.in == NULL) {
        return -ENOMEM;
    }
    c.out = c.in + c.nr_in;
    got = (mfn_t *)(c.out + c.nr_out);
    rc = run_all(&c, &x, got, arg);
    heap_free(c.in);
    return rc;
}
