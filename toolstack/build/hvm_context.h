/* SPDX-License-Identifier: MIT */
/*
 * build/hvm_context.h - the state in which the first vCPU of a guest begins.
 *
 * Owns    the records of that state: 32-bit protected mode, flat segments,
 *         paging off, as xen/arch-x86/hvm/start_info.h asks for.
 * ABI     xen/arch-x86/hvm/save.h
 * Tests   tests/unit/toolstack/test_pvh.c
 */
#ifndef BUILD_HVM_CONTEXT_H
#define BUILD_HVM_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

struct hvm_start {
    uint32_t entry;            /* EIP */
    uint32_t start_info;       /* EBX */
    unsigned int nr_vcpus;
};

/*
 * From the records of a fresh domain (@old) to those of one that begins as
 * @s says: the header as it was, vCPU 0, and memory types that let every vCPU
 * cache.  Bytes written, or 0: @old has no header, or @size is too small.
 */
size_t hvm_context_flat(const uint8_t *old, size_t old_size,
                        const struct hvm_start *s, uint8_t *out, size_t size);

#endif
