/* SPDX-License-Identifier: MIT */
/*
 * core/boot_info.h - what the boot loader and the firmware told us.
 *
 * Owns    struct boot_info, filled once by boot/multiboot2 and read-only
 *         afterwards.  It is copied out of the loader's memory, which may be
 *         given to the allocator; the modules' bytes stay where they are
 *         until the first domain is built.
 * Units   machine byte addresses.
 */
#ifndef CORE_BOOT_INFO_H
#define CORE_BOOT_INFO_H

#include <abi/public.h>
#include <lib/e820.h>

#define BOOT_MAX_MODULES 8u
#define BOOT_CMDLINE     2048u

struct boot_module {
    uint64_t maddr;          /* first byte; page-aligned by the loader */
    uint64_t size;           /* bytes */
    char cmdline[BOOT_CMDLINE];
};

struct boot_info {
    char cmdline[BOOT_CMDLINE];
    char loader[64];
    struct e820_map e820;            /* sanitized */
    unsigned int nr_modules;
    struct boot_module module[BOOT_MAX_MODULES];
    uint64_t rsdp;                   /* 0: not told, scan the BIOS area */
    bool efi;                        /* booted by UEFI */
    uint64_t efi_system_table;
    bool have_vga;                   /* @vga is valid */
    struct dom0_vga_console_info vga;
};

extern struct boot_info boot_info;

#endif
