/* SPDX-License-Identifier: MIT */
/*
 * build/pv_tables.h - the contents of a new PV guest's first page tables.
 *
 * Owns    the entries, computed into plain memory from a layout and a p2m.
 *         Every page is writable except the page tables, which are mapped
 *         read-only as the hypervisor demands.
 * Leaves  copying them into the guest and pinning to pv_boot.
 * Tests   tests/unit/toolstack/test_pv_layout.c
 */
#ifndef BUILD_PV_TABLES_H
#define BUILD_PV_TABLES_H

#include <build/pv_layout.h>

struct pv_tables {
    uint64_t (*page)[512];     /* layout.tables, then layout.p2m_tables */
    uint64_t nr;
};

/* @p2m: pfn to mfn, layout.nr_pages entries.  0 or -ENOMEM. */
int pv_tables_build(const struct pv_layout *l, const uint64_t *p2m,
                    struct pv_tables *t);
void pv_tables_free(struct pv_tables *t);

/* The pfn that page @i of the result goes to. */
uint64_t pv_tables_pfn(const struct pv_layout *l, uint64_t i);

#endif
