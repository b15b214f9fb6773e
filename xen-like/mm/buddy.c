/* SPDX-License-Identifier: MIT */
/*
 * The buddy allocator.  Free blocks hang in lists by zone and order; the zone
 * of a frame is the position of its number's highest bit, so "below 2^n" is a
 * range of zones.  A block's flush stamp (mm/tlb_flush) waits in its first
 * frame's word; who allocates the block pays for the flush, if one is still
 * needed by then.
 */
#include <core/lock.h>
#include <core/panic.h>
#include <hv/errno.h>
#include <mm/buddy.h>
#include <mm/frame_table.h>
#include <mm/page_word.h>
#include <mm/tlb_flush.h>

#define NR_ZONES   40u
#define NR_ORDERS  (BUDDY_MAX_ORDER + 1)
#define NIL        0xffffffffu

/* A free block's first frame: order and stamp beside the PGO_NONE owner. */
#define NOBODY       (PGO_NONE << PG_OWNER_SHIFT)
#define FREE_HEAD    (NOBODY | 1ul << 7)
#define STAMP_SHIFT  8
#define HEAD_STAMP(w) ((uint32_t)((w) >> STAMP_SHIFT))
#define HEAD_WORD(order, stamp) \
    (FREE_HEAD | (uint64_t)(stamp) << STAMP_SHIFT | (order))
#define IS_HEAD(w, order) \
    (((w) & (PG_OWNER_MASK | 0xff)) == (FREE_HEAD | (order)))

static struct {
    uint32_t head[NR_ORDERS];       /* mfn, valid if the bit below is set */
    uint32_t orders;                /* which orders have blocks */
} zones[NR_ZONES];

static uint64_t zones_nonempty;
static uint64_t nr_free, nr_claimed;
static spinlock_t heap_lock = SPINLOCK_INIT(LOCK_HEAP);

static unsigned int zone_of(uint64_t mfn)
{
    return 63 - __builtin_clzll(mfn | 1);
}

static void list_push(uint64_t mfn, unsigned int order, uint32_t stamp)
{
    unsigned int z = zone_of(mfn);
    struct page_info *pg = &frame_table[mfn];
    bool empty = !(zones[z].orders & (1u << order));

    pg->word = HEAD_WORD(order, stamp);
    pg->link.prev = NIL;
    pg->link.next = empty ? NIL : zones[z].head[order];
    if (!empty) {
        frame_table[pg->link.next].link.prev = (uint32_t)mfn;
    }
    zones[z].head[order] = (uint32_t)mfn;
    zones[z].orders |= 1u << order;
    zones_nonempty |= 1ull << z;
}

static void list_remove(uint64_t mfn, unsigned int order)
{
    unsigned int z = zone_of(mfn);
    struct page_info *pg = &frame_table[mfn];

    if (pg->link.next != NIL) {
        frame_table[pg->link.next].link.prev = pg->link.prev;
    }
    if (pg->link.prev != NIL) {
        frame_table[pg->link.prev].link.next = pg->link.next;
    } else if (pg->link.next != NIL) {
        zones[z].head[order] = pg->link.next;
    } else {
        zones[z].orders &= ~(1u << order);
        if (zones[z].orders == 0) {
            zones_nonempty &= ~(1ull << z);
        }
    }
    pg->word = NOBODY;
}

/* The later of two stamps, as tlb_filter() reads them: by their age. */
static uint32_t later(uint32_t a, uint32_t b)
{
    uint32_t now = tlb_stamp();

    return now - a < now - b ? a : b;
}

static void free_locked(uint64_t mfn, unsigned int order, uint32_t stamp)
{
    nr_free += 1ul << order;
    while (order < BUDDY_MAX_ORDER) {
        uint64_t buddy = mfn ^ (1ul << order);

        if (buddy >= max_mfn || buddy == 0 || mfn == 0 ||
            !IS_HEAD(frame_table[buddy].word, order)) {
            break;
        }
        stamp = later(stamp, HEAD_STAMP(frame_table[buddy].word));
        list_remove(buddy, order);
        mfn &= ~(1ul << order);
        order++;
    }
    list_push(mfn, order, stamp);
}

/* The smallest fitting block of the highest allowed zone. */
static uint64_t take_locked(unsigned int order, unsigned int zone_limit,
                            uint32_t *stamp)
{
    uint64_t allowed = zones_nonempty;

    if (zone_limit < NR_ZONES) {
        allowed &= (1ull << zone_limit) - 1;
    }
    while (allowed != 0) {
        unsigned int z = 63 - __builtin_clzll(allowed);
        uint32_t fit = zones[z].orders & ~((1u << order) - 1);

        if (fit != 0) {
            unsigned int o = __builtin_ctz(fit);
            uint64_t mfn = zones[z].head[o];

            *stamp = HEAD_STAMP(frame_table[mfn].word);
            list_remove(mfn, o);
            while (o > order) {
                o--;
                list_push(mfn + (1ul << o), o, *stamp);
            }
            nr_free -= 1ul << order;
            return mfn;
        }
        allowed &= ~(1ull << z);
    }
    return 0;
}

/* May @nr frames be taken, given what others have claimed? */
static bool claim_allows(uint64_t nr, uint64_t *claim)
{
    uint64_t mine = claim != NULL ? min(*claim, nr) : 0;

    if (nr_free - (nr_claimed - mine) < nr) {
        return false;
    }
    nr_claimed -= mine;
    if (claim != NULL) {
        *claim -= mine;
    }
    return true;
}

mfn_t buddy_alloc_claimed(unsigned int order, unsigned int addr_bits,
                          uint64_t *claim)
{
    /* A zone z holds frames 2^z .. 2^(z+1)-1. */
    unsigned int limit = addr_bits >= PAGE_SHIFT ? addr_bits - PAGE_SHIFT : 0;
    uint64_t mfn, had = claim != NULL ? *claim : 0;
    unsigned long flags;
    uint32_t stamp = 0;
    cpumask_t stale;

    if (order > BUDDY_MAX_ORDER) {
        return INVALID_MFN;
    }
    flags = spin_lock_irqsave(&heap_lock);
    if (!claim_allows(1ul << order, claim)) {
        spin_unlock_irqrestore(&heap_lock, flags);
        return INVALID_MFN;
    }
    mfn = take_locked(order, limit, &stamp);
    if (mfn == 0 && claim != NULL) {
        nr_claimed += had - *claim;
        *claim = had;
    }
    spin_unlock_irqrestore(&heap_lock, flags);
    if (mfn == 0) {
        return INVALID_MFN;
    }
    stale = tlb_filter(atomic_load(&tlb_guest_cpus), stamp);
    if (unlikely(stale != 0)) {
        tlb_flush_mask(stale);
    }
    return _mfn(mfn);
}

mfn_t buddy_alloc_bits(unsigned int order, unsigned int addr_bits)
{
    return buddy_alloc_claimed(order, addr_bits, NULL);
}

mfn_t buddy_alloc(unsigned int order)
{
    return buddy_alloc_claimed(order, 64, NULL);
}

void buddy_free(mfn_t mfn, unsigned int order)
{
    uint32_t stamp = tlb_stamp();
    unsigned long flags = spin_lock_irqsave(&heap_lock);

    BUG_ON(IS_HEAD(mfn_to_page(mfn)->word & ~0x1ful, 0));   /* double free */
    free_locked(mfn_x(mfn), order, stamp);
    spin_unlock_irqrestore(&heap_lock, flags);
}

uint64_t buddy_free_frames(void)
{
    return atomic_load(&nr_free);
}

uint64_t buddy_claimed_frames(void)
{
    return atomic_load(&nr_claimed);
}

int buddy_claim(uint64_t *claim, uint64_t nr_frames)
{
    unsigned long flags = spin_lock_irqsave(&heap_lock);
    int rc = 0;

    if (nr_frames > nr_free - nr_claimed) {
        rc = -ENOMEM;
    } else {
        nr_claimed += nr_frames;
        *claim += nr_frames;
    }
    spin_unlock_irqrestore(&heap_lock, flags);
    return rc;
}

void buddy_unclaim(uint64_t *claim, uint64_t nr_frames)
{
    unsigned long flags = spin_lock_irqsave(&heap_lock);

    nr_frames = min(nr_frames, *claim);
    nr_claimed -= nr_frames;
    *claim -= nr_frames;
    spin_unlock_irqrestore(&heap_lock, flags);
}

void buddy_add_range(mfn_t start, mfn_t end)
{
    uint64_t m = mfn_x(start), e = mfn_x(end);
    unsigned long flags = spin_lock_irqsave(&heap_lock);

    while (m < e) {
        unsigned int order = m == 0 ? 0 : __builtin_ctzll(m);

        order = min(order, BUDDY_MAX_ORDER);
        while (m + (1ul << order) > e) {
            order--;
        }
        free_locked(m, order, tlb_stamp());
        m += 1ul << order;
    }
    spin_unlock_irqrestore(&heap_lock, flags);
}
