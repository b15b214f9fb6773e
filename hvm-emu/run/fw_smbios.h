/* SPDX-License-Identifier: MIT */
/*
 * run/fw_smbios.h - what the machine says of itself: SMBIOS 2.4.
 *
 * Owns    the structures of types 0, 1, 3, 4, 16, 17, 19, 32 and 127, and
 *         their entry point.
 * ABI     DMTF DSP0134 2.7
 * Tests   tests/unit/hvm-emu/fw/test_firmware.c
 */
#ifndef RUN_FW_SMBIOS_H
#define RUN_FW_SMBIOS_H

#include <run/fw_blob.h>

#include <stdbool.h>

#define FW_SMBIOS_ENTRY_BYTES 31u

/*
 * The entry point's address, or 0: no room.  UEFI firmware makes the structure
 * that describes a BIOS (type 0) itself.
 */
uint32_t fw_smbios_build(struct fw_blob *b, const uint8_t uuid[16],
                         unsigned int nr_vcpus, uint64_t memory_kib,
                         bool uefi);
/* Where an entry point says that the structures are, and how many bytes. */
uint32_t fw_smbios_tables(const void *entry);
uint32_t fw_smbios_bytes(const void *entry);

#endif
