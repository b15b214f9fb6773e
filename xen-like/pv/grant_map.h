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

int must_check pv_grant_map(struct vcpu *v, uint64_t addr, bool is_pte,
                            mfn_t frame, uint64_t flags);
int must_check pv_grant_unmap(struct vcpu *v, uint64_t addr, bool is_pte,
                              mfn_t frame, uint64_t flags, uint64_t new_addr,
                              bool *may_be_cached);

#endif
