/* SPDX-License-Identifier: MIT */
/*
 * acpi/madt.c - walk the multiple APIC description table.
 */
#include <acpi/madt.h>

#include <acpi/tables.h>
#include <core/log.h>
#include <lib/string.h>

enum { LAPIC, IOAPIC, OVERRIDE, LAPIC_ADDRESS = 5, X2APIC = 9 };

struct packed table {
    struct acpi_header h;
    uint32_t lapic_maddr, flags;
};

struct packed entry {
    uint8_t type, length;
    union {
        struct packed {
            uint8_t acpi_id, apic_id;
            uint32_t flags;
        } lapic;
        struct packed {
            uint8_t id, reserved;
            uint32_t maddr, gsi_base;
        } ioapic;
        struct packed {
            uint8_t bus, irq;
            uint32_t gsi;
            uint16_t flags;
        } isa;
        struct packed {
            uint16_t reserved;
            uint64_t maddr;
        } address;
        struct packed {
            uint16_t reserved;
            uint32_t apic_id, flags, acpi_id;
        } x2apic;
    };
};

struct madt madt = { .lapic_maddr = 0xfee00000 };

static void boot_text add_cpu(uint32_t apic_id, uint32_t acpi_id,
                              uint32_t flags)
{
    if (!(flags & 1)) {
        return;
    }
    if (madt.nr_cpus == NR_CPUS) {
        log_warn("CPUs beyond %u are not used", NR_CPUS);
        return;
    }
    madt.cpu[madt.nr_cpus++] = (struct madt_cpu){ apic_id, acpi_id };
}

static void boot_text add_override(const struct entry *e)
{
    if (e->isa.bus == 0 && e->isa.irq < 16) {
        madt.isa[e->isa.irq].gsi = e->isa.gsi;
        madt.isa[e->isa.irq].low = (e->isa.flags & 3) == 3;
        madt.isa[e->isa.irq].level = ((e->isa.flags >> 2) & 3) == 3;
    }
}

static void boot_text take_entry(const struct entry *e)
{
    switch (e->type) {
    case LAPIC:
        add_cpu(e->lapic.apic_id, e->lapic.acpi_id, e->lapic.flags);
        break;
    case X2APIC:
        add_cpu(e->x2apic.apic_id, e->x2apic.acpi_id, e->x2apic.flags);
        break;
    case IOAPIC:
        if (madt.nr_ioapics < ARRAY_SIZE(madt.ioapic)) {
            madt.ioapic[madt.nr_ioapics++] = (struct madt_ioapic){
                e->ioapic.maddr, e->ioapic.gsi_base, e->ioapic.id };
        }
        break;
    case OVERRIDE:
        add_override(e);
        break;
    case LAPIC_ADDRESS:
        madt.lapic_maddr = e->address.maddr;
        break;
    }
}

void boot_text madt_init(void)
{
    const struct table *t = acpi_find("APIC");
    const char *p, *end;

    for (unsigned int i = 0; i < 16; i++) {
        madt.isa[i].gsi = i;
    }
    if (t == NULL) {
        return;
    }
    madt.lapic_maddr = t->lapic_maddr;
    p = (const char *)(t + 1);
    end = (const char *)t + t->h.length;
    while (p + 2 <= end) {
        const struct entry *e = (const void *)p;

        if (e->length < 2 || p + e->length > end) {
            break;
        }
        take_entry(e);
        p += e->length;
    }
}
