/* SPDX-License-Identifier: MIT */
/*
 * build/acpi.h - the firmware tables of a guest without firmware.
 *
 * Owns    RSDP, XSDT, FADT (hardware-reduced), MADT (one local APIC for each
 *         vCPU) and an empty DSDT, laid out in one piece.
 * Leaves  copying them into the guest to pvh_boot.
 * ABI     ACPI 5.1: 5.2.5 RSDP, 5.2.9 FADT, 5.2.12 MADT
 * Tests   tests/unit/toolstack/test_pvh.c
 */
#ifndef BUILD_ACPI_H
#define BUILD_ACPI_H

#include <stddef.h>
#include <stdint.h>

#define ACPI_MAX_VCPUS 128u            /* APIC ids are twice the number: 8 bits */

/*
 * Write the tables for guest-physical address @base; the RSDP comes first.
 * How many bytes, or 0: @size is too small or there are too many vCPUs.
 */
size_t acpi_build(uint8_t *out, size_t size, uint64_t base,
                  unsigned int max_vcpus, unsigned int online);

#endif
