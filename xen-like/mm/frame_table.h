/* SPDX-License-Identifier: MIT */
/*
 * mm/frame_table.h - struct page_info of each machine frame.
 *
 * Owns    the array at FRAMETABLE_VIRT (one entry per frame up to max_mfn),
 *         translation between mfn, page_info and the direct map.
 * Shapes  16 bytes per frame.  @word holds owner, type and both counts of a
 *         frame in use; its layout is in mm/page_word.h; domain/page_type
 *         is the only writer.  A frame without an owner has PGO_NONE there; a
 *         free one keeps its order and flush stamp in the low bits and is on
 *         a list of mm/buddy through @link.
 * Tests   tests/unit/pv/, tests/unit/mm/test_memory.c
 */
#ifndef MM_FRAME_TABLE_H
#define MM_FRAME_TABLE_H

#include <arch/paging.h>
#include <hv/types.h>

struct page_info {
    uint64_t word;                    /* [a] domain/page_type.h */
    union {
        struct {
            uint32_t next, prev;      /* [heap lock] free list, mfn or ~0 */
        } link;
        struct {
            uint32_t flush_stamp;     /* when the type count fell to 0 */
            uint16_t progress;        /* entries (de)validated so far */
            uint8_t dropping;         /* partial: on its way down */
            uint8_t abroad;           /* another domain had it writable */
        } use;
    };
};
_Static_assert(sizeof(struct page_info) == 16, "frame table density");

#ifdef HOST_TEST
extern struct page_info *frame_table;
extern char *direct_map;
#else
#define frame_table ((struct page_info *)FRAMETABLE_VIRT)
#define direct_map  ((char *)DIRECTMAP_VIRT)
#endif

extern uint64_t max_mfn;       /* frames at or above have no page_info */
extern uint64_t total_frames;  /* RAM frames in the machine */

/* Is @mfn covered by the table (RAM or a hole between RAM)? */
static inline bool mfn_valid(mfn_t mfn)
{
    return mfn_x(mfn) < max_mfn;
}

static inline struct page_info *mfn_to_page(mfn_t mfn)
{
    return &frame_table[mfn_x(mfn)];
}

static inline mfn_t page_to_mfn(const struct page_info *pg)
{
    return _mfn((uint64_t)(pg - frame_table));
}

/* Address of a RAM frame in the permanent direct map. */
static inline void *mfn_to_virt(mfn_t mfn)
{
    return direct_map + (mfn_x(mfn) << PAGE_SHIFT);
}

static inline void *maddr_to_virt(uint64_t maddr)
{
    return direct_map + maddr;
}

static inline mfn_t virt_to_mfn(const void *va)
{
    return _mfn((uint64_t)((const char *)va - direct_map) >> PAGE_SHIFT);
}

static inline void *page_to_virt(const struct page_info *pg)
{
    return mfn_to_virt(page_to_mfn(pg));
}

#endif
