/* SPDX-License-Identifier: MIT */
/*
 * run/fw_blob.h - the piece of guest memory that holds the firmware's tables.
 *
 * Owns    handing out parts of it while it is still a buffer of ours, and the
 *         guest-physical address that each part will have.
 * Tests   tests/unit/hvm-emu/fw/test_firmware.c
 */
#ifndef RUN_FW_BLOB_H
#define RUN_FW_BLOB_H

#include <lib/hvm_map.h>

#include <stddef.h>
#include <stdint.h>

struct fw_blob {
    uint64_t base;                     /* below 4 GiB */
    size_t used;
    uint8_t data[HVM_TABLES_BYTES];
};

/* @len zeroed bytes at a multiple of @align; NULL: they do not fit. */
void *fw_blob_take(struct fw_blob *b, size_t len, size_t align);

/* Where the guest will see @part, one that fw_blob_take() gave. */
uint32_t fw_blob_addr(const struct fw_blob *b, const void *part);

#endif
