/* SPDX-License-Identifier: MIT */
/*
 * boot/multiboot.h - the parts of Multiboot 1 and 2 that are read.
 *
 * Source  Multiboot Specification 0.6.96, 3.3; 2.0, 3.6.
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include <hv/types.h>

#define MB1_MAGIC 0x2badb002u
#define MB2_MAGIC 0x36d76289u

#define MB1_HAS_CMDLINE 0x004u
#define MB1_HAS_MODS    0x008u
#define MB1_HAS_MMAP    0x040u
#define MB1_HAS_LOADER  0x200u

struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
    uint32_t mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
    uint32_t drives[2], config, loader;
};

struct mb1_module {
    uint32_t start, end, cmdline, reserved;
};

struct packed mb1_mmap {
    uint32_t size;                   /* of what follows */
    uint64_t addr, len;
    uint32_t type;
};

enum mb2_tag_type {
    MB2_END, MB2_CMDLINE, MB2_LOADER, MB2_MODULE, MB2_MMAP = 6,
    MB2_FRAMEBUFFER = 8, MB2_EFI64 = 12, MB2_ACPI1 = 14, MB2_ACPI2 = 15,
};

struct mb2_tag {
    uint32_t type, size;
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
    char cmdline[];
};

struct mb2_mmap_entry {
    uint64_t addr, len;
    uint32_t type, zero;
};

struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size, entry_version;
    uint8_t entries[];
};

struct packed mb2_framebuffer {
    struct mb2_tag tag;
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
    uint16_t reserved;
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

#endif
