/* SPDX-License-Identifier: MIT */
/*
 * save/p2m.h - where a PV guest keeps its list of frames, and what is in it.
 *
 * Owns    both ways of finding it (xen/arch-x86/xen.h, arch_shared_info):
 *         linear, by a walk of its page tables from p2m_cr3, and the older
 *         list of lists of frames.
 * Leaves  looking at frames to the caller's function.
 * Tests   tests/unit/save/test_p2m.c
 */
#ifndef SAVE_P2M_H
#define SAVE_P2M_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct p2m_place {
    uint64_t nr_pfns;
    uint64_t cr3, vaddr;       /* linear; cr3 0: not offered */
    uint64_t lists;            /* mfn of the top of the older form */
    /* Copies frame @mfn into @page: 0 or -errno. */
    int (*read)(void *arg, uint64_t mfn, uint64_t page[512]);
    void *arg;
};

/*
 * The mfns of the (nr_pfns + 511) / 512 frames of the list into @frames.
 * SAVE_P2M_LINEAR or SAVE_P2M_LISTS, or -errno with @e.
 */
int p2m_locate(const struct p2m_place *p, uint64_t *frames, struct err *e);

/* An entry as a frame: NO_FRAME for holes, foreign and identity entries. */
uint64_t p2m_entry(uint64_t entry);
/* What a restored guest finds where it has no memory. */
uint64_t p2m_hole(uint64_t old_entry);

#endif
