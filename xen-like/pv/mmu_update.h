/* SPDX-License-Identifier: MIT */
/*
 * pv/mmu_update.h - the doors that change page-table entries.
 *
 * ABI     HYPERVISOR_mmu_update, update_va_mapping, mmuext_op (xen/xen.h)
 */
#ifndef PV_MMU_UPDATE_H
#define PV_MMU_UPDATE_H

#include <hv/types.h>

long do_mmu_update(uint64_t reqs, uint64_t count, uint64_t done,
                   uint64_t foreigndom, uint64_t a4, uint64_t a5);
long do_update_va_mapping(uint64_t va, uint64_t pte, uint64_t flags,
                          uint64_t a3, uint64_t a4, uint64_t a5);
long do_update_va_mapping_otherdomain(uint64_t va, uint64_t pte,
                                      uint64_t flags, uint64_t domid,
                                      uint64_t a4, uint64_t a5);
long do_mmuext_op(uint64_t ops, uint64_t count, uint64_t done,
                  uint64_t foreigndom, uint64_t a4, uint64_t a5);

/* Bit of @count that marks a continuation of ours. */
#define MMU_PREEMPTED 0x80000000u

#endif
