/* SPDX-License-Identifier: MIT */
/*
 * grant/maptrack.c - handles: the number of a mapped grant for its mapper.
 *
 * A handle is free, busy (one CPU maps or unmaps it) or used; only the lock
 * of the table moves it from one to the other, so that two vcpus cannot
 * unmap the same one twice.  Tested by tests/unit/grant/test_grant.c.
 */
#include <grant/table.h>
#include <mm/heap.h>
#include <hv/errno.h>

#define TRACKS_ORDER 3u        /* MAX_MAPTRACK_FRAMES pointers */
_Static_assert(MAX_MAPTRACK_FRAMES * sizeof(void *) ==
               PAGE_SIZE << TRACKS_ORDER, "one pointer per page");

/* The entry of a handle that was made (locked). */
static struct maptrack *entry_of(const struct grant_table *gt,
                                 grant_handle_t handle)
{
    uint64_t i = index_clamp(handle, gt->nr_tracks);

    return handle < gt->nr_tracks
           ? &gt->tracks[i / TRACKS_PER_FRAME][i % TRACKS_PER_FRAME] : NULL;
}

/* Another page of free handles (locked). */
static int add_page(struct grant_table *gt)
{
    uint32_t page = gt->nr_tracks / TRACKS_PER_FRAME;
    struct maptrack *t;

    if (page >= gt->max_track_frames) {
        return -ENOSPC;
    }
    if (gt->tracks == NULL) {
        gt->tracks = heap_alloc_pages(TRACKS_ORDER);
    }
    t = gt->tracks != NULL ? heap_alloc_pages(0) : NULL;
    if (t == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < TRACKS_PER_FRAME; i++) {
        t[i].gref = gt->nr_tracks + i + 1;
    }
    t[TRACKS_PER_FRAME - 1].gref = NO_HANDLE;
    gt->tracks[page] = t;
    gt->free_track = gt->nr_tracks;
    gt->nr_tracks += TRACKS_PER_FRAME;
    return 0;
}

unsigned int maptrack_alloc(struct domain *ld, grant_handle_t *handles,
                            unsigned int nr)
{
    struct grant_table *gt = ld->grant;
    unsigned int i;

    spin_lock(&gt->maptrack_lock);
    for (i = 0; i < nr; i++) {
        struct maptrack *t;

        if (gt->free_track == NO_HANDLE && add_page(gt) != 0) {
            break;
        }
        t = entry_of(gt, gt->free_track);
        handles[i] = gt->free_track;
        gt->free_track = t->gref;
        t->busy = true;
    }
    spin_unlock(&gt->maptrack_lock);
    return i;
}

static void free_locked(struct grant_table *gt, grant_handle_t handle,
                        struct maptrack *t)
{
    t->rd = NULL;
    t->flags = 0;
    t->busy = false;
    t->gref = gt->free_track;
    gt->free_track = handle;
}

void maptrack_free(struct domain *ld, const grant_handle_t *handles,
                   unsigned int nr)
{
    struct grant_table *gt = ld->grant;

    if (nr == 0) {
        return;
    }
    spin_lock(&gt->maptrack_lock);
    while (nr-- > 0) {
        free_locked(gt, handles[nr], entry_of(gt, handles[nr]));
    }
    spin_unlock(&gt->maptrack_lock);
}

/* No lock: the handle is busy, hence ours, until busy is cleared. */
void maptrack_commit(struct domain *ld, grant_handle_t handle,
                     const struct grant_use *use, uint16_t flags)
{
    struct maptrack *t = entry_of(ld->grant, handle);

    t->gref = use->gref;
    t->flags = flags;
    t->rd = use->rd;
    atomic_store_release(&t->busy, false);   /* pairs with maptrack_claim() */
}

void maptrack_claim(struct domain *ld, struct claim *claims, unsigned int nr)
{
    struct grant_table *gt = ld->grant;

    spin_lock(&gt->maptrack_lock);
    for (unsigned int i = 0; i < nr; i++) {
        struct maptrack *t = entry_of(gt, claims[i].handle);

        claims[i].undone = 0;
        claims[i].valid = t != NULL && !atomic_load_acquire(&t->busy) &&
                          t->rd != NULL;
        if (claims[i].valid) {
            t->busy = true;
            claims[i].track = *t;
        }
    }
    spin_unlock(&gt->maptrack_lock);
}

void maptrack_release(struct domain *ld, const struct claim *claims,
                      unsigned int nr)
{
    struct grant_table *gt = ld->grant;

    spin_lock(&gt->maptrack_lock);
    for (unsigned int i = 0; i < nr; i++) {
        struct maptrack *t;

        if (!claims[i].valid) {
            continue;
        }
        t = entry_of(gt, claims[i].handle);
        if (claim_is_over(&claims[i])) {
            free_locked(gt, claims[i].handle, t);
        } else {
            t->flags = (uint16_t)(t->flags & ~claims[i].undone);
            t->busy = false;
        }
    }
    spin_unlock(&gt->maptrack_lock);
}

void maptrack_fini(struct grant_table *gt)
{
    if (gt->tracks == NULL) {
        return;
    }
    for (uint32_t i = 0; i < gt->nr_tracks / TRACKS_PER_FRAME; i++) {
        heap_free_pages(gt->tracks[i], 0);
    }
    heap_free_pages(gt->tracks, TRACKS_ORDER);
}
