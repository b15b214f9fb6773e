/* SPDX-License-Identifier: MIT */
/*
 * p2m/p2m.h - frames of a translated guest: gfn to mfn.
 *
 * Owns    the nested page tables of a domain (4 levels, 4 KiB and 2 MiB
 *         leaves), the type of each gfn, the quota of table pages.
 * Leaves  who owns a frame to domain/pages: an entry of the guest's own
 *         memory holds no reference; the owner's one is dropped only after
 *         the entry has gone and no CPU can still use it.  An entry of
 *         somebody else's frame (P2M_FOREIGN*) holds a reference, and a
 *         writable use unless it is read-only.
 * INV-P2M1  a present entry maps a frame of the domain, or a held one.
 * INV-P2M2  table pages are freed with the domain only: lookups take no lock.
 * INV-P2M3  an entry that loses rights: flushed before its frame is let go.
 * Locks   p2m.lock (LOCK_P2M) for changes.
 * Tests   tests/unit/p2m/test_p2m.c
 */
#ifndef P2M_P2M_H
#define P2M_P2M_H

#include <domain/domain.h>
#include <hv/errno.h>

enum p2m_type {
    P2M_NONE,            /* nothing: an access goes to a device model */
    P2M_RAM,
    P2M_RAM_RO,          /* ROM: writes are dropped */
    P2M_RAM_LOGDIRTY,    /* RAM, read-only until written (dirty log) */
    P2M_FOREIGN,         /* held: grant or foreign mapping */
    P2M_FOREIGN_RO,
    P2M_MMIO,            /* a device's registers, mapped through */
    NR_P2M_TYPES
};

struct p2m {
    spinlock_t lock;                 /* LOCK_P2M */
    uint64_t *root;                  /* [I] level 4 */
    uint32_t nr_tables;              /* [lock] */
    uint32_t max_tables;             /* [a] quota, set by the toolstack */
    uint64_t max_gfn;                /* [lock] highest ever mapped */
    uint32_t nr_held;                /* [lock] entries of others' frames */
    mfn_t last;                      /* [lock] newest table: chain */
    uint64_t pos;                    /* relinquish: progress */
    void (*flush)(struct domain *d); /* [I] hvm/: wait until all CPUs did */
};

#define P2M_DEFAULT_TABLES 1024u
#define P2M_MAX_TABLES     0x40000u
/* One past the highest gfn a guest may use: the backend knows. */
extern uint64_t p2m_limit;               /* [I] */

int must_check p2m_init(struct domain *d, void (*flush)(struct domain *d));
/* Drop held entries; preemptible, -ERESTART.  No vcpu runs any more. */
int must_check p2m_relinquish(struct domain *d);
void p2m_free(struct domain *d);

/* What is at @gfn; INVALID_MFN and P2M_NONE: nothing.  No lock: the caller
 * takes a reference with page_get() and friends before it uses the frame. */
mfn_t p2m_lookup(const struct domain *d, uint64_t gfn, enum p2m_type *type);

/* The machine frame that @gfn of @d names, to be checked with page_get*():
 * a PV guest names machine frames. */
static inline mfn_t guest_frame(const struct domain *d, uint64_t gfn)
{
    enum p2m_type t;

    return likely(d->p2m == NULL) ? _mfn(gfn) : p2m_lookup(d, gfn, &t);
}

/*
 * Put 2^order frames from @mfn at @gfn (both aligned; 0..9).  What was there
 * goes: held entries are given up, frames of the domain stay its own.
 * -EINVAL: beyond the limit; -ENOMEM: tables or quota.
 * The caller holds what @type says an entry holds; on success it is the
 * entry's.
 */
int must_check p2m_set(struct domain *d, uint64_t gfn, mfn_t mfn,
                       unsigned int order, enum p2m_type type);
/* Take the entry out if it maps @mfn (INVALID_MFN: whatever), flushed. */
int p2m_remove(struct domain *d, uint64_t gfn, mfn_t mfn);
/* Take out a held entry that maps @mfn as @type, flushed; what it held is the
 * caller's again.  -ENOENT: it is something else. */
int must_check p2m_take(struct domain *d, uint64_t gfn, mfn_t mfn,
                        enum p2m_type type);
/* Change the type of RAM at @gfn from @from to @to; -EBUSY: is not @from. */
int p2m_change_type(struct domain *d, uint64_t gfn,
                               enum p2m_type from, enum p2m_type to);

/*
 * Log what is written: of @nr (<= 64) RAM frames from @gfn on, a bit for each
 * that was written since the last call (at first: all); writes to them are
 * seen after p2m_flush(), which the caller does before it looks at the
 * frames.  0 bits for what is no RAM.
 */
uint64_t p2m_clean_range(struct domain *d, uint64_t gfn, unsigned int nr);
void p2m_flush(struct domain *d);
/* @gfn was written by somebody else. */
void p2m_mark_dirty(struct domain *d, uint64_t gfn);

#endif
