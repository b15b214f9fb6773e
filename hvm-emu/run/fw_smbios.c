/* SPDX-License-Identifier: MIT */
/*
 * Each structure: a fixed part, then its strings, then a zero.  Strings are
 * numbered from 1 as they come.  Tests: tests/unit/hvm-emu/fw/test_firmware.c.
 */
#include <run/fw_smbios.h>

#include <lib/acpi_table.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAKER "Paravane"

struct writer {
    struct fw_blob *b;
    uint8_t *first;
    size_t largest;
    unsigned int nr;
    uint16_t handle;
    int full;
};

/* @len bytes of fixed part with its head, then @... strings up to a NULL. */
static uint8_t *begin(struct writer *w, uint8_t type, uint8_t len, ...)
{
    size_t strings = 0, nr = 0;
    const char *s;
    uint8_t *at, *text;
    va_list ap;

    va_start(ap, len);
    while ((s = va_arg(ap, const char *)) != NULL) {
        strings += strlen(s) + 1;
        nr++;
    }
    va_end(ap);
    strings += nr == 0 ? 2 : 1;
    at = fw_blob_take(w->b, len + strings, 1);
    if (at == NULL) {
        w->full = 1;
        return NULL;
    }
    at[0] = type;
    at[1] = len;
    at[2] = (uint8_t)w->handle;
    at[3] = (uint8_t)(w->handle >> 8);
    text = at + len;
    va_start(ap, len);
    while ((s = va_arg(ap, const char *)) != NULL) {
        text = (uint8_t *)stpcpy((char *)text, s) + 1;
    }
    va_end(ap);
    w->first = w->first == NULL ? at : w->first;
    w->largest = len + strings > w->largest ? len + strings : w->largest;
    w->nr++;
    return at;
}

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

/* Type 0: BIOS. */
static void bios(struct writer *w)
{
    uint8_t *t;

    w->handle = 0;
    t = begin(w, 0, 24, "SeaBIOS", "1", "04/01/2014", NULL);
    if (t != NULL) {
        t[0x4] = 1;
        t[0x5] = 2;
        put(t + 0x6, 0xe000, 2);
        t[0x8] = 3;
        t[0x9] = 1;                    /* 128 KiB */
        put(t + 0xa, 8, 8);            /* no characteristics */
        t[0x13] = 4;                   /* a virtual machine */
        t[0x16] = t[0x17] = 0xff;      /* no embedded controller */
    }
}

/* Type 1: system.  Before SMBIOS 2.6 all of a UUID is big-endian. */
static void system_info(struct writer *w, const uint8_t uuid[16])
{
    char serial[37], *s = serial;
    uint8_t *t;

    for (int i = 0; i < 16; i++) {
        s += sprintf(s, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10
                                      ? "-" : "", uuid[i]);
    }
    w->handle = 0x100;
    t = begin(w, 1, 27, MAKER, "HVM domU", "0.1", serial, NULL);
    if (t != NULL) {
        t[4] = 1;
        t[5] = 2;
        t[6] = 3;
        t[7] = 4;
        memcpy(t + 8, uuid, 16);
        t[0x18] = 6;                   /* woken by the power switch */
    }
}

/* Type 3: enclosure. */
static void enclosure(struct writer *w)
{
    uint8_t *t;

    w->handle = 0x300;
    t = begin(w, 3, 13, MAKER, NULL);
    if (t != NULL) {
        t[4] = 1;
        t[5] = 1;                      /* other */
        t[9] = t[10] = t[11] = 3;      /* boot, power, thermal: safe */
        t[12] = 2;                     /* security: unknown */
    }
}

/* Type 4: a processor. */
static void processor(struct writer *w, unsigned int n)
{
    char socket[16];
    uint8_t *t;

    snprintf(socket, sizeof(socket), "CPU %u", n);
    w->handle = (uint16_t)(0x400 + n);
    t = begin(w, 4, 35, socket, MAKER, NULL);
    if (t != NULL) {
        t[4] = 1;
        t[5] = 3;                      /* central processor */
        t[6] = 1;                      /* family: other */
        t[7] = 2;
        t[0x18] = 0x41;                /* populated, enabled */
        t[0x19] = 1;                   /* upgrade: other */
        put(t + 0x1a, 0xffff, 2);      /* no cache information */
        put(t + 0x1c, 0xffff, 2);
        put(t + 0x1e, 0xffff, 2);
    }
}

#define DIMM_MIB 16384u                /* one is at most 16 GiB */

/* Types 16, 17, 19: the memory, its modules, where they appear. */
static void memory(struct writer *w, uint64_t kib)
{
    uint64_t mib = kib / 1024;
    unsigned int nr = (unsigned int)((mib + DIMM_MIB - 1) / DIMM_MIB);
    uint8_t *t;

    nr = nr == 0 ? 1 : nr > 64 ? 64 : nr;
    w->handle = 0x1000;
    t = begin(w, 16, 15, NULL);
    if (t != NULL) {
        t[4] = 1;                      /* other place */
        t[5] = 3;                      /* system memory */
        t[6] = 6;                      /* multi-bit correction */
        put(t + 7, kib < 0x80000000u ? kib : 0x80000000u, 4);
        put(t + 0xb, 0xfffe, 2);       /* no error */
        put(t + 0xd, nr, 2);
    }
    for (unsigned int i = 0; i < nr; i++) {
        uint64_t part = mib - (uint64_t)i * DIMM_MIB;
        char name[16];

        part = i + 1 < nr && part > DIMM_MIB ? DIMM_MIB : part;
        snprintf(name, sizeof(name), "DIMM %u", i);
        w->handle = (uint16_t)(0x1100 + i);
        t = begin(w, 17, 21, name, NULL);
        if (t != NULL) {
            put(t + 4, 0x1000, 2);
            put(t + 6, 0xfffe, 2);
            put(t + 8, 64, 2);
            put(t + 0xa, 64, 2);
            put(t + 0xc, part < 0x7fff ? part : 0x7fff, 2);
            t[0xe] = 9;                /* DIMM */
            t[0x10] = 1;
            t[0x12] = 7;               /* RAM */
        }
    }
    w->handle = 0x1300;
    t = begin(w, 19, 15, NULL);
    if (t != NULL) {
        put(t + 8, kib - 1 < 0xffffffffu ? kib - 1 : 0xffffffffu, 4);
        put(t + 0xc, 0x1000, 2);
        t[0xe] = 1;
    }
}

/* Types 32 and 127: no boot error; the end. */
static void last(struct writer *w)
{
    w->handle = 0x2000;
    begin(w, 32, 11, NULL);
    w->handle = 0x7f00;
    begin(w, 127, 4, NULL);
}

struct entry {
    char anchor[4];
    uint8_t checksum, length, major, minor;
    uint16_t largest;
    uint8_t revision, formatted[5];
    char anchor2[5];
    uint8_t checksum2;
    uint16_t bytes;
    uint32_t address;
    uint16_t nr;
    uint8_t bcd;
} __attribute__((packed));
static_assert(sizeof(struct entry) == FW_SMBIOS_ENTRY_BYTES, "DSP0134, 5.2");

uint32_t fw_smbios_build(struct fw_blob *b, const uint8_t uuid[16],
                         unsigned int nr_vcpus, uint64_t memory_kib,
                         bool uefi)
{
    struct entry *e = fw_blob_take(b, sizeof(*e), 16);
    struct writer w = { .b = b };

    (void)fw_blob_take(b, 0, 16);
    if (!uefi) {
        bios(&w);                      /* UEFI firmware says what it is */
    }
    system_info(&w, uuid);
    enclosure(&w);
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        processor(&w, i);
    }
    memory(&w, memory_kib);
    last(&w);
    if (e == NULL || w.full) {
        return 0;
    }
    memcpy(e->anchor, "_SM_", 4);
    memcpy(e->anchor2, "_DMI_", 5);
    e->length = sizeof(*e);
    e->major = 2;
    e->minor = 4;
    e->largest = (uint16_t)w.largest;
    e->bytes = (uint16_t)(b->data + b->used - w.first);
    e->address = fw_blob_addr(b, w.first);
    e->nr = (uint16_t)w.nr;
    e->bcd = 0x24;
    e->checksum2 = acpi_checksum(e->anchor2, sizeof(*e) - 16);
    e->checksum = acpi_checksum(e, sizeof(*e));
    return fw_blob_addr(b, e);
}

uint32_t fw_smbios_tables(const void *entry)
{
    return ((const struct entry *)entry)->address;
}

uint32_t fw_smbios_bytes(const void *entry)
{
    return ((const struct entry *)entry)->bytes;
}
