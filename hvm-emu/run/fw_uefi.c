/* SPDX-License-Identifier: MIT */
/*
 * The script for the tables: a file of the RSDP, one of all tables, pointers
 * as offsets into them with a line for each, sums that are made anew.
 * Covered by tests/unit/hvm-emu/fw/test_uefi.c.
 */
#include <run/fw_uefi.h>

#include <dev/fwcfg.h>
#include <frame/machine.h>
#include <guest/guest_mem.h>
#include <lib/acpi_table.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE       4096u
#define BIOS_MAX   0x40000u
#define SHADOW     0x20000u            /* the part that is seen below 1 MiB */
#define MAX_LINES  64u
#define RSDP_FILE  "etc/acpi/rsdp"
#define TABLE_FILE "etc/acpi/tables"

bool fw_uefi_is(uint64_t file_bytes)
{
    return file_bytes > BIOS_MAX && file_bytes <= FW_UEFI_MAX &&
           file_bytes % PAGE == 0;
}

int fw_uefi_place(struct machine *m, const uint8_t *image, size_t len)
{
    uint64_t at = MACHINE_4G - len;
    int rc = m->hv->populate(m->hv_arg, at / PAGE, (uint32_t)(len / PAGE));

    if (rc == 0 && (guest_write(m, at, image, len) != 0 ||
                    guest_write(m, HVM_BIOS_TOP - SHADOW,
                                image + len - SHADOW, SHADOW) != 0)) {
        rc = -EFAULT;
    }
    return rc;
}

/* ---- the script -------------------------------------------------------------------- */

enum { ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };

struct line {
    uint32_t command;
    union {
        struct {
            char file[56];
            uint32_t align;
            uint8_t zone;
        } __attribute__((packed)) alloc;
        struct {
            char in[56], to[56];
            uint32_t offset;
            uint8_t size;
        } __attribute__((packed)) pointer;
        struct {
            char file[56];
            uint32_t at, start, len;
        } __attribute__((packed)) sum;
        uint8_t pad[124];
    };
} __attribute__((packed));
static_assert(sizeof(struct line) == 128, "table loader");

struct script {
    struct line line[MAX_LINES];
    unsigned int nr;
    uint8_t *tables;                   /* a copy of the blob */
    size_t len;
    uint64_t base;                     /* what its pointers begin at */
    struct acpi_rsdp rsdp;
    bool bad;
};

static struct line *next(struct script *s, uint32_t command)
{
    struct line *l = &s->line[s->nr];

    if (s->nr == MAX_LINES) {
        s->bad = true;
        return l - 1;
    }
    s->nr++;
    l->command = command;
    return l;
}

static void allocate(struct script *s, const char *file, uint32_t align,
                     uint8_t zone)
{
    struct line *l = next(s, ALLOCATE);

    strcpy(l->alloc.file, file);
    l->alloc.align = align;
    l->alloc.zone = zone;
}

/* Address to offset, at @at of the file @in whose bytes are @bytes. */
static uint64_t pointer(struct script *s, const char *in, uint8_t *bytes,
                        uint32_t at, uint8_t size)
{
    uint64_t val = 0;
    struct line *l;

    memcpy(&val, bytes + at, size);
    if (val == 0) {
        return 0;
    }
    if (val < s->base || val - s->base >= s->len) {
        s->bad = true;
        return 0;
    }
    val -= s->base;
    memcpy(bytes + at, &val, size);
    l = next(s, ADD_POINTER);
    strcpy(l->pointer.in, in);
    strcpy(l->pointer.to, TABLE_FILE);
    l->pointer.offset = at;
    l->pointer.size = size;
    return val;
}

static void checksum(struct script *s, const char *file, uint8_t *bytes,
                     uint32_t at, uint32_t start, uint32_t len)
{
    struct line *l = next(s, ADD_CHECKSUM);

    bytes[at] = 0;
    strcpy(l->sum.file, file);
    l->sum.at = at;
    l->sum.start = start;
    l->sum.len = len;
}

/* ---- the tables ---------------------------------------------------------------------- */

static uint32_t length_of(struct script *s, uint64_t table)
{
    struct acpi_header h;

    if (s->len < sizeof(h) || table > s->len - sizeof(h)) {
        s->bad = true;
        return 0;
    }
    memcpy(&h, s->tables + table, sizeof(h));
    if (h.length < sizeof(h) || h.length > s->len - table) {
        s->bad = true;
        return 0;
    }
    return h.length;
}

static void table_sum(struct script *s, uint64_t table)
{
    checksum(s, TABLE_FILE, s->tables,
             (uint32_t)(table + offsetof(struct acpi_header, checksum)),
             (uint32_t)table, length_of(s, table));
}

/* ACPI 5.0, 5.2.9: FACS, DSDT, both again with 64 bits. */
static void fadt(struct script *s, uint64_t table)
{
    static const struct { uint8_t at, size; } pointers[] = {
        { 36, 4 }, { 40, 4 }, { 132, 8 }, { 140, 8 },
    };
    uint32_t len = length_of(s, table);
    unsigned int i;

    for (i = 0; i < 4; i++) {
        if (pointers[i].at + pointers[i].size <= len) {
            pointer(s, TABLE_FILE, s->tables,
                    (uint32_t)table + pointers[i].at, pointers[i].size);
        }
    }
    table_sum(s, table);
}

/* An RSDT or XSDT; of the last, what its tables point to. */
static void root(struct script *s, uint64_t table, uint8_t size)
{
    uint32_t end = length_of(s, table), at;

    for (at = sizeof(struct acpi_header); !s->bad && at + size <= end; at += size) {
        uint64_t to = pointer(s, TABLE_FILE, s->tables,
                              (uint32_t)table + at, size);

        if (size == 8 && !s->bad && length_of(s, to) != 0 &&
            memcmp(s->tables + to, "FACP", 4) == 0) {
            fadt(s, to);
        }
    }
    table_sum(s, table);
}

static void write_script(struct script *s)
{
    uint8_t *r = (uint8_t *)&s->rsdp;
    uint64_t rsdt, xsdt;

    memcpy(&s->rsdp, s->tables, sizeof(s->rsdp));
    allocate(s, RSDP_FILE, 16, ZONE_FSEG);
    allocate(s, TABLE_FILE, 64, ZONE_HIGH);
    rsdt = pointer(s, RSDP_FILE, r, offsetof(struct acpi_rsdp, rsdt), 4);
    xsdt = pointer(s, RSDP_FILE, r, offsetof(struct acpi_rsdp, xsdt), 8);
    if (rsdt != 0) {
        root(s, rsdt, 4);
    }
    if (xsdt != 0) {
        root(s, xsdt, 8);
    }
    checksum(s, RSDP_FILE, r, offsetof(struct acpi_rsdp, checksum), 0, 20);
    checksum(s, RSDP_FILE, r, offsetof(struct acpi_rsdp, ext_checksum), 0,
             sizeof(s->rsdp));
}

int fw_uefi_tables(struct machine *m, const struct fw_blob *b)
{
    struct script *s = calloc(1, sizeof(*s));
    int rc = s == NULL ? -ENOMEM
           : b->used < sizeof(s->rsdp) ? -EINVAL : 0;

    if (rc == 0) {
        s->len = b->used;
        s->base = b->base;
        s->tables = malloc(b->used);
        rc = s->tables == NULL ? -ENOMEM : 0;
    }
    if (rc == 0) {
        memcpy(s->tables, b->data, b->used);
        write_script(s);
        rc = s->bad ? -EINVAL
           : fwcfg_file(m, RSDP_FILE, &s->rsdp, sizeof(s->rsdp));
    }
    if (rc == 0) {
        rc = fwcfg_file(m, TABLE_FILE, s->tables, s->len);
    }
    if (rc == 0) {
        rc = fwcfg_file(m, "etc/table-loader", s->line,
                        s->nr * sizeof(s->line[0]));
    }
    if (s != NULL) {
        free(s->tables);
    }
    free(s);
    return rc;
}
