/* SPDX-License-Identifier: MIT */
/*
 * run/fw_acpi.h - the ACPI tables of an HVM guest.
 *
 * Owns    RSDP, RSDT, XSDT, FADT, FACS, DSDT (run/dsdt.sh), MADT, HPET and an
 *         SSDT that names the processors.
 * Leaves  putting them into the guest to firmware.c.
 * ABI     ACPI 4.0: 5.2
 * Tests   tests/unit/hvm-emu/fw/test_firmware.c (iasl reads them back)
 */
#ifndef RUN_FW_ACPI_H
#define RUN_FW_ACPI_H

#include <run/fw_blob.h>

#define FW_ACPI_MAX_VCPUS 128u

/*
 * The RSDP's address, or 0: no room, or too many vCPUs.  The RSDP is the
 * first thing in an empty blob.  Windows of devices lie from @windows on.
 */
uint32_t fw_acpi_build(struct fw_blob *b, unsigned int nr_vcpus,
                       uint32_t windows);

#endif
