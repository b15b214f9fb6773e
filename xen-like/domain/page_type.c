/* SPDX-License-Identifier: MIT */
/*
 * The only writer of page_info.word of a frame in use: references, typed
 * uses, and the (de)validation state machine of page tables.
 *
 * A frame that becomes a table goes through these states while tcount >= 1:
 *
 *   in hand    !VALIDATED !PARTIAL   one CPU is validating or dropping it
 *   validated  VALIDATED             free to use
 *   partial    PARTIAL               interrupted; entries [0, progress) are
 *                                    held.  use.dropping says which way it
 *                                    was going:
 *     upwards    the frame anchors itself: it keeps one reference and one
 *                use of its own, which the next page_get_type() takes over
 *     downwards  the interrupted put still holds its use, and comes again
 *
 * use.progress and use.dropping belong to the CPU that has the frame in hand.
 * use.abroad is set by who has a writable use, and cleared by the flush.
 *
 * A frame that becomes writable is in hand too, until the flush of its old
 * use is done: nobody else maps it before VALIDATED is set.  So it is while
 * its last writable use ends: one that came and went after the stamp was
 * taken would not be flushed.
 */
#include <arch/cpu.h>
#include <arch/atomic.h>
#include <core/panic.h>
#include <domain/page_type.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <mm/tlb_flush.h>

static const struct page_type_ops *ops;

void page_type_set_ops(const struct page_type_ops *table)
{
    ops = table;
}

#define TYPE_OF(w)    ((w) & PG_TYPE_MASK)
#define IS_TABLE(t)   ((t) >= PGT_L1 && (t) <= PGT_SEG)
#define COUNT_FULL(w) (((w) & PG_COUNT_MASK) == PG_COUNT_MASK)
#define TCOUNT_FULL(w) (((w) & PG_TCOUNT_MASK) == PG_TCOUNT_MASK)

bool page_get(mfn_t mfn, domid_t owner)
{
    struct page_info *pg;
    uint64_t w;

    if (!mfn_valid(mfn)) {
        return false;
    }
    pg = mfn_to_page(mfn);
    w = atomic_load(&pg->word);
    do {
        if (page_owner_id(w) != owner || (w & PG_COUNT_MASK) == 0 ||
            COUNT_FULL(w)) {
            return false;
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w + 1));
    return true;
}

bool page_ref(struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);

    do {
        if (COUNT_FULL(w)) {
            return false;
        }
    } while (!atomic_cmpxchg(&pg->word, &w, w + 1));
    return true;
}

/*
 * The common case of mapping data: the frame is, or last was, writable; one
 * exchange takes reference and use.  A frame that changes its type to
 * writable takes the long way through page_get_type().
 */
bool page_get_writable(mfn_t mfn, domid_t owner)
{
    struct page_info *pg;
    uint64_t w;

    if (!mfn_valid(mfn)) {
        return false;
    }
    pg = mfn_to_page(mfn);
    w = atomic_load(&pg->word);
    while (TYPE_OF(w) == PGT_WRITABLE) {
        if (unlikely(!(w & PG_VALIDATED)) && (w & PG_TCOUNT_MASK) != 0) {
            cpu_relax();               /* its old use is being flushed */
            w = atomic_load(&pg->word);
            continue;
        }
        if (page_owner_id(w) != owner || (w & PG_COUNT_MASK) == 0 ||
            COUNT_FULL(w) || TCOUNT_FULL(w)) {
            return false;
        }
        if (atomic_cmpxchg(&pg->word, &w, w + PG_TCOUNT_ONE + 1)) {
            return true;
        }
    }
    if (!page_get(mfn, owner)) {
        return false;
    }
    if (page_get_type(pg, PGT_WRITABLE) != 0) {
        page_put(pg);
        return false;
    }
    return true;
}

void page_put(struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);
    uint64_t new;

    do {
        BUG_ON((w & PG_COUNT_MASK) == 0);
        new = w - 1;
        BUG_ON((new & PG_COUNT_MASK) == 0 && (w & PG_TCOUNT_MASK) != 0);
    } while (!atomic_cmpxchg(&pg->word, &w, new));
    if ((new & PG_COUNT_MASK) == 0) {
        pages_free_last(pg, new);
    }
}

void page_put_writable(struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);
    uint64_t new;

    for (;;) {
        BUG_ON((w & PG_TCOUNT_MASK) == 0 || (w & PG_COUNT_MASK) == 0);
        new = w - PG_TCOUNT_ONE - 1;
        if ((new & PG_TCOUNT_MASK) == 0) {
            if (page_put_last(pg, &w, 1)) {
                new = w;
                break;
            }
        } else if (atomic_cmpxchg(&pg->word, &w, new)) {
            break;
        }
    }
    if (unlikely((new & PG_COUNT_MASK) == 0)) {
        pages_free_last(pg, new);
    }
}

/* INV-PT5: nobody may still cache the frame's old use. */
static void flush_old_use(struct page_info *pg, uint64_t old)
{
    cpumask_t cpus;

    if (unlikely(atomic_load(&pg->use.abroad))) {
        cpus = atomic_load(&tlb_guest_cpus);
        atomic_store_relaxed(&pg->use.abroad, 0);
    } else {
        cpus = ops->dirty_cpus((domid_t)page_owner_id(old));
    }
    cpus = tlb_filter(cpus, atomic_load(&pg->use.flush_stamp));
    if (cpus != 0) {
        tlb_flush_mask(cpus);
    }
}

/* Put a frame that is in hand into the partial state. */
static void set_partial(struct page_info *pg, bool dropping)
{
    pg->use.dropping = dropping;
    atomic_or(&pg->word, PG_PARTIAL);
}

/* In hand, nothing validated: back to no use at all (one use is held). */
static void drop_in_hand(struct page_info *pg)
{
    uint64_t w = atomic_load(&pg->word);

    atomic_store_relaxed(&pg->use.flush_stamp, tlb_stamp());
    while (!atomic_cmpxchg(&pg->word, &w, w - PG_TCOUNT_ONE)) {
    }
}

/*
 * @pg is in hand with one use: validate from use.progress on.  On -EINVAL
 * what was taken is given back; when that is interrupted the frame anchors
 * itself and the caller comes again.
 */
static int validate(struct page_info *pg, uint64_t type, bool anchored)
{
    int rc = ops->validate(pg, type, true);

    if (rc == 0) {
        atomic_or(&pg->word, PG_VALIDATED);
        if (anchored) {
            page_put(pg);       /* the caller brought its own reference */
        }
        return 0;
    }
    if (rc != -ERESTART && ops->devalidate(pg, type, true) == 0) {
        drop_in_hand(pg);
        if (anchored) {
            page_put(pg);
        }
        return rc;
    }
    if (!anchored && !page_ref(pg)) {
        /* No room for the anchor: undo without a break. */
        BUG_ON(ops->devalidate(pg, type, false) != 0);
        drop_in_hand(pg);
        return -EBUSY;
    }
    set_partial(pg, false);
    return -ERESTART;
}

/* A partial frame going up: take it over and go on. */
static int resume_partial(struct page_info *pg, uint64_t type, uint64_t w)
{
    if (!atomic_cmpxchg(&pg->word, &w, w & ~PG_PARTIAL)) {
        return -ERESTART;
    }
    if (pg->use.dropping) {
        atomic_or(&pg->word, PG_PARTIAL);
        return -ERESTART;
    }
    return validate(pg, type, true);
}

int page_get_type(struct page_info *pg, uint64_t type)
{
    uint64_t w = atomic_load(&pg->word);
    uint64_t new;
    bool flush = false;

    for (;;) {
        if (TCOUNT_FULL(w)) {
            return -EBUSY;
        }
        if ((w & PG_TCOUNT_MASK) == 0) {
            flush = TYPE_OF(w) != type && TYPE_OF(w) != PGT_NONE;
            new = (w & ~(PG_TYPE_MASK | PG_VALIDATED)) | type;
            new += PG_TCOUNT_ONE;
            if (type == PGT_WRITABLE && !flush) {
                new |= PG_VALIDATED;
            }
        } else if (TYPE_OF(w) != type) {
            return -EBUSY;
        } else if (w & PG_PARTIAL) {
            return resume_partial(pg, type, w);
        } else if (IS_TABLE(type) && !(w & PG_VALIDATED)) {
            return -ERESTART;              /* in another CPU's hand */
        } else if (type == PGT_WRITABLE && !(w & PG_VALIDATED)) {
            cpu_relax();
            w = atomic_load(&pg->word);
            continue;
        } else {
            new = w + PG_TCOUNT_ONE;
        }
        if (atomic_cmpxchg(&pg->word, &w, new)) {
            break;
        }
    }
    if ((w & PG_TCOUNT_MASK) != 0) {
        return 0;
    }
    if (flush) {
        flush_old_use(pg, w);
    }
    if (!IS_TABLE(type)) {
        if (flush) {
            atomic_or(&pg->word, PG_VALIDATED);
        }
        return 0;
    }
    pg->use.progress = 0;
    return validate(pg, type, false);
}

/* The last use of a table goes: it is in hand with one use. */
static int devalidate(struct page_info *pg, uint64_t type, bool preemptible)
{
    if (ops->devalidate(pg, type, preemptible) != 0) {
        set_partial(pg, true);
        return -ERESTART;
    }
    drop_in_hand(pg);
    return 0;
}

static int put_type(struct page_info *pg, bool preemptible)
{
    uint64_t w = atomic_load(&pg->word);
    uint64_t new;
    bool last;

    for (;;) {
        BUG_ON((w & PG_TCOUNT_MASK) == 0);
        last = (w & PG_TCOUNT_MASK) == PG_TCOUNT_ONE;
        if (last && !IS_TABLE(TYPE_OF(w))) {
            if (page_put_last(pg, &w, 0)) {
                return 0;
            }
            continue;
        }
        if (last) {
            if (!(w & (PG_VALIDATED | PG_PARTIAL))) {
                return -ERESTART;          /* in another CPU's hand */
            }
            if (w & PG_VALIDATED) {
                pg->use.progress = TYPE_OF(w) == PGT_SEG ? 0 : PT_ENTRIES;
            }
            new = w & ~(PG_VALIDATED | PG_PARTIAL);
        } else {
            new = w - PG_TCOUNT_ONE;
        }
        if (atomic_cmpxchg(&pg->word, &w, new)) {
            break;
        }
    }
    if (last) {
        return devalidate(pg, TYPE_OF(w), preemptible);
    }
    return 0;
}

void page_put_type(struct page_info *pg)
{
    while (put_type(pg, false) != 0) {
        /* Another CPU has it in hand for a moment. */
    }
}

int page_put_type_preemptible(struct page_info *pg)
{
    return put_type(pg, true);
}
