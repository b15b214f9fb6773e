/* SPDX-License-Identifier: MIT */
/*
 * The smallest set of tables with which a stock kernel finds its CPUs.  There
 * is no fixed hardware: no power management timer, no 8042, no CMOS clock.
 * Tests: tests/unit/toolstack/test_pvh.c.
 */
#include <assert.h>
#include <build/acpi.h>
#include <lib/acpi_table.h>
#include <stdbool.h>
#include <string.h>

#define FADT_WBINVD      (1u << 0)
#define FADT_HW_REDUCED  (1u << 20)
#define BOOT_NO_VGA      (1u << 2)
#define BOOT_NO_CMOS_RTC (1u << 5)

struct xsdt {
    struct acpi_header h;
    uint64_t table[2];
} __attribute__((packed));

struct fadt {
    struct acpi_header h;
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

struct madt {
    struct acpi_madt h;
    struct acpi_lapic cpu[];
} __attribute__((packed));

static_assert(sizeof(struct fadt) == 268, "ACPI 5.2.9");
static_assert(offsetof(struct fadt, flags) == 112, "ACPI 5.2.9");
static_assert(offsetof(struct fadt, x_dsdt) == 140, "ACPI 5.2.9");

static void write_fadt(struct fadt *f, uint64_t dsdt)
{
    f->boot_arch = BOOT_NO_VGA | BOOT_NO_CMOS_RTC;
    f->flags = FADT_WBINVD | FADT_HW_REDUCED;
    f->minor_revision = 1;
    f->dsdt = (uint32_t)dsdt;
    f->x_dsdt = dsdt;
    acpi_finish(&f->h, "FACP", sizeof(*f), 5);
}

static void write_madt(struct madt *m, unsigned int max_vcpus,
                       unsigned int online)
{
    m->h.lapic_base = ACPI_LAPIC_BASE;
    for (unsigned int i = 0; i < max_vcpus; i++) {
        m->cpu[i] = acpi_lapic_of(i, online);
    }
    acpi_finish(&m->h.h, "APIC",
                sizeof(*m) + max_vcpus * sizeof(struct acpi_lapic), 3);
}

size_t acpi_build(uint8_t *out, size_t size, uint64_t base,
                  unsigned int max_vcpus, unsigned int online)
{
    size_t xsdt_at = sizeof(struct acpi_rsdp) + 4;          /* 8-byte aligned */
    size_t dsdt_at = xsdt_at + sizeof(struct xsdt);
    size_t fadt_at = dsdt_at + sizeof(struct acpi_header);
    size_t madt_at = fadt_at + sizeof(struct fadt);
    size_t end = madt_at + sizeof(struct madt) +
                 max_vcpus * sizeof(struct acpi_lapic);
    struct xsdt *x = (struct xsdt *)(out + xsdt_at);

    if (max_vcpus > ACPI_MAX_VCPUS || end > size) {
        return 0;
    }
    memset(out, 0, end);
    acpi_write_rsdp((struct acpi_rsdp *)out, 0, base + xsdt_at);
    acpi_finish((struct acpi_header *)(out + dsdt_at), "DSDT",
                sizeof(struct acpi_header), 2);
    write_fadt((struct fadt *)(out + fadt_at), base + dsdt_at);
    write_madt((struct madt *)(out + madt_at), max_vcpus, online);
    x->table[0] = base + fadt_at;
    x->table[1] = base + madt_at;
    acpi_finish(&x->h, "XSDT", sizeof(*x), 1);
    return end;
}
