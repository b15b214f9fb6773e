/* SPDX-License-Identifier: MIT */
/*
 * run/fw_uefi.h - what UEFI firmware (OVMF as packaged) is given.
 *
 * Owns    its image below 4 GiB and the end of it below 1 MiB, where vCPU 0
 *         begins (fw_uefi); ACPI tables as files of dev/fwcfg, with a script
 *         by which OVMF places them (fw_uefi); memory map, number of CPUs,
 *         boot order, SMBIOS (fw_uefi_items).
 * Leaves  the tables' contents to fw_acpi.h.  Variables are not kept: the
 *         image is RAM, which OVMF notices.
 * Source  QEMU, docs/specs/fw_cfg, acpi table loader
 * Tests   tests/unit/hvm-emu/fw/test_uefi.c
 */
#ifndef RUN_FW_UEFI_H
#define RUN_FW_UEFI_H

#include <run/fw_blob.h>

#include <stdbool.h>

struct machine;

#define FW_UEFI_MAX (4u << 20)

/* Larger than any BIOS, and whole pages. */
bool fw_uefi_is(uint64_t file_bytes);
/* 0 or -errno. */
int fw_uefi_place(struct machine *m, const uint8_t *image, size_t len);
/* Tables of @b, an RSDP first. */
int fw_uefi_tables(struct machine *m, const struct fw_blob *b);
/* All there is to tell, with the SMBIOS entry in @b at the address @smbios. */
int fw_uefi_describe(struct machine *m, const struct fw_blob *b,
                     uint32_t smbios);

#endif
