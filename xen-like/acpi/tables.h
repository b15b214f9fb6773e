/* SPDX-License-Identifier: MIT */
/*
 * acpi/tables.h - find the firmware's tables; read-only, checksummed.
 *
 * Source  ACPI 6.4, 5.2.
 */
#ifndef ACPI_TABLES_H
#define ACPI_TABLES_H

#include <hv/types.h>

struct packed acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem_id[6], oem_table_id[8];
    uint32_t oem_revision, creator_id, creator_revision;
};

/* Generic address: where a register is. */
struct packed acpi_gas {
    uint8_t space, width, offset, access;   /* space 0: memory, 1: I/O */
    uint64_t address;
};

/* RSDP from boot_info or by scanning the BIOS area; then acpi/madt and
 * acpi/fields are filled.  A machine without ACPI has one CPU. */
void acpi_init(void);
/* The table, mapped for good; NULL: absent or damaged. */
const void *acpi_find(const char signature[4]);
/* The @i-th table of the root: where, and what; false: no more. */
bool acpi_entry(unsigned int i, uint64_t *maddr, char signature[4]);

#endif
