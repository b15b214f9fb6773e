/* SPDX-License-Identifier: MIT */
/*
 * domain/pages.h - frames owned by a domain.
 *
 * Owns    assigning a frame to a domain, taking it back, the free order
 *         (unlink, flush, drop, scrub, free), accounting in tot_pages.
 * Tests   tests/unit/pv/test_page_type.c, test_tables.c
 */
#ifndef DOMAIN_PAGES_H
#define DOMAIN_PAGES_H

#include <domain/domain.h>
#include <domain/page_type.h>

/* @nr frames from @mfn, fresh from the buddy allocator or flushed from every
 * guest's CPUs, become @d's: as of no type, which asks for no flush.
 * -E2BIG: beyond max_pages; -EINVAL: @d is dying. */
int must_check pages_assign(struct domain *d, mfn_t mfn, uint64_t nr);

/* Allocate 2^order frames for @d, cleared.  INVALID_MFN: none. */
mfn_t must_check pages_alloc(struct domain *d, unsigned int order,
                             unsigned int addr_bits);

/* Drop the reference that @d has on an allocated frame of its own; it is freed
 * when the last other reference goes.  false: was not its (any more). */
bool pages_release(const struct domain *d, struct page_info *pg);

/* Take a frame with no use but the owner's away from @d: it is nobody's.  To
 * be freed, or assigned again after a flush of all that guests may still
 * cache of it: its type is forgotten.  -EBUSY: still in use. */
int must_check pages_steal(struct domain *d, struct page_info *pg);

/* All frames of a dying domain; preemptible: -ERESTART. */
int must_check pages_relinquish(struct domain *d);

/* Called by page_put when the count falls to 0. */
void pages_free_last(struct page_info *pg, uint64_t old_word);

/* One frame of ours that @d (or with PGO_XEN, any guest) may map: shared
 * info, grant table frames.  Counted as a reference-held page; never typed
 * as page table.  share: @writable by the guest or read-only. */
void pages_share_frame(mfn_t mfn, domid_t owner, bool writable);
/* Undo: refuse new references; frees the frame when the last has gone. */
void pages_unshare_frame(mfn_t mfn);

#endif
