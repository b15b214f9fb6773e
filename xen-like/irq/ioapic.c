/* SPDX-License-Identifier: MIT */
/*
 * irq/ioapic.c - program IO-APIC pins.
 */
#include <irq/ioapic.h>

#include <arch/port_io.h>

#include <core/mmio.h>
#include <core/lock.h>
#include <core/log.h>

#define MAX_IOAPICS  16u
#define REG_INDEX    0x00
#define REG_DATA     0x10
#define REG_VERSION  0x01
#define REG_PIN(n)   (0x10 + 2 * (n))
#define ENTRY_LOW    0x2000u
#define ENTRY_LEVEL  0x8000u
#define ENTRY_MASKED 0x10000u

static struct ioapic {
    volatile char *mmio;
    uint64_t maddr;
    unsigned int gsi_base, nr_pins;
} ioapics[MAX_IOAPICS];                      /* [I] */
static unsigned int nr_ioapics;              /* [I] */
static spinlock_t lock = SPINLOCK_INIT(LOCK_LEAF);

static uint32_t reg_read(const struct ioapic *io, unsigned int reg)
{
    mmio_write32(io->mmio + REG_INDEX, reg);
    return mmio_read32(io->mmio + REG_DATA);
}

static void reg_write(const struct ioapic *io, unsigned int reg, uint32_t v)
{
    mmio_write32(io->mmio + REG_INDEX, reg);
    mmio_write32(io->mmio + REG_DATA, v);
}

void boot_text ioapic_add(uint64_t maddr, unsigned int gsi_base)
{
    struct ioapic *io = &ioapics[nr_ioapics];

    if (nr_ioapics == MAX_IOAPICS) {
        log_warn("more than %u IO-APICs", MAX_IOAPICS);
        return;
    }
    io->mmio = map_mmio(maddr, PAGE_SIZE);
    if (io->mmio == NULL) {
        log_warn("IO-APIC at %#lx cannot be mapped", maddr);
        return;
    }
    io->maddr = maddr;
    io->gsi_base = gsi_base;
    io->nr_pins = ((reg_read(io, REG_VERSION) >> 16) & 0xff) + 1;
    for (unsigned int i = 0; i < io->nr_pins; i++) {
        reg_write(io, REG_PIN(i), ENTRY_MASKED);
        reg_write(io, REG_PIN(i) + 1, 0);
    }
    nr_ioapics++;
}

static const struct ioapic *ioapic_of(unsigned int gsi)
{
    for (unsigned int i = 0; i < nr_ioapics; i++) {
        if (gsi >= ioapics[i].gsi_base &&
            gsi < ioapics[i].gsi_base + ioapics[i].nr_pins) {
            return &ioapics[i];
        }
    }
    return NULL;
}

bool ioapic_has(unsigned int gsi)
{
    return ioapic_of(gsi) != NULL;
}

void ioapic_write(unsigned int gsi, const struct ioapic_entry *e)
{
    const struct ioapic *io = ioapic_of(gsi);
    unsigned int pin = gsi - (io != NULL ? io->gsi_base : 0);
    uint32_t low = e->vector | (e->low ? ENTRY_LOW : 0) |
                   (e->level ? ENTRY_LEVEL : 0) |
                   (e->masked ? ENTRY_MASKED : 0);
    unsigned long flags;

    if (io == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&lock);
    reg_write(io, REG_PIN(pin), low | ENTRY_MASKED);
    reg_write(io, REG_PIN(pin) + 1, e->dest << 24);
    if (!e->masked) {
        reg_write(io, REG_PIN(pin), low);
    }
    spin_unlock_irqrestore(&lock, flags);
}

void ioapic_set_mask(unsigned int gsi, bool masked)
{
    const struct ioapic *io = ioapic_of(gsi);
    unsigned long flags;
    uint32_t v;

    if (io == NULL) {
        return;
    }
    flags = spin_lock_irqsave(&lock);
    v = reg_read(io, REG_PIN(gsi - io->gsi_base)) & ~ENTRY_MASKED;
    reg_write(io, REG_PIN(gsi - io->gsi_base), v | (masked ? ENTRY_MASKED : 0));
    spin_unlock_irqrestore(&lock, flags);
}

uint32_t ioapic_read_reg(unsigned int index, unsigned int reg)
{
    unsigned long flags;
    uint32_t v;

    if (index >= nr_ioapics) {
        return 0xffffffff;
    }
    flags = spin_lock_irqsave(&lock);
    v = reg_read(&ioapics[index], reg);
    spin_unlock_irqrestore(&lock, flags);
    return v;
}

unsigned int ioapic_index_of(uint64_t maddr)
{
    for (unsigned int i = 0; i < nr_ioapics; i++) {
        if (ioapics[i].maddr == maddr) {
            return i;
        }
    }
    return ~0u;
}
