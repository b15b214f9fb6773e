/* SPDX-License-Identifier: MIT */
/*
 * pv/guest_walk.h - find the entry that maps an address of the current guest.
 *
 * The walk reads the guest's tables through the direct map.  Tables may
 * change under it; who writes to a found slot first takes a use of its table
 * (guest_hold_l1), which makes the write safe whatever happened meanwhile.
 */
#ifndef PV_GUEST_WALK_H
#define PV_GUEST_WALK_H

#include <arch/paging.h>
#include <domain/domain.h>

/* The L1 entry for @va, or 0 when some level is not present. */
pte_t guest_walk_l1e(uint64_t va);
/* The frame of the L1 table for @va; INVALID_MFN. */
mfn_t guest_walk_l1_table(uint64_t va);

/* A reference and a use of @mfn as a validated table of @d at PGT_*. */
bool must_check guest_hold_table(mfn_t mfn, domid_t owner, uint64_t type);
void guest_release_table(mfn_t mfn);

#endif
