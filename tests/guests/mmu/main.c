/* SPDX-License-Identifier: MIT */
/*
 * mmu/main.c - facts about direct paging: what page-table changes a PV guest
 * may make, by which path, and what is refused.  ABI: xen/xen.h (mmu_update,
 * mmuext_op, update_va_mapping).
 */
#include <lib/hypercall.h>
#include <lib/report.h>

#include "mmu.h"

long update(uint64_t maddr, uint64_t value, unsigned int kind)
{
    struct mmu_update req = { .ptr = maddr | kind, .val = value };

    return hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

void guest_main(void)
{
    run_leaves();
    run_tables();
    run_emulated();
    report_end();
}
