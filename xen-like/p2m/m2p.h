/* SPDX-License-Identifier: MIT */
/*
 * p2m/m2p.h - the machine-to-physical table: for each frame, the pfn its
 * owner gave it.
 *
 * Owns    the words at RW_M2P_VIRT; guests read the same frames at
 *         RO_M2P_VIRT.  mm/map maps both at boot; all entries begin as
 *         M2P_INVALID.  The hypervisor keeps the table for PV guests, who
 *         own its truth: a wrong entry hurts only the frame's owner.
 * ABI     xen/arch-x86/xen-x86_64.h (machine_to_phys_mapping).
 * Locks   none: one aligned store per entry.
 */
#ifndef P2M_M2P_H
#define P2M_M2P_H

#include <arch/paging.h>
#include <mm/frame_table.h>

#define M2P_INVALID (~0ull)

#ifdef HOST_TEST
extern uint64_t *m2p_table;
#else
#define m2p_table ((uint64_t *)RW_M2P_VIRT)
#endif

/* @mfn must be below max_mfn. */
static inline void m2p_set(mfn_t mfn, uint64_t pfn)
{
    __atomic_store_n(&m2p_table[mfn_x(mfn)], pfn, __ATOMIC_RELAXED);
}

static inline uint64_t m2p_get(mfn_t mfn)
{
    return __atomic_load_n(&m2p_table[mfn_x(mfn)], __ATOMIC_RELAXED);
}

#endif
