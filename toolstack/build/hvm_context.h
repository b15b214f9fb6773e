/* SPDX-License-Identifier: MIT */
/*
 * build/hvm_context.h - the state in which the first vCPU of a guest begins.
 *
 * Owns    the records of that state.  Flat: 32-bit protected mode, paging off,
 *         as xen/arch-x86/hvm/start_info.h and Linux' 32-bit boot protocol
 *         ask for.  Reset: real mode at f000:fff0.  An HVM guest (not a PVH
 *         one) also gets what its interrupt controllers need that no BIOS of
 *         ours sets.
 * ABI     xen/arch-x86/hvm/save.h
 * Tests   tests/unit/toolstack/test_pvh.c, test_hvm.c
 */
#ifndef BUILD_HVM_CONTEXT_H
#define BUILD_HVM_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hvm_start {
    uint32_t entry;            /* EIP; 0: at the reset vector, in real mode */
    uint32_t start_info;       /* EBX */
    unsigned int nr_vcpus;
    bool hvm;                  /* emulated hardware is there */
    uint32_t boot_params;      /* ESI */
    uint32_t gdt;              /* address of Linux' descriptors, 0: none */
};

#define HVM_GDT_BYTES 32u      /* code at 0x10, data at 0x18 */

/*
 * From the records of a fresh domain (@old) to those of one that begins as
 * @s says: the header as it was, vCPU 0, and memory types that let every vCPU
 * cache.  Bytes written, or 0: @old has no header, or @size is too small.
 */
size_t hvm_context_start(const uint8_t *old, size_t old_size,
                         const struct hvm_start *s, uint8_t *out, size_t size);

#endif
