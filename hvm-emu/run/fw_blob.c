/* SPDX-License-Identifier: MIT */
/*
 * Room for tables.  Tests: tests/unit/hvm-emu/fw/test_firmware.c.
 */
#include <run/fw_blob.h>

#include <string.h>

void *fw_blob_take(struct fw_blob *b, size_t len, size_t align)
{
    size_t at = (b->used + align - 1) / align * align;

    if (at > sizeof(b->data) || len > sizeof(b->data) - at) {
        return NULL;
    }
    b->used = at + len;
    return memset(b->data + at, 0, len);
}

uint32_t fw_blob_addr(const struct fw_blob *b, const void *part)
{
    return (uint32_t)(b->base + (size_t)((const uint8_t *)part - b->data));
}
