/* SPDX-License-Identifier: MIT */
/*
 * physdev/io_perm.c - see io_perm.h.  Tests: tests/unit/physdev/
 * test_io_perm.c.
 */
#include <acpi/fields.h>
#include <acpi/madt.h>
#include <arch/atomic.h>
#include <core/boot_info.h>
#include <hv/errno.h>
#include <lib/rangeset.h>
#include <mm/heap.h>
#include <physdev/io_perm.h>

#define MAX_PORT   0xffffu
#define MAX_IO_MFN ((1ull << 40) - 1)
#define NR_RANGES  32u

struct io_perm {
    spinlock_t lock;
    struct rangeset ports, mem, irqs;            /* [L] */
    struct range room[3][NR_RANGES];
};

/* Ports that no domain gets; some of them pv/port_io stands in for. */
static struct range kept_ports_room[NR_RANGES] = {
    { 0x20, 0x21 },          /* interrupt controllers */
    { 0x40, 0x43 },          /* timer */
    { 0x61, 0x61 },          /* its gate */
    { 0xa0, 0xa1 },
    { 0x3f8, 0x3ff },        /* our serial line */
    { 0xcf8, 0xcff },        /* PCI configuration */
};
static struct rangeset kept_ports = { kept_ports_room, 6, NR_RANGES };

static struct range kept_mem_room[NR_RANGES] = {
    { 0xfec00, 0xfec00 },    /* IO-APIC */
    { 0xfee00, 0xfee00 },    /* local APIC */
};
static struct rangeset kept_mem = { kept_mem_room, 2, NR_RANGES };

static void keep_ports(uint32_t first, uint32_t last)
{
    (void)rangeset_add(&kept_ports, first, last);
}

static void keep_mem(uint64_t first_mfn, uint64_t last_mfn)
{
    (void)rangeset_add(&kept_mem, first_mfn, last_mfn);
}

void io_perm_init(void)
{
    for (unsigned int i = 0; i < madt.nr_ioapics; i++) {
        uint64_t mfn = madt.ioapic[i].maddr >> PAGE_SHIFT;

        keep_mem(mfn, mfn);
    }
    if (madt.lapic_maddr != 0) {
        keep_mem(madt.lapic_maddr >> PAGE_SHIFT,
                 madt.lapic_maddr >> PAGE_SHIFT);
    }
    if (acpi.pm_timer_port != 0) {
        keep_ports(acpi.pm_timer_port, acpi.pm_timer_port + 3u);
    }
}

static int all_but(struct rangeset *s, uint64_t last,
                   const struct rangeset *kept)
{
    int rc = rangeset_add(s, 0, last);

    for (unsigned int i = 0; i < kept->nr && rc == 0; i++) {
        rc = rangeset_remove(s, kept->r[i].first, kept->r[i].last);
    }
    return rc;
}

int io_perm_domain_init(struct domain *d)
{
    struct io_perm *p = heap_new(struct io_perm);
    int rc = 0;

    if (p == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&p->lock, LOCK_LEAF);
    rangeset_init(&p->ports, p->room[0], NR_RANGES);
    rangeset_init(&p->mem, p->room[1], NR_RANGES);
    rangeset_init(&p->irqs, p->room[2], NR_RANGES);
    if (d->is_hardware) {
        rc = all_but(&p->ports, MAX_PORT, &kept_ports);
        rc = rc != 0 ? rc : all_but(&p->mem, MAX_IO_MFN, &kept_mem);
        rc = rc != 0 ? rc : rangeset_add(&p->irqs, 1, NR_IRQS - 1);
    }
    if (rc != 0) {
        heap_free(p);
        return rc;
    }
    d->io_perm = p;
    return 0;
}

void io_perm_domain_free(struct domain *d)
{
    heap_free(d->io_perm);
    d->io_perm = NULL;
}

static bool permitted(struct io_perm *p, const struct rangeset *s,
                      uint64_t first, uint64_t last)
{
    bool ok;

    if (p == NULL) {
        return false;
    }
    spin_lock(&p->lock);
    ok = rangeset_contains(s, first, last);
    spin_unlock(&p->lock);
    return ok;
}

bool io_port_permitted(const struct domain *d, uint32_t first, uint32_t last)
{
    return permitted(d->io_perm, &d->io_perm->ports, first, last);
}

bool io_mem_permitted(const struct domain *d, uint64_t first_mfn,
                      uint64_t last_mfn)
{
    return permitted(d->io_perm, &d->io_perm->mem, first_mfn, last_mfn);
}

bool io_mem_is_device(uint64_t mfn)
{
    for (unsigned int i = 0; i < acpi.nr_mcfg; i++) {
        const struct mcfg_range *m = &acpi.mcfg[i];
        uint64_t first = (m->maddr >> PAGE_SHIFT) + m->first_bus * 256ull;

        if (mfn >= first && mfn - first <
                            (m->last_bus - m->first_bus + 1) * 256ull) {
            return false;
        }
    }
    return !e820_any(&boot_info.e820, mfn << PAGE_SHIFT, PAGE_SIZE, E820_RAM);
}

bool io_irq_permitted(const struct domain *d, unsigned int pirq)
{
    return permitted(d->io_perm, &d->io_perm->irqs, pirq, pirq);
}

static int permit(struct io_perm *p, struct rangeset *s, uint64_t first,
                  uint64_t last, bool allow)
{
    int rc;

    spin_lock(&p->lock);
    rc = allow ? rangeset_add(s, first, last)
               : rangeset_remove(s, first, last);
    spin_unlock(&p->lock);
    return rc;
}

int io_port_permit(struct domain *d, uint32_t first, uint32_t last, bool allow)
{
    if (last > MAX_PORT || last < first ||
        (allow && rangeset_overlaps(&kept_ports, first, last))) {
        return -EINVAL;
    }
    return permit(d->io_perm, &d->io_perm->ports, first, last, allow);
}

int io_mem_permit(struct domain *d, uint64_t first_mfn, uint64_t last_mfn,
                  bool allow)
{
    if (last_mfn > MAX_IO_MFN || last_mfn < first_mfn ||
        (allow && rangeset_overlaps(&kept_mem, first_mfn, last_mfn))) {
        return -EINVAL;
    }
    return permit(d->io_perm, &d->io_perm->mem, first_mfn, last_mfn, allow);
}

int io_irq_permit(struct domain *d, unsigned int pirq, bool allow)
{
    if (pirq == 0 || pirq >= NR_IRQS) {
        return -EINVAL;
    }
    return permit(d->io_perm, &d->io_perm->irqs, pirq, pirq, allow);
}
