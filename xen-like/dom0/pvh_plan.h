/* SPDX-License-Identifier: MIT */
/*
 * dom0/pvh_plan.h - a PVH first domain: where things lie, and what it is
 * told of the machine.
 *
 * Owns    arithmetic and tables only: no frame is touched.
 *
 *   its RAM lies where the machine has it (frame n is frame n), in one range
 *   of it: kernel where it asks to be ... initrd | start info | ACPI tables
 *
 * ABI     xen/arch-x86/hvm/start_info.h; ACPI 6.4, 5.2.
 * Tests   tests/unit/dom0/test_pvh_plan.c
 */
#ifndef DOM0_PVH_PLAN_H
#define DOM0_PVH_PLAN_H

#include <acpi/madt.h>
#include <lib/e820.h>
#include <mm/early.h>

#define PVH_INFO_BYTES (2 * PAGE_SIZE)
#define PVH_ACPI_BYTES PAGE_SIZE

struct pvh_plan {
    uint64_t initrd;                 /* first byte; 0: none */
    uint64_t info, acpi;             /* pages */
    struct e820_map map;             /* as the domain is told it */
};

/*
 * @ram: what it has from 1 MiB up, ascending.  Below that it gets copies.
 * -ENOMEM: no range holds the kernel [start, end) and the rest.
 */
int must_check pvh_plan(const struct early_range *ram, unsigned int nr,
                        const struct e820_map *host, uint64_t kernel_start,
                        uint64_t kernel_end, uint64_t initrd_bytes,
                        struct pvh_plan *out);

/* Fill PVH_INFO_BYTES of zeros at @info, to be found at @p->info.  -E2BIG:
 * the command line has no room for what it must say. */
int must_check pvh_fill_info(void *info, const struct pvh_plan *p,
                             const char *cmdline, uint64_t initrd_bytes);

/* The tables of firmware that the domain sees beside its own. */
bool pvh_table_allowed(const char signature[4]);
/*
 * Fill PVH_ACPI_BYTES of zeros at @page, to be found at @at: root pointer,
 * root table of @nr tables and a MADT of @vcpus processors, one IO-APIC and
 * the ISA lines of @m.  -ENOSPC.
 */
int must_check pvh_fill_acpi(void *page, uint64_t at, const uint64_t *tables,
                             unsigned int nr, unsigned int vcpus,
                             const struct madt *m);

#endif
