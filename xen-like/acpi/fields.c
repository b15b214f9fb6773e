/* SPDX-License-Identifier: MIT */
/*
 * acpi/fields.c - FADT, HPET, MCFG.
 */
#include <acpi/fields.h>

#include <lib/string.h>

#define FADT_PM1A_CNT  64
#define FADT_PM1B_CNT  68
#define FADT_PM_TMR    76
#define FADT_CENTURY   108
#define FADT_FLAGS     112
#define FADT_RESET     116
#define FADT_RESET_VAL 128
#define FLAG_TMR_32    (1u << 8)
#define FLAG_RESET     (1u << 10)
#define HPET_ADDRESS   40
#define MCFG_FIRST     44

struct packed mcfg_entry {
    uint64_t maddr;
    uint16_t segment;
    uint8_t first_bus, last_bus;
    uint32_t reserved;
};

struct acpi_fields acpi;

/* @n bytes at @off of a table, zeros beyond its end. */
static void boot_text get(const void *table, uint32_t off, void *to, size_t n)
{
    const struct acpi_header *h = table;

    memset(to, 0, n);
    if (off + n <= h->length) {
        memcpy(to, (const char *)table + off, n);
    }
}

static void boot_text read_fadt(const void *t)
{
    uint32_t v;

    get(t, FADT_PM_TMR, &v, 4);
    acpi.pm_timer_port = (uint16_t)v;
    get(t, FADT_PM1A_CNT, &v, 4);
    acpi.pm1a_cnt = (uint16_t)v;
    get(t, FADT_PM1B_CNT, &v, 4);
    acpi.pm1b_cnt = (uint16_t)v;
    get(t, FADT_CENTURY, &acpi.century, 1);
    get(t, FADT_FLAGS, &v, 4);
    acpi.pm_timer_32bit = (v & FLAG_TMR_32) != 0;
    get(t, FADT_RESET, &acpi.reset_reg, sizeof(acpi.reset_reg));
    get(t, FADT_RESET_VAL, &acpi.reset_value, 1);
    acpi.has_reset = (v & FLAG_RESET) && acpi.reset_reg.address != 0;
}

static void boot_text read_mcfg(const void *t)
{
    const struct acpi_header *h = t;
    const struct mcfg_entry *e = (const void *)((const char *)t + MCFG_FIRST);

    while ((const char *)(e + 1) <= (const char *)t + h->length &&
           acpi.nr_mcfg < MAX_MCFG) {
        acpi.mcfg[acpi.nr_mcfg++] = (struct mcfg_range){
            e->maddr, e->segment, e->first_bus, e->last_bus };
        e++;
    }
}

void boot_text fields_init(void)
{
    const void *t = acpi_find("FACP");
    struct acpi_gas gas;

    if (t != NULL) {
        read_fadt(t);
    }
    t = acpi_find("HPET");
    if (t != NULL) {
        get(t, HPET_ADDRESS, &gas, sizeof(gas));
        acpi.hpet_maddr = gas.space == 0 ? gas.address : 0;
    }
    t = acpi_find("MCFG");
    if (t != NULL) {
        read_mcfg(t);
    }
}
