/* SPDX-License-Identifier: MIT */
/*
 * lib/hvm_map.h - the guest-physical memory of an HVM guest.
 *
 * Owns    the numbers that its builder and its device model have to agree on,
 *         and the memory map that its firmware or kernel is told:
 *
 *   0 .. 640 KiB          RAM; an information block for the BIOS at 4 KiB
 *   a0000 .. bffff        the window of the VGA: no RAM
 *   c0000 .. fffff        RAM that holds the BIOS
 *   1 MiB .. low_end      RAM; its last pages hold the firmware's tables
 *   f0000000 .. fbffffff  windows of devices
 *   fc000000 .. ffffffff  APICs, HPET, the hypervisor's special pages
 *   4 GiB .. high_end     the rest of the RAM
 *
 * Tests   tests/unit/lib/test_hvm_map.c
 */
#ifndef LIB_HVM_MAP_H
#define LIB_HVM_MAP_H

#include <stdint.h>

#define HVM_LOW_MAX      0xf0000000ull
#define HVM_WINDOWS_END  0xfc000000ull
#define HVM_4G           0x100000000ull
#define HVM_VGA          0xa0000u
#define HVM_BIOS_AREA    0xc0000u      /* the VGA's window ends here */
#define HVM_BIOS_TOP     0x100000u     /* of the BIOS: 1 MiB */
#define HVM_TABLES_BYTES 0x10000u      /* below low_end */
#define HVM_SMALLEST_KIB 4096u
#define HVM_VIDEO_KIB    16384u        /* the device model adds them */
#define HVM_UEFI_KIB     4096u         /* and for UEFI firmware these */
#define HVM_MAP_MAX      7u

/* Types as BIOSes number them (ACPI 6.0, 15). */
enum { HVM_RAM = 1, HVM_RESERVED = 2, HVM_ACPI = 3 };

struct hvm_range {
    uint64_t addr, size;
    uint32_t type;
};

static inline uint64_t hvm_low_end(uint64_t memory_kib)
{
    return memory_kib * 1024 < HVM_LOW_MAX ? memory_kib * 1024 : HVM_LOW_MAX;
}

/* 4 GiB if all of it is below. */
static inline uint64_t hvm_high_end(uint64_t memory_kib)
{
    return HVM_4G + memory_kib * 1024 - hvm_low_end(memory_kib);
}

static inline uint64_t hvm_tables(uint64_t low_end)
{
    return low_end - HVM_TABLES_BYTES;
}

/* How many ranges, in ascending order. */
unsigned int hvm_map_fill(struct hvm_range map[HVM_MAP_MAX], uint64_t low_end,
                          uint64_t high_end);

#endif
