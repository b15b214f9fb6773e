/* SPDX-License-Identifier: MIT */
/*
 * build/hvm_kernel.h - Linux in an HVM guest without a boot loader.
 *
 * Owns    the 32-bit boot protocol (Documentation/arch/x86/boot.rst, 2.10 or
 *         newer): what a bzImage says of itself, where its parts go, the page
 *         of parameters it is handed.
 * Leaves  copying all that into the guest to hvm_boot.h.  No BIOS runs before
 *         such a kernel: there is no text screen, and it finds the firmware's
 *         tables by an address.
 * Tests   tests/unit/toolstack/test_hvm.c
 */
#ifndef BUILD_HVM_KERNEL_H
#define BUILD_HVM_KERNEL_H

#include <build/unpack.h>
#include <lib/hvm_map.h>

struct err;

#define HVM_KERNEL_AT    0x100000u
#define HVM_PARAMS_AT    0x90000u      /* a page */
#define HVM_CMDLINE_AT   0x91000u
#define HVM_GDT_AT       0x92000u
#define HVM_PARAMS_BYTES 4096u
#define HVM_CMDLINE_MAX  2047u

struct hvm_kernel {
    const uint8_t *header;     /* in the file: what is copied to the page */
    uint32_t header_bytes;
    const uint8_t *code;
    uint64_t code_bytes;
    uint64_t needs_end;        /* first address that it leaves alone */
    uint64_t initrd_max;       /* an initrd ends below this */
};

/* Pointers into @file stay in @k.  0, or -EINVAL with @e. */
int hvm_kernel_parse(const struct bytes *file, struct hvm_kernel *k,
                     struct err *e);

/* Where the initrd goes.  0, or -ENOMEM: the guest is too small. */
int hvm_kernel_place_initrd(const struct hvm_kernel *k, uint64_t low_end,
                            uint64_t initrd_bytes, uint64_t *at,
                            struct err *e);

/* The page of parameters. */
void hvm_kernel_params(const struct hvm_kernel *k, uint64_t initrd,
                       uint64_t initrd_bytes, const struct hvm_range *map,
                       unsigned int nr_map, uint64_t rsdp,
                       uint8_t page[HVM_PARAMS_BYTES]);

/* Descriptors of flat code (0x10) and data (0x18). */
void hvm_kernel_gdt(uint64_t gdt[4]);

#endif
