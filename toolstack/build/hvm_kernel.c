/* SPDX-License-Identifier: MIT */
/*
 * A bzImage is foreign data: every number in its header is checked.
 * Tests: tests/unit/toolstack/test_hvm.c.
 */
#include <build/hvm_kernel.h>
#include <errno.h>
#include <lib/err.h>
#include <stdbool.h>
#include <string.h>

/* Offsets in the file and in the page of parameters alike. */
#define P_RSDP           0x070
#define P_E820_NR        0x1e8
#define HDR              0x1f1         /* setup_sects */
#define HDR_BOOT_FLAG    0x1fe
#define HDR_JUMP         0x201         /* the header ends 0x202 + this */
#define HDR_MAGIC        0x202
#define HDR_VERSION      0x206
#define HDR_LOADER       0x210
#define HDR_LOADFLAGS    0x211
#define HDR_RAMDISK      0x218
#define HDR_RAMDISK_SIZE 0x21c
#define HDR_CMDLINE      0x228
#define HDR_INITRD_MAX   0x22c
#define HDR_RELOCATABLE  0x234
#define HDR_PREFERRED    0x258
#define HDR_INIT_SIZE    0x260
#define HDR_LEAST        0x264
#define P_VIDEO_MODE     0x1fa
#define P_E820           0x2d0
#define E820_BYTES       20

#define VERSION_LEAST    0x020a        /* preferred address, init_size */
#define LOADED_HIGH      1u
#define LOADER_OTHER     0xffu
#define VIDEO_NORMAL     0xffffu

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static int bad(struct err *e, const char *why)
{
    return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the kernel", NULL,
                   "%s", why);
}

static bool is_bzimage(const struct bytes *f)
{
    return f->len >= HDR_LEAST && le16(f->data + HDR_BOOT_FLAG) == 0xaa55 &&
           memcmp(f->data + HDR_MAGIC, "HdrS", 4) == 0;
}

/* Where it runs and how much it uses there before it knows the memory. */
static int take_needs(const uint8_t *f, struct hvm_kernel *k, struct err *e)
{
    uint64_t preferred = le64(f + HDR_PREFERRED);
    uint64_t at = f[HDR_RELOCATABLE] != 0 && preferred < HVM_KERNEL_AT
                      ? HVM_KERNEL_AT : preferred;

    if (at < HVM_KERNEL_AT || at >= HVM_LOW_MAX) {
        return bad(e, "it wants to run at an impossible address");
    }
    k->needs_end = at + le32(f + HDR_INIT_SIZE);
    if (k->needs_end < HVM_KERNEL_AT + k->code_bytes) {
        k->needs_end = HVM_KERNEL_AT + k->code_bytes;
    }
    return 0;
}

int hvm_kernel_parse(const struct bytes *file, struct hvm_kernel *k,
                     struct err *e)
{
    const uint8_t *f = file->data;
    uint64_t sects, start;

    memset(k, 0, sizeof(*k));
    if (!is_bzimage(file)) {
        return bad(e, "it is not a bzImage of Linux");
    }
    if (le16(f + HDR_VERSION) < VERSION_LEAST ||
        (f[HDR_LOADFLAGS] & LOADED_HIGH) == 0) {
        return bad(e, "its boot protocol is older than 2.10");
    }
    sects = f[HDR] == 0 ? 4 : f[HDR];
    start = (sects + 1) * 512;
    if (start >= file->len || HDR_MAGIC + (uint64_t)f[HDR_JUMP] > start) {
        return bad(e, "it is truncated");
    }
    k->header = f + HDR;
    k->header_bytes = HDR_MAGIC + f[HDR_JUMP] - HDR;
    k->code = f + start;
    k->code_bytes = file->len - start;
    k->initrd_max = (uint64_t)le32(f + HDR_INITRD_MAX) + 1;
    return take_needs(f, k, e);
}

int hvm_kernel_place_initrd(const struct hvm_kernel *k, uint64_t low_end,
                            uint64_t initrd_bytes, uint64_t *at,
                            struct err *e)
{
    uint64_t end = hvm_tables(low_end);

    end = end < k->initrd_max ? end : k->initrd_max;
    if (initrd_bytes > end || end - initrd_bytes < k->needs_end ||
        ((end - initrd_bytes) & ~0xfffull) < k->needs_end) {
        return err_set(e, -ENOMEM, ERR_RESOURCE, "not enough memory", NULL,
                       "kernel and initrd need %llu MiB, the guest has %llu "
                       "MiB for them",
                       (unsigned long long)((k->needs_end + initrd_bytes) >>
                                            20) + 1,
                       (unsigned long long)(end >> 20));
    }
    *at = initrd_bytes == 0 ? 0 : (end - initrd_bytes) & ~0xfffull;
    return 0;
}

static void put_map(uint8_t *page, const struct hvm_range *map,
                    unsigned int nr_map)
{
    for (unsigned int i = 0; i < nr_map; i++) {
        uint8_t *row = page + P_E820 + i * E820_BYTES;

        put(row, map[i].addr, 8);
        put(row + 8, map[i].size, 8);
        put(row + 16, map[i].type, 4);
    }
    page[P_E820_NR] = (uint8_t)nr_map;
}

void hvm_kernel_params(const struct hvm_kernel *k, uint64_t initrd,
                       uint64_t initrd_bytes, const struct hvm_range *map,
                       unsigned int nr_map, uint64_t rsdp,
                       uint8_t page[HVM_PARAMS_BYTES])
{
    memset(page, 0, HVM_PARAMS_BYTES);
    memcpy(page + HDR, k->header, k->header_bytes);
    page[HDR_LOADER] = LOADER_OTHER;
    put(page + P_VIDEO_MODE, VIDEO_NORMAL, 2);
    put(page + HDR_RAMDISK, initrd, 4);
    put(page + HDR_RAMDISK_SIZE, initrd_bytes, 4);
    put(page + HDR_CMDLINE, HVM_CMDLINE_AT, 4);
    put(page + P_RSDP, rsdp, 8);
    put_map(page, map, nr_map);
}

void hvm_kernel_gdt(uint64_t gdt[4])
{
    gdt[0] = gdt[1] = 0;
    gdt[2] = 0x00cf9a000000ffffull;
    gdt[3] = 0x00cf92000000ffffull;
}
