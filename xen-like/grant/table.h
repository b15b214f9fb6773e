/* SPDX-License-Identifier: MIT */
/*
 * grant/table.h - grant tables, pins and handles.  Private to grant/.
 *
 * INV-GR1  pins > 0   ->  GTF_reading is set in the shared entry by us, and
 *          active.mfn and domid stay as they are; wpins > 0: GTF_writing.
 * INV-GR2  each use of a grant holds one pin, one reference on the frame and,
 *          if writable, one writable use: taken together in grant_pin(),
 *          given back together in grant_unpin().  A reference that went into
 *          a page-table entry comes back when the entry is unmapped, or
 *          leaves with it.
 * INV-GR3  a used handle holds a reference on the granting domain: a number
 *          that is used again cannot be mistaken for it.
 * INV-GR4  nr_frames only grows; what lies below is filled.
 */
#ifndef GRANT_TABLE_H
#define GRANT_TABLE_H

#include <arch/nospec.h>
#include <domain/page_type.h>
#include <grant/grant.h>
#include <xen/grant_table.h>

#define GRANTS_PER_FRAME   (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAX_GRANT_FRAMES   256u
#define TRACKS_PER_FRAME   (PAGE_SIZE / sizeof(struct maptrack))
#define MAX_MAPTRACK_FRAMES 4096u
#define MAX_PINS           0xfff0u
#define PIN_TRIES          5       /* the guest may change an entry meanwhile */

struct active {                      /* [lock of the table] */
    mfn_t mfn;
    uint16_t pins, wpins;            /* uses, and the writable ones of them */
    domid_t domid;
    uint16_t pad;
};
_Static_assert(sizeof(struct active) == 16, "two pages per grant frame");
#define ACTIVE_ORDER 1u

/* A handle: what was mapped, so that exactly that is unmapped. */
struct maptrack {
    struct domain *rd;               /* [maptrack_lock] NULL: free */
    grant_ref_t gref;                /* or the next free handle */
    uint16_t flags;                  /* GNTMAP_* still to be undone */
    bool busy;                       /* somebody maps or unmaps it now */
};
_Static_assert(sizeof(struct maptrack) == 16, "256 handles per page");

struct grant_table {
    spinlock_t lock;                 /* LOCK_GRANT */
    uint32_t nr_frames;              /* [a] INV-GR4 */
    uint32_t max_frames;             /* [lock] quota */
    struct grant_entry_v1 *shared[MAX_GRANT_FRAMES];
    struct active *active[MAX_GRANT_FRAMES];

    spinlock_t maptrack_lock;        /* LOCK_MAPTRACK */
    uint32_t max_track_frames;       /* [maptrack_lock] quota */
    uint32_t nr_tracks;              /* [maptrack_lock] handles made so far */
    uint32_t free_track;             /* [maptrack_lock] NO_HANDLE: none */
    uint32_t relinquished;           /* progress of grant_relinquish() */
    struct maptrack **tracks;        /* MAX_MAPTRACK_FRAMES pages */
};
#define NO_HANDLE (~0u)

/* One use of a grant, while somebody has it. */
struct grant_use {
    struct domain *rd;
    mfn_t mfn;
    grant_ref_t gref;
    bool readonly;
};

/* For arrays that are filled before they are read. */
#define GRANT_SCRATCH __attribute__((uninitialized))

extern const struct grant_map_ops *grant_map_ops;

/*
 * A reference on @mfn of @owner, and a writable use unless @readonly.  Not a
 * GNTST_*: FRAME_IS_TABLE, the frame may not be written; it has a reference
 * that the caller drops once it holds no lock (the last one takes locks that
 * come before ours), and the status is GNTST_general_error.
 */
#define FRAME_IS_TABLE 1
static inline int grant_take_frame(mfn_t mfn, domid_t owner, bool readonly)
{
    if (likely(readonly ? page_get(mfn, owner)
                        : page_get_writable(mfn, owner))) {
        return GNTST_okay;
    }
    return !readonly && page_get(mfn, owner) ? FRAME_IS_TABLE
                                             : GNTST_bad_page;
}

static inline void grant_drop_frame(mfn_t mfn, bool readonly)
{
    if (readonly) {
        page_put(mfn_to_page(mfn));
    } else {
        page_put_writable(mfn_to_page(mfn));
    }
}

/* The entry of @gref in both arrays; false: out of range. */
static inline bool grant_entry(const struct grant_table *gt, grant_ref_t gref,
                               struct grant_entry_v1 **shared,
                               struct active **act)
{
    uint64_t nr = (uint64_t)atomic_load_acquire(&gt->nr_frames) *
                  GRANTS_PER_FRAME;
    uint64_t i = index_clamp(gref, nr);

    if (gref >= nr) {
        return false;
    }
    *shared = &gt->shared[i / GRANTS_PER_FRAME][i % GRANTS_PER_FRAME];
    *act = &gt->active[i / GRANTS_PER_FRAME][i % GRANTS_PER_FRAME];
    return true;
}

/* Tell the granter, in its entry, that the grant is in use.  Flags and domid
 * are one word: compare what must be, then set our bits. */
static inline int grant_mark_in_use(struct grant_entry_v1 *shared,
                                    domid_t domid, bool readonly)
{
    uint32_t *word = (uint32_t *)shared;
    uint32_t must = 0xffff0000u | GTF_type_mask | GTF_sub_page |
                    (readonly ? 0 : GTF_readonly);
    uint32_t want = (uint32_t)domid << 16 | GTF_permit_access;
    uint32_t set = readonly ? GTF_reading : GTF_reading | GTF_writing;
    uint32_t old = atomic_load(word);

    for (int i = 0; i < PIN_TRIES; i++) {
        if ((old & must) != want) {
            break;
        }
        if (likely(atomic_cmpxchg(word, &old, old | set))) {
            return GNTST_okay;
        }
    }
    return GNTST_general_error;
}

/*
 * Take a use (INV-GR2) of @use->gref of @use->rd for @ld; fills @use->mfn.
 * GNTST_okay, or the status the guest gets.
 */
int must_check grant_pin(struct grant_use *use, const struct domain *ld);
/* Give all of it back; or only the pin, when a page-table entry took the
 * references with it. */
void grant_unpin(const struct grant_use *use);
void grant_unpin_only(const struct grant_use *use);

/* The granter of the last operation, kept for the next one. */
struct granter {
    domid_t domid;
    struct domain *d;                /* with a reference; NULL: none kept */
};
struct domain *granter_get(struct granter *g, domid_t domid);
void granter_put(struct granter *g);

/*
 * maptrack.c, a batch at a time.  New handles are busy and unknown to others
 * until commit; how many there were is returned.  Those not used go back.
 */
unsigned int maptrack_alloc(struct domain *ld, grant_handle_t *handles,
                            unsigned int nr);
void maptrack_free(struct domain *ld, const grant_handle_t *handles,
                   unsigned int nr);
void maptrack_commit(struct domain *ld, grant_handle_t handle,
                     const struct grant_use *use, uint16_t flags);

/* A handle claimed for unmapping: nobody else can claim it. */
struct claim {
    grant_handle_t handle;
    bool valid;                      /* else: no such handle, or busy */
    struct maptrack track;           /* as it was */
    uint16_t undone;                 /* purposes that are gone now */
};
void maptrack_claim(struct domain *ld, struct claim *claims, unsigned int nr);
/* End of the claims.  Handles with nothing left are free again, and their
 * references on granters are the caller's to drop (claim_is_over()). */
void maptrack_release(struct domain *ld, const struct claim *claims,
                      unsigned int nr);
#define MAP_PURPOSES (GNTMAP_host_map | GNTMAP_device_map)
static inline bool claim_is_over(const struct claim *c)
{
    return c->valid && (c->track.flags & ~c->undone & MAP_PURPOSES) == 0;
}
void maptrack_fini(struct grant_table *gt);

/* map.c, copy.c: one batch of operations, already copied in. */
#define GRANT_BATCH 16u
void grant_map_batch(struct domain *ld, struct gnttab_map_grant_ref *ops,
                     unsigned int nr);
void grant_map_undo(struct domain *ld, struct gnttab_map_grant_ref *ops,
                    unsigned int nr);
struct grant_unmap_op {
    uint64_t host_addr, dev_bus_addr, new_addr;
    grant_handle_t handle;
    int16_t status;
};
void grant_unmap_batch(struct domain *ld, struct grant_unmap_op *ops,
                       unsigned int nr);
void grant_copy_batch(struct domain *ld, struct gnttab_copy *ops,
                      unsigned int nr);

#endif
