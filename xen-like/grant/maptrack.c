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

int maptrack_alloc(struct domain *ld, grant_handle_t *handle)
{
    struct grant_table *gt = ld->grant;
    int rc = 0;

    spin_lock(&gt->maptrack_lock);
    if (gt->free_track == NO_HANDLE) {
        rc = add_page(gt);
    }
    if (rc == 0) {
        struct maptrack *t = entry_of(gt, gt->free_track);

        *handle = gt->free_track;
        gt->free_track = t->gref;
        t->busy = true;
    }
    spin_unlock(&gt->maptrack_lock);
    return rc;
}

void maptrack_commit(struct domain *ld, grant_handle_t handle,
                     const struct grant_use *use, uint16_t flags)
{
    struct grant_table *gt = ld->grant;
    struct maptrack *t;

    spin_lock(&gt->maptrack_lock);
    t = entry_of(gt, handle);
    t->rd = use->rd;
    t->gref = use->gref;
    t->flags = flags;
    t->busy = false;
    spin_unlock(&gt->maptrack_lock);
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

void maptrack_free(struct domain *ld, grant_handle_t handle)
{
    struct grant_table *gt = ld->grant;

    spin_lock(&gt->maptrack_lock);
    free_locked(gt, handle, entry_of(gt, handle));
    spin_unlock(&gt->maptrack_lock);
}

bool maptrack_claim(struct domain *ld, grant_handle_t handle,
                    struct maptrack *copy)
{
    struct grant_table *gt = ld->grant;
    struct maptrack *t;
    bool got = false;

    spin_lock(&gt->maptrack_lock);
    t = entry_of(gt, handle);
    if (t != NULL && t->rd != NULL && !t->busy) {
        t->busy = true;
        *copy = *t;
        got = true;
    }
    spin_unlock(&gt->maptrack_lock);
    return got;
}

void maptrack_release(struct domain *ld, grant_handle_t handle,
                      uint16_t flags)
{
    struct grant_table *gt = ld->grant;
    struct maptrack *t;

    spin_lock(&gt->maptrack_lock);
    t = entry_of(gt, handle);
    if ((flags & (GNTMAP_host_map | GNTMAP_device_map)) == 0) {
        free_locked(gt, handle, t);
    } else {
        t->flags = flags;
        t->busy = false;
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
