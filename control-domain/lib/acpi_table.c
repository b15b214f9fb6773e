/* SPDX-License-Identifier: MIT */
/*
 * Common parts of firmware tables.  Tests: tests/unit/toolstack/test_pvh.c.
 */
#include <lib/acpi_table.h>

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");
static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 5.2.5.3");
static_assert(sizeof(struct acpi_madt) == 44, "ACPI 5.2.12");

#define LAPIC_TYPE    0
#define LAPIC_ENABLED 1u

uint8_t acpi_checksum(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint8_t s = 0;

    for (size_t i = 0; i < len; i++) {
        s = (uint8_t)(s + p[i]);
    }
    return (uint8_t)-s;
}

void acpi_finish(struct acpi_header *h, const char *signature, size_t length,
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
    h->checksum = acpi_checksum(h, length);
}

void acpi_write_rsdp(struct acpi_rsdp *r, uint32_t rsdt, uint64_t xsdt)
{
    memset(r, 0, sizeof(*r));
    memcpy(r->signature, "RSD PTR ", 8);
    memcpy(r->oem_id, "PARAVN", 6);
    r->revision = 2;
    r->rsdt = rsdt;
    r->length = sizeof(*r);
    r->xsdt = xsdt;
    r->checksum = acpi_checksum(r, 20);    /* of the part of ACPI 1.0 */
    r->ext_checksum = acpi_checksum(r, sizeof(*r));
}

struct acpi_lapic acpi_lapic_of(unsigned int n, unsigned int online)
{
    return (struct acpi_lapic){
        .type = LAPIC_TYPE, .length = sizeof(struct acpi_lapic),
        .uid = (uint8_t)n, .id = (uint8_t)(2 * n),
        .flags = n < online ? LAPIC_ENABLED : 0,
    };
}
