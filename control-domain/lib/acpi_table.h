/* SPDX-License-Identifier: MIT */
/*
 * lib/acpi_table.h - what all firmware tables that we write have in common.
 *
 * Owns    the header and its checksum, the root pointer, the local APIC
 *         entries of the MADT.
 * Leaves  which tables a guest gets to toolstack/build/acpi (no firmware) and
 *         hvm-emu/run/fw_acpi (a BIOS).
 * ABI     ACPI 5.1: 5.2.5 RSDP, 5.2.6 headers, 5.2.12 MADT
 * Tests   tests/unit/toolstack/test_pvh.c, tests/unit/hvm-emu/fw/test_firmware.c
 */
#ifndef LIB_ACPI_TABLE_H
#define LIB_ACPI_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem_id[6], oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
} __attribute__((packed));

struct acpi_rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t ext_checksum, reserved[3];
} __attribute__((packed));

struct acpi_lapic {
    uint8_t type, length, uid, id;
    uint32_t flags;
} __attribute__((packed));

struct acpi_madt {
    struct acpi_header h;
    uint32_t lapic_base, flags;
} __attribute__((packed));

#define ACPI_LAPIC_BASE 0xfee00000u

/* What makes the sum of all bytes zero. */
uint8_t acpi_checksum(const void *data, size_t len);

/* Header of a table whose body is complete. */
void acpi_finish(struct acpi_header *h, const char *signature, size_t length,
                 uint8_t revision);
/* @rsdt may be 0. */
void acpi_write_rsdp(struct acpi_rsdp *r, uint32_t rsdt, uint64_t xsdt);

/* vCPU @n, whose APIC id is twice its number. */
struct acpi_lapic acpi_lapic_of(unsigned int n, unsigned int online);

#endif
