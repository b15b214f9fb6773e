/* SPDX-License-Identifier: MIT */
/*
 * domain/page_type.h - one word per frame: owner, type and both counts.
 *
 * A frame has one use at a time: page table of level 1-4, descriptor page, or
 * writable data.  Its word (struct page_info.word) holds everything, so that
 * one compare-and-swap checks and changes it, and no lock is needed.
 *
 *   63..49 owner      domid of the owner (15 bits), or PGO_* below
 *   48     allocated  the owner's own reference is part of the count
 *   47..45 type       PGT_*
 *   44     validated  a page table or descriptor page passed all checks
 *   43     pinned     the guest asked that the type stays
 *   42     partial    (de)validation was interrupted; page_info.progress
 *   41..24 tcount     uses as its type (18 bits)
 *   23..0  count      references (24 bits)
 *
 * INV-PT1  tcount > 0                    ->  the type stays as it is.
 * INV-PT2  a validated L1..L4 frame      ->  no guest PTE maps it writable.
 * INV-PT3  tcount > 0                    ->  count > 0 (each typed use holds
 *          a reference too).
 * INV-PT4  count > 0                     ->  owner is set.
 * INV-PT5  type changes                  ->  tcount was 0 and every CPU that
 *          may cache the old use has flushed (decided on the old type).
 * Counts that would overflow refuse the new reference.
 *
 * Locks   none.  A validated table cannot lose its type while its user holds
 *         a typed use; entries change by compare-and-swap.
 * Tests   tests/unit/domain/test_page_type.c (all pairs, two-thread model)
 */
#ifndef DOMAIN_PAGE_TYPE_H
#define DOMAIN_PAGE_TYPE_H

#include <abi/public.h>
#include <mm/frame_table.h>

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

/* A reference to a frame of @owner (a domid); false: not its frame. */
bool must_check page_get(mfn_t mfn, domid_t owner);
/* A reference and a use as writable data, in one step. */
bool must_check page_get_writable(mfn_t mfn, domid_t owner);
/* Another reference; the caller holds one. */
bool must_check page_ref(struct page_info *pg);
/* A reference whoever owns it (foreign mapping); *owner is filled. */
bool must_check page_get_any(mfn_t mfn, domid_t *owner);
void page_put(struct page_info *pg);
void page_put_writable(struct page_info *pg);

/*
 * A use of a frame, on which the caller holds a reference, as @type.
 * 0; -EBUSY: in use as another type, or count full; -ERESTART: preempted
 * (partial state is kept in the frame, call again); -EINVAL: its contents
 * fail validation.
 */
int must_check page_get_type(struct page_info *pg, uint64_t type);
/* Drop a use; the last one of an unpinned table devalidates it. */
void page_put_type(struct page_info *pg);
/* The same, may return -ERESTART. */
int must_check page_put_type_preemptible(struct page_info *pg);

/* pv/pt_validate hands its functions down (init/main.c). */
struct page_type_ops {
    int (*validate)(struct page_info *pg, uint64_t type, bool preemptible);
    int (*devalidate)(struct page_info *pg, uint64_t type, bool preemptible);
    cpumask_t (*dirty_cpus)(domid_t owner);
};
void page_type_set_ops(const struct page_type_ops *ops);

#endif
