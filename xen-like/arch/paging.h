/* SPDX-License-Identifier: MIT */
/*
 * arch/paging.h - page-table entries, table indexes and the linear layout.
 *
 * Owns    PTE bits, l1..l4 index macros, the fixed linear ranges.
 * Source  SDM vol. 3A, 4.5 (4-level paging); xen/arch-x86/xen-x86_64.h for
 *         the hypervisor's range (L4 slots 256-271) and the M2P's place.
 * Tests   docs/memory-map.md is the drawing of the ranges below.
 */
#ifndef ARCH_PAGING_H
#define ARCH_PAGING_H

#define PTE_P        0x001ul
#define PTE_RW       0x002ul
#define PTE_US       0x004ul
#define PTE_PWT      0x008ul
#define PTE_PCD      0x010ul
#define PTE_A        0x020ul
#define PTE_D        0x040ul
#define PTE_PSE      0x080ul     /* L2, L3; PAT in an L1 entry */
#define PTE_PAT      0x080ul
#define PTE_G        0x100ul
#define PTE_AVAIL0   0x200ul
#define PTE_AVAIL    0xe00ul
#define PTE_NX       0x8000000000000000ul
#define PTE_ADDR     0x000ffffffffff000ul
#define PTE_FLAGS    (~PTE_ADDR)

#define PT_ENTRIES   512u
#define L2_SHIFT     21
#define PT_INDEX(va, level) (((va) >> (12 + 9 * ((level) - 1))) & 511)

/* Linear ranges of the hypervisor: L4 slots 256-271. */
#define HV_SLOT_FIRST   256
#define HV_SLOT_LAST    271
#define HV_VIRT_START   0xffff800000000000ul
#define HV_VIRT_END     0xffff880000000000ul
#define RO_M2P_VIRT     0xffff800000000000ul  /* slot 256, guests may read */
#define RW_M2P_VIRT     0xffff808000000000ul  /* slot 257 */
#define FRAMETABLE_VIRT 0xffff810000000000ul  /* slot 258 */
#define VMAP_VIRT       0xffff818000000000ul  /* slot 259: stacks, MMIO */
#define PERDOM_VIRT     0xffff820000000000ul  /* slot 260: GDT, LDT of vCPUs */
#define PERDOM_SLOT     260
#define IMAGE_VIRT      0xffff82d040000000ul  /* slot 261 */
#define DIRECTMAP_VIRT  0xffff830000000000ul  /* slots 262-271: 5 TiB */
#define DIRECTMAP_SIZE  (HV_VIRT_END - DIRECTMAP_VIRT)

#ifndef __ASSEMBLY__
#include <hv/types.h>

typedef uint64_t pte_t;

static inline mfn_t pte_mfn(pte_t e) { return _mfn((e & PTE_ADDR) >> 12); }
static inline pte_t pte_make(mfn_t m, uint64_t flags)
{
    return (mfn_x(m) << 12) | flags;
}

static inline bool is_canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* May a PV guest's pointer reach [va, va+len)?  Not into our range. */
static always_inline bool guest_range_ok(uint64_t va, uint64_t len)
{
    uint64_t end = va + len;

    return end >= va &&
           (end <= 0x0000800000000000ul || va >= HV_VIRT_END);
}
#endif
#endif
