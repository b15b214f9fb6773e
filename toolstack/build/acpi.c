/* SPDX-License-Identifier: MIT */
/*
 * The smallest set of tables with which a stock kernel finds its CPUs.  There
 * is no fixed hardware: no power management timer, no 8042, no CMOS clock.
 * Tests: tests/unit/toolstack/test_pvh.c.
 */
#include <assert.h>
#include <build/acpi.h>
#include <stdbool.h>
#include <string.h>

#define LAPIC_BASE       0xfee00000u
#define FADT_WBINVD      (1u << 0)
#define FADT_HW_REDUCED  (1u << 20)
#define BOOT_NO_VGA      (1u << 2)
#define BOOT_NO_CMOS_RTC (1u << 5)
#define MADT_LAPIC       0
#define LAPIC_ENABLED    1u

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem_id[6], oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t ext_checksum, reserved[3];
} __attribute__((packed));

struct xsdt {
    struct header h;
    uint64_t table[2];
} __attribute__((packed));

struct fadt {
    struct header h;
    uint32_t facs, dsdt;
    uint8_t fixed_hardware[65];        /* offsets 44-108: all absent */
    uint16_t boot_arch;                /* 109 */
    uint8_t reserved;
    uint32_t flags;                    /* 112 */
    uint8_t reset[15];
    uint8_t minor_revision;            /* 131 */
    uint64_t x_facs, x_dsdt;           /* 132, 140 */
    uint8_t x_blocks[120];             /* 148-267 */
} __attribute__((packed));

struct lapic {
    uint8_t type, length, uid, id;
    uint32_t flags;
} __attribute__((packed));

struct madt {
    struct header h;
    uint32_t lapic_base, flags;
    struct lapic cpu[];
} __attribute__((packed));

static_assert(sizeof(struct header) == 36, "ACPI 5.2.6");
static_assert(sizeof(struct rsdp) == 36, "ACPI 5.2.5.3");
static_assert(sizeof(struct fadt) == 268, "ACPI 5.2.9");
static_assert(offsetof(struct fadt, flags) == 112, "ACPI 5.2.9");
static_assert(offsetof(struct fadt, x_dsdt) == 140, "ACPI 5.2.9");

static uint8_t sum(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint8_t s = 0;

    for (size_t i = 0; i < len; i++) {
        s = (uint8_t)(s + p[i]);
    }
    return (uint8_t)-s;
}

static void finish(struct header *h, const char *signature, size_t length,
                   uint8_t revision)
{
    memcpy(h->signature, signature, 4);
    h->length = (uint32_t)length;
    h->revision = revision;
    memcpy(h->oem_id, "PARAVN", 6);
    memcpy(h->oem_table_id, "PARAVANE", 8);
    h->oem_revision = 1;
    memcpy(h->creator_id, "PRVN", 4);
    h->creator_revision = 1;
    h->checksum = 0;
    h->checksum = sum(h, length);
}

static void write_rsdp(struct rsdp *r, uint64_t xsdt)
{
    memcpy(r->signature, "RSD PTR ", 8);
    memcpy(r->oem_id, "PARAVN", 6);
    r->revision = 2;
    r->length = sizeof(*r);
    r->xsdt = xsdt;
    r->checksum = sum(r, 20);          /* of the part known to ACPI 1.0 */
    r->ext_checksum = sum(r, sizeof(*r));
}

static void write_fadt(struct fadt *f, uint64_t dsdt)
{
    f->boot_arch = BOOT_NO_VGA | BOOT_NO_CMOS_RTC;
    f->flags = FADT_WBINVD | FADT_HW_REDUCED;
    f->minor_revision = 1;
    f->dsdt = (uint32_t)dsdt;
    f->x_dsdt = dsdt;
    finish(&f->h, "FACP", sizeof(*f), 5);
}

static void write_madt(struct madt *m, unsigned int max_vcpus,
                       unsigned int online)
{
    m->lapic_base = LAPIC_BASE;
    for (unsigned int i = 0; i < max_vcpus; i++) {
        m->cpu[i] = (struct lapic){
            .type = MADT_LAPIC, .length = sizeof(struct lapic),
            .uid = (uint8_t)i, .id = (uint8_t)(2 * i),
            .flags = i < online ? LAPIC_ENABLED : 0,
        };
    }
    finish(&m->h, "APIC", sizeof(*m) + max_vcpus * sizeof(struct lapic), 3);
}

size_t acpi_build(uint8_t *out, size_t size, uint64_t base,
                  unsigned int max_vcpus, unsigned int online)
{
    size_t xsdt_at = sizeof(struct rsdp) + 4;          /* 8-byte aligned */
    size_t dsdt_at = xsdt_at + sizeof(struct xsdt);
    size_t fadt_at = dsdt_at + sizeof(struct header);
    size_t madt_at = fadt_at + sizeof(struct fadt);
    size_t end = madt_at + sizeof(struct madt) +
                 max_vcpus * sizeof(struct lapic);
    struct xsdt *x = (struct xsdt *)(out + xsdt_at);

    if (max_vcpus > ACPI_MAX_VCPUS || end > size) {
        return 0;
    }
    memset(out, 0, end);
    write_rsdp((struct rsdp *)out, base + xsdt_at);
    finish((struct header *)(out + dsdt_at), "DSDT", sizeof(struct header), 2);
    write_fadt((struct fadt *)(out + fadt_at), base + dsdt_at);
    write_madt((struct madt *)(out + madt_at), max_vcpus, online);
    x->table[0] = base + fadt_at;
    x->table[1] = base + madt_at;
    finish(&x->h, "XSDT", sizeof(*x), 1);
    return end;
}
