/* SPDX-License-Identifier: MIT */
/*
 * acpi/madt.h - CPUs, IO-APICs and how ISA interrupts are wired.
 *
 * Source  ACPI 6.4, 5.2.12.
 */
#ifndef ACPI_MADT_H
#define ACPI_MADT_H

#include <hv/limits.h>
#include <hv/types.h>

struct madt_cpu {
    uint32_t apic_id, acpi_id;
};

struct madt_ioapic {
    uint64_t maddr;
    unsigned int gsi_base;
    uint8_t id;
};

struct madt {
    uint64_t lapic_maddr;
    unsigned int nr_cpus, nr_ioapics;
    struct madt_cpu cpu[NR_CPUS];        /* enabled ones */
    struct madt_ioapic ioapic[16];
    struct {
        unsigned int gsi;
        bool level, low;
    } isa[16];                           /* by ISA IRQ */
};

extern struct madt madt;                 /* [I] after acpi_init() */
void madt_init(void);

#endif
