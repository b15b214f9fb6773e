/* SPDX-License-Identifier: MIT */
/*
 * Nested page tables: looked up without a lock, changed under p2m.lock.
 * Tables are chained through their page_info and freed with the domain.
 * Tested by tests/unit/p2m/test_p2m.c.
 */
#include <arch/atomic.h>
#include <arch/paging.h>
#include <domain/continuation.h>
#include <domain/page_type.h>
#include <mm/heap.h>
#include <p2m/format.h>

#define TOP_LEVEL  4u
#define SUPER      9u               /* order of a level 2 leaf */
#define NO_TABLE   0u

const struct p2m_format *p2m_format;

uint64_t p2m_limit;

static unsigned int index_at(uint64_t gfn, unsigned int level)
{
    return (gfn >> (9 * (level - 1))) & (PT_ENTRIES - 1);
}

static bool is_leaf(uint64_t e)
{
    return p2m_entry_type(e) != P2M_NONE;
}

static bool is_held(uint64_t e)
{
    return p2m_entry_type(e) == P2M_FOREIGN ||
           p2m_entry_type(e) == P2M_FOREIGN_RO;
}

static uint64_t make_leaf(mfn_t mfn, enum p2m_type type, unsigned int level)
{
    return mfn_to_maddr(mfn) | p2m_format->leaf[type] |
           (level > 1 ? p2m_format->super : 0) |
           (uint64_t)type << P2M_TYPE_SHIFT;
}

/* ---- tables -------------------------------------------------------------------- */

static uint64_t *table_alloc(struct p2m *p)
{
    uint64_t *t;
    struct page_info *pg;

    if (p->nr_tables >= atomic_load(&p->max_tables)) {
        return NULL;
    }
    t = heap_alloc_pages(0);
    if (t == NULL) {
        return NULL;
    }
    pg = mfn_to_page(virt_to_mfn(t));
    pg->link.next = p->root != NULL ? (uint32_t)mfn_x(p->last) : NO_TABLE;
    p->last = virt_to_mfn(t);
    p->nr_tables++;
    return t;
}

int p2m_init(struct domain *d, void (*flush)(struct domain *d))
{
    struct p2m *p = heap_new(struct p2m);

    if (p == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&p->lock, LOCK_P2M);
    p->max_tables = P2M_DEFAULT_TABLES;
    p->flush = flush;
    p->root = table_alloc(p);
    if (p->root == NULL) {
        heap_free(p);
        return -ENOMEM;
    }
    d->p2m = p;
    return 0;
}

void p2m_free(struct domain *d)
{
    struct p2m *p = d->p2m;
    uint32_t next;

    if (p == NULL) {
        return;
    }
    for (mfn_t m = p->last; mfn_x(m) != NO_TABLE; m = _mfn(next)) {
        next = mfn_to_page(m)->link.next;
        heap_free_pages(mfn_to_virt(m), 0);
    }
    d->p2m = NULL;
    heap_free(p);
}

/* ---- look up --------------------------------------------------------------------- */

mfn_t p2m_lookup(const struct domain *d, uint64_t gfn, enum p2m_type *type)
{
    const uint64_t *t = d->p2m->root;

    *type = P2M_NONE;
    if (gfn >> (9 * TOP_LEVEL) != 0) {
        return INVALID_MFN;
    }
    for (unsigned int level = TOP_LEVEL;; level--) {
        uint64_t e = atomic_load(&t[index_at(gfn, level)]);

        if (is_leaf(e)) {
            *type = p2m_entry_type(e);
            return mfn_add(pte_mfn(e),
                           gfn & ((1ull << (9 * (level - 1))) - 1));
        }
        if (e == 0) {
            return INVALID_MFN;
        }
        t = mfn_to_virt(pte_mfn(e));
    }
}

/* ---- change ------------------------------------------------------------------------ */

/* A leaf above level 1 becomes a table of equal leaves. */
static bool split(struct p2m *p, uint64_t *slot, unsigned int level)
{
    uint64_t e = *slot, *t = table_alloc(p);

    if (t == NULL) {
        return false;
    }
    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        t[i] = make_leaf(mfn_add(pte_mfn(e), (uint64_t)i << (9 * (level - 2))),
                         p2m_entry_type(e), level - 1);
    }
    atomic_store_release(slot, mfn_to_maddr(virt_to_mfn(t)) |
                               p2m_format->table);
    return true;
}

/* The slot of @gfn at level @to, tables made on the way; NULL: no memory.
 * With @create unset: NULL if there is nothing. */
static uint64_t *slot_of(struct p2m *p, uint64_t gfn, unsigned int to,
                         bool create)
{
    uint64_t *t = p->root;

    for (unsigned int level = TOP_LEVEL; level > to; level--) {
        uint64_t *slot = &t[index_at(gfn, level)];

        if (*slot == 0) {
            uint64_t *new = create ? table_alloc(p) : NULL;

            if (new == NULL) {
                return NULL;
            }
            atomic_store_release(slot, mfn_to_maddr(virt_to_mfn(new)) |
                                       p2m_format->table);
        } else if (is_leaf(*slot) && !split(p, slot, level)) {
            return NULL;
        }
        t = mfn_to_virt(pte_mfn(*slot));
    }
    return &t[index_at(gfn, to)];
}

/* Give up what a held entry that has gone and was flushed had. */
static void drop_held(uint64_t e)
{
    struct page_info *pg = mfn_to_page(pte_mfn(e));

    if (p2m_entry_type(e) == P2M_FOREIGN) {
        page_put_writable(pg);
    } else if (p2m_entry_type(e) == P2M_FOREIGN_RO) {
        page_put(pg);
    }
}

/* Locked: write @e to @slot; what was there. */
static uint64_t replace(struct domain *d, uint64_t *slot, uint64_t e)
{
    uint64_t old = atomic_xchg(slot, e);

    d->p2m->nr_held += (uint32_t)is_held(e) - (uint32_t)is_held(old);
    if (old != 0) {
        d->p2m->flush(d);            /* INV-P2M3 */
    }
    return old;
}

static int set_one(struct domain *d, uint64_t gfn, mfn_t mfn,
                   unsigned int level, enum p2m_type type)
{
    struct p2m *p = d->p2m;
    uint64_t *slot, old = 0;
    int rc = 0;

    spin_lock(&p->lock);
    slot = slot_of(p, gfn, level, true);
    if (slot == NULL) {
        rc = -ENOMEM;
    } else if (level > 1 && *slot != 0) {
        rc = -EEXIST;
    } else {
        old = replace(d, slot, make_leaf(mfn, type, level));
        p->max_gfn = max(p->max_gfn, gfn + (1ull << (9 * (level - 1))) - 1);
    }
    spin_unlock(&p->lock);
    drop_held(old);
    return rc;
}

int p2m_set(struct domain *d, uint64_t gfn, mfn_t mfn, unsigned int order,
            enum p2m_type type)
{
    uint64_t nr = 1ull << order;
    int rc;

    if (order > SUPER || gfn >= p2m_limit || nr > p2m_limit - gfn) {
        return -EINVAL;
    }
    if (order == SUPER && ((gfn | mfn_x(mfn)) & (nr - 1)) == 0) {
        rc = set_one(d, gfn, mfn, 2, type);
        if (rc != -EEXIST) {
            return rc;
        }
    }
    for (uint64_t i = 0; i < nr; i++) {
        rc = set_one(d, gfn + i, mfn_add(mfn, i), 1, type);
        if (rc != 0) {
            return rc;               /* the caller takes the rest back */
        }
    }
    return 0;
}

/* Locked: the level 1 slot of @gfn if it maps @mfn (or anything). */
static uint64_t *find_slot(struct p2m *p, uint64_t gfn, mfn_t mfn)
{
    uint64_t *slot = gfn >> (9 * TOP_LEVEL) == 0
                     ? slot_of(p, gfn, 1, false) : NULL;

    if (slot == NULL || *slot == 0 ||
        (!mfn_eq(mfn, INVALID_MFN) && !mfn_eq(pte_mfn(*slot), mfn))) {
        return NULL;
    }
    return slot;
}

int p2m_remove(struct domain *d, uint64_t gfn, mfn_t mfn)
{
    struct p2m *p = d->p2m;
    uint64_t *slot, old = 0;

    spin_lock(&p->lock);
    slot = find_slot(p, gfn, mfn);
    if (slot != NULL) {
        old = replace(d, slot, 0);
    }
    spin_unlock(&p->lock);
    drop_held(old);
    return slot != NULL ? 0 : -ENOENT;
}

int p2m_take(struct domain *d, uint64_t gfn, mfn_t mfn, enum p2m_type type)
{
    struct p2m *p = d->p2m;
    uint64_t *slot;
    int rc = -ENOENT;

    spin_lock(&p->lock);
    slot = find_slot(p, gfn, mfn);
    if (slot != NULL && p2m_entry_type(*slot) == type) {
        (void)replace(d, slot, 0);
        rc = 0;
    }
    spin_unlock(&p->lock);
    return rc;
}

int p2m_change_type(struct domain *d, uint64_t gfn, enum p2m_type from,
                    enum p2m_type to)
{
    struct p2m *p = d->p2m;
    uint64_t *slot;
    int rc = -EBUSY;

    spin_lock(&p->lock);
    slot = find_slot(p, gfn, INVALID_MFN);
    if (slot != NULL && p2m_entry_type(*slot) == from) {
        (void)replace(d, slot, make_leaf(pte_mfn(*slot), to, 1));
        rc = 0;
    }
    spin_unlock(&p->lock);
    return rc;
}

uint64_t p2m_clean_range(struct domain *d, uint64_t gfn, unsigned int nr)
{
    struct p2m *p = d->p2m;
    uint64_t dirty = 0;

    spin_lock(&p->lock);
    for (unsigned int i = 0; i < nr && i < 64; i++) {
        uint64_t *slot = find_slot(p, gfn + i, INVALID_MFN);

        if (slot != NULL && p2m_entry_type(*slot) == P2M_RAM) {
            atomic_store(slot, make_leaf(pte_mfn(*slot), P2M_RAM_LOGDIRTY, 1));
            dirty |= 1ull << i;
        }
    }
    spin_unlock(&p->lock);
    return dirty;
}

void p2m_flush(struct domain *d)
{
    d->p2m->flush(d);
}

void p2m_mark_dirty(struct domain *d, uint64_t gfn)
{
    struct p2m *p = d->p2m;
    uint64_t *slot;

    spin_lock(&p->lock);
    slot = find_slot(p, gfn, INVALID_MFN);
    if (slot != NULL && p2m_entry_type(*slot) == P2M_RAM_LOGDIRTY) {
        atomic_store(slot, make_leaf(pte_mfn(*slot), P2M_RAM, 1));
    }
    spin_unlock(&p->lock);
}

/* ---- death -------------------------------------------------------------------------- */

/* The first gfn from @gfn on that may have an entry at level 1, in @slot. */
static uint64_t next_slot(struct p2m *p, uint64_t gfn, uint64_t **slot)
{
    while (gfn <= p->max_gfn) {
        uint64_t *t = p->root, span;
        unsigned int level = TOP_LEVEL;

        for (;; level--) {
            *slot = &t[index_at(gfn, level)];
            if (level == 1 || **slot == 0 || is_leaf(**slot)) {
                break;
            }
            t = mfn_to_virt(pte_mfn(**slot));
        }
        if (level == 1) {
            return gfn;
        }
        span = 1ull << (9 * (level - 1));
        gfn = (gfn & ~(span - 1)) + span;
    }
    return gfn;
}

int p2m_relinquish(struct domain *d)
{
    struct p2m *p = d->p2m;
    unsigned int n = 0;

    while (p != NULL && p->nr_held != 0 && p->pos <= p->max_gfn) {
        uint64_t *slot = NULL;

        p->pos = next_slot(p, p->pos, &slot);
        if (p->pos > p->max_gfn) {
            break;
        }
        if (is_held(*slot)) {
            drop_held(*slot);
            *slot = 0;
            p->nr_held--;
        }
        p->pos++;
        if (++n % 64 == 0 && hypercall_preempt()) {
            return -ERESTART;
        }
    }
    return 0;
}
