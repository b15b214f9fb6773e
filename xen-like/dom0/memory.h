/* SPDX-License-Identifier: MIT */
/*
 * dom0/memory.h - frames of the first domain and its first page tables.
 *
 * Owns    allocation in large chunks, the pfn-to-mfn list while it is being
 *         built (@p2m, a temporary), the page tables over it.
 * Units   boot only.
 */
#ifndef DOM0_MEMORY_H
#define DOM0_MEMORY_H

#include <dom0/layout.h>
#include <domain/domain.h>

struct dom0_memory {
    struct domain *d;
    const struct dom0_layout *l;
    uint64_t *p2m;              /* nr_pages machine frame numbers */
    unsigned int p2m_order;
    mfn_t l4;
    uint64_t next_table;        /* pfn of the next unused table page */
};

/*
 * Give @d all its frames: those from @initrd (its first frame, or
 * INVALID_MFN) at the pfns of the layout, the rest from the allocator.
 * Contents are undefined unless @clear.
 */
int must_check dom0_memory_alloc(struct dom0_memory *m, mfn_t initrd,
                                 bool clear);
/* Where pfn's bytes are. */
void *dom0_memory_va(const struct dom0_memory *m, uint64_t pfn);
/* Copy to, or clear, linear bytes of the map at virt_base. */
void dom0_memory_copy(const struct dom0_memory *m, uint64_t va,
                      const void *src, uint64_t bytes);
void dom0_memory_clear(const struct dom0_memory *m, uint64_t va,
                       uint64_t bytes);
/* Write the p2m list to its place and build all page tables. */
void dom0_memory_map(struct dom0_memory *m);
void dom0_memory_free_temp(struct dom0_memory *m);

#endif
