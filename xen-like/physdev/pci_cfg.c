/* SPDX-License-Identifier: MIT */
/*
 * physdev/pci_cfg.c - see pci_cfg.h.  Tested by every boot of a kernel that
 * finds its disk.
 */
#include <arch/port_io.h>
#include <core/lock.h>
#include <physdev/pci_cfg.h>

#define ADDRESS_PORT 0xcf8
#define DATA_PORT    0xcfc
#define ENABLE       0x80000000u

#define REG_STATUS   0x06u
#define STATUS_CAPS  0x10u
#define REG_CAP_PTR  0x34u
#define MAX_CAPS     48

static spinlock_t cfg_lock = SPINLOCK_INIT(LOCK_LEAF);

static uint32_t read_locked(uint32_t cf8, uint16_t port, unsigned int bytes)
{
    unsigned long flags = spin_lock_irqsave(&cfg_lock);
    uint32_t v;

    outl(cf8, ADDRESS_PORT);
    v = bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
    spin_unlock_irqrestore(&cfg_lock, flags);
    return v;
}

static void write_locked(uint32_t cf8, uint16_t port, unsigned int bytes,
                         uint32_t val)
{
    unsigned long flags = spin_lock_irqsave(&cfg_lock);

    outl(cf8, ADDRESS_PORT);
    if (bytes == 1) {
        outb((uint8_t)val, port);
    } else if (bytes == 2) {
        outw((uint16_t)val, port);
    } else {
        outl(val, port);
    }
    spin_unlock_irqrestore(&cfg_lock, flags);
}

static uint32_t ones(unsigned int bytes)
{
    return bytes == 4 ? ~0u : (1u << (bytes * 8)) - 1;
}

uint32_t pci_cfg_port_read(struct vcpu *v, uint32_t cf8, uint16_t port,
                           unsigned int bytes)
{
    /* Without the enable bit the bridge would see a plain port access. */
    return cf8 & ENABLE ? read_locked(cf8, port, bytes) : ones(bytes);
}

void pci_cfg_port_write(struct vcpu *v, uint32_t cf8, uint16_t port,
                        unsigned int bytes, uint32_t val)
{
    if (cf8 & ENABLE) {
        write_locked(cf8, port, bytes, val);
    }
}

static uint32_t address(uint8_t bus, uint8_t devfn, unsigned int reg)
{
    return ENABLE | (uint32_t)bus << 16 | (uint32_t)devfn << 8 | (reg & 0xfc);
}

uint32_t pci_cfg_read(uint8_t bus, uint8_t devfn, unsigned int reg,
                      unsigned int bytes)
{
    return read_locked(address(bus, devfn, reg),
                       (uint16_t)(DATA_PORT + (reg & 3)), bytes);
}

void pci_cfg_write(uint8_t bus, uint8_t devfn, unsigned int reg,
                   unsigned int bytes, uint32_t val)
{
    write_locked(address(bus, devfn, reg), (uint16_t)(DATA_PORT + (reg & 3)),
                 bytes, val);
}

unsigned int pci_cfg_find_cap(uint8_t bus, uint8_t devfn, uint8_t id)
{
    unsigned int at;

    if (pci_cfg_read(bus, devfn, 0, 2) == 0xffff ||
        !(pci_cfg_read(bus, devfn, REG_STATUS, 2) & STATUS_CAPS)) {
        return 0;
    }
    at = pci_cfg_read(bus, devfn, REG_CAP_PTR, 1) & 0xfc;
    for (unsigned int i = 0; at >= 0x40 && i < MAX_CAPS; i++) {
        if (pci_cfg_read(bus, devfn, at, 1) == id) {
            return at;
        }
        at = pci_cfg_read(bus, devfn, at + 1, 1) & 0xfc;
    }
    return 0;
}

uint32_t pci_cfg_hide_msi(uint32_t cf8, uint16_t port, uint32_t val)
{
    uint8_t id = (uint8_t)val;

    if ((port & 3) == 0 && (cf8 & 0xfc) >= 0x40 &&
        (id == PCI_CAP_MSI || id == PCI_CAP_MSIX) &&
        pci_cfg_find_cap((uint8_t)(cf8 >> 16), (uint8_t)(cf8 >> 8), id) ==
        (cf8 & 0xfc)) {
        val &= ~0xffu;
    }
    return val;
}
