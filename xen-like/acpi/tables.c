/* SPDX-License-Identifier: MIT */
/*
 * acpi/tables.c - RSDP, XSDT/RSDT, and the tables they list.
 */
#include <acpi/tables.h>

#include <acpi/fields.h>
#include <acpi/madt.h>
#include <core/mmio.h>
#include <core/boot_info.h>
#include <core/log.h>
#include <lib/string.h>

#define BIOS_START   0xe0000ul
#define BIOS_SIZE    0x20000ul
#define EBDA_POINTER 0x40eul
#define TABLE_MAX    (1u << 20)

struct packed rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
};

static boot_data const struct acpi_header *root;
static boot_data unsigned int root_width;          /* 4: RSDT, 8: XSDT */

static bool boot_text sum_is_zero(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    while (n-- > 0) {
        sum = (uint8_t)(sum + *b++);
    }
    return sum == 0;
}

static const void *boot_text scan(const char *p, size_t bytes)
{
    for (size_t i = 0; i + 20 <= bytes; i += 16) {
        if (memcmp(p + i, "RSD PTR ", 8) == 0 && sum_is_zero(p + i, 20)) {
            return p + i;
        }
    }
    return NULL;
}

static const struct rsdp *boot_text find_rsdp(void)
{
    const char *bios;
    const uint16_t *ebda;
    const void *found = NULL;

    if (boot_info.rsdp != 0) {
        return map_firmware(boot_info.rsdp, sizeof(struct rsdp));
    }
    ebda = map_firmware(EBDA_POINTER, 2);
    if (ebda != NULL && *ebda >= 0x8000) {
        bios = map_firmware((uint64_t)*ebda << 4, 1024);
        found = bios != NULL ? scan(bios, 1024) : NULL;
    }
    if (found == NULL) {
        bios = map_firmware(BIOS_START, BIOS_SIZE);
        found = bios != NULL ? scan(bios, BIOS_SIZE) : NULL;
    }
    return found;
}

/* Map a table whole; NULL when its length or checksum is wrong. */
static const struct acpi_header *boot_text map_table(uint64_t maddr)
{
    const struct acpi_header *h = map_firmware(maddr, sizeof(*h));
    uint32_t length;

    if (h == NULL) {
        return NULL;
    }
    length = h->length;
    if (length < sizeof(*h) || length > TABLE_MAX) {
        return NULL;
    }
    unmap_mmio((void *)h, sizeof(*h));
    h = map_firmware(maddr, length);
    if (h != NULL && !sum_is_zero(h, length)) {
        log_warn("ACPI table %.4s has a wrong checksum", h->signature);
        unmap_mmio((void *)h, length);
        return NULL;
    }
    return h;
}

bool boot_text acpi_entry(unsigned int i, uint64_t *maddr, char signature[4])
{
    const struct acpi_header *h;
    const char *p;

    if (root == NULL ||
        i >= (root->length - (uint32_t)sizeof(*root)) / root_width) {
        return false;
    }
    p = (const char *)(root + 1);
    *maddr = 0;
    memcpy(maddr, p + i * root_width, root_width);
    memset(signature, 0, 4);
    h = map_firmware(*maddr, sizeof(*h));
    if (h != NULL) {
        memcpy(signature, h->signature, 4);
        unmap_mmio((void *)h, sizeof(*h));
    }
    return true;
}

const void *boot_text acpi_find(const char signature[4])
{
    uint64_t maddr;
    char sig[4];

    for (unsigned int i = 0; acpi_entry(i, &maddr, sig); i++) {
        if (memcmp(sig, signature, 4) == 0) {
            return map_table(maddr);
        }
    }
    return NULL;
}

void boot_text acpi_init(void)
{
    const struct rsdp *r = find_rsdp();

    if (r == NULL) {
        log_warn("no ACPI: one CPU, legacy devices");
    } else if (r->revision >= 2 && r->xsdt != 0) {
        root_width = 8;
        root = map_table(r->xsdt);
    }
    if (r != NULL && root == NULL) {
        root_width = 4;
        root = map_table(r->rsdt);
    }
    fields_init();
    madt_init();
}
