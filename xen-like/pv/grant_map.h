/* SPDX-License-Identifier: MIT */
/*
 * pv/grant_map.h - granted frames in a PV guest's page tables.
 *
 * The entry is found by linear address, or with @is_pte by the machine
 * address of the entry itself.  It must be in a level-1 table of @v's domain.
 * @flags are PTE bits.  The entry takes over the caller's reference on @frame
 * (and its writable use if PTE_RW); unmap gives them back.
 */
#ifndef PV_GRANT_MAP_H
#define PV_GRANT_MAP_H

#include <domain/domain.h>

/* A page table that stays in use from one call to the next: begin with
 * zeros, end with pv_grant_done(). */
struct grant_map_cache {
    uint64_t key;                /* what was looked up last; 0: nothing */
    mfn_t table;                 /* and is held */
};

int must_check pv_grant_map(struct vcpu *v, struct grant_map_cache *cache,
                            uint64_t addr, bool is_pte, mfn_t frame,
                            uint64_t flags);
int must_check pv_grant_unmap(struct vcpu *v, struct grant_map_cache *cache,
                              uint64_t addr, bool is_pte, mfn_t frame,
                              uint64_t flags, uint64_t new_addr,
                              bool *may_be_cached);
void pv_grant_done(struct grant_map_cache *cache);

#endif
