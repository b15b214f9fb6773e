/* SPDX-License-Identifier: MIT */
/*
 * mm/page_word.h - layout of struct page_info.word.
 *
 *   63..49 owner      domid of the owner (15 bits), or PGO_* below
 *   48     allocated  the owner's own reference is part of the count
 *   47..45 type       PGT_*
 *   44     validated  may be used as its type: checks passed, old use flushed
 *   43     pinned     the guest asked that the type stays
 *   42     partial    (de)validation was interrupted; page_info.progress
 *   41..24 tcount     uses as its type (18 bits)
 *   23..0  count      references (24 bits)
 *
 * What it means, and who may write it: domain/page_type.h.
 */
#ifndef MM_PAGE_WORD_H
#define MM_PAGE_WORD_H

#include <hv/types.h>

#define PG_COUNT_MASK     0x0000000000fffffful
#define PG_TCOUNT_SHIFT   24
#define PG_TCOUNT_ONE     (1ul << PG_TCOUNT_SHIFT)
#define PG_TCOUNT_MASK    (0x3fffful << PG_TCOUNT_SHIFT)
#define PG_PARTIAL        (1ul << 42)
#define PG_PINNED         (1ul << 43)
#define PG_VALIDATED      (1ul << 44)
#define PG_TYPE_SHIFT     45
#define PG_TYPE_MASK      (7ul << PG_TYPE_SHIFT)
#define PG_ALLOCATED      (1ul << 48)
#define PG_OWNER_SHIFT    49
#define PG_OWNER_MASK     (0x7ffful << PG_OWNER_SHIFT)

#define PGT_NONE          (0ul << PG_TYPE_SHIFT)
#define PGT_L1            (1ul << PG_TYPE_SHIFT)
#define PGT_L2            (2ul << PG_TYPE_SHIFT)
#define PGT_L3            (3ul << PG_TYPE_SHIFT)
#define PGT_L4            (4ul << PG_TYPE_SHIFT)
#define PGT_SEG           (5ul << PG_TYPE_SHIFT)   /* GDT or LDT page */
#define PGT_WRITABLE      (7ul << PG_TYPE_SHIFT)

/* Owners that are no domain one can create. */
#define PGO_NONE          0x7ffful      /* free, or the hypervisor's own */
#define PGO_IO            0x7ff1ul      /* MMIO and holes: DOMID_IO */
#define PGO_XEN           0x7ff2ul      /* ours, guests may map: DOMID_XEN */

static inline uint64_t page_owner_id(uint64_t word)
{
    return word >> PG_OWNER_SHIFT;
}

#endif
