/* SPDX-License-Identifier: MIT */
/*
 * Configuration space: who may change which bit, and the two ways in (ports
 * cf8/cfc, and requests the hypervisor took apart).  Windows are left to
 * bus/pci_bar.  Covered by tests/unit/hvm-emu/frame/test_bus.c.
 */
#include <bus/pci.h>
#include <bus/pci_bar.h>

#include <bus/irq.h>
#include <frame/machine.h>
#include <frame/state.h>
#include <guest/guest_mem.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NR_DEVFN   256u
#define ENABLED    0x80000000u
#define ADDRESS    0xcf8u
#define CF9        1u                  /* from there */
#define DATA       4u

struct pci_bus {
    struct machine *m;
    struct pci_dev *dev[NR_DEVFN];
    uint32_t address;
    const struct range_ops *cf9;
    void *cf9_dev;
};

static const struct state_field bus_fields[] = {
    STATE_FIELD(struct pci_bus, address),
};

const struct state_table pci_bus_state = {
    .version = 1, STATE_ROWS(bus_fields)
};

/* ---- registers --------------------------------------------------------------- */

struct pci_dev *pci_find(struct machine *m, uint8_t devfn)
{
    return m->pci->dev[devfn];
}

uint32_t pci_config_read(struct machine *m, uint8_t devfn, unsigned int off,
                         unsigned int bytes)
{
    const struct pci_dev *p = pci_find(m, devfn);
    uint32_t val = 0;
    unsigned int i;

    if (p == NULL || off >= 256 || bytes > 4) {
        return ~0u;
    }
    for (i = 0; i < bytes; i++) {
        uint32_t byte = off + i < 256 ? p->config[off + i] : 0xff;

        val |= byte << (i * 8);
    }
    return val;
}

static void write_byte(struct pci_dev *p, unsigned int off, uint8_t val)
{
    uint8_t w = p->writable[off];

    p->config[off] = (uint8_t)((p->config[off] & ~w) | (val & w));
    p->config[off] = (uint8_t)(p->config[off] & ~(val & p->clears[off]));
}

static bool touches(unsigned int off, unsigned int bytes, unsigned int first,
                    unsigned int last)
{
    return off <= last && off + bytes > first;
}

void pci_config_write(struct machine *m, uint8_t devfn, unsigned int off,
                      unsigned int bytes, uint32_t val)
{
    struct pci_dev *p = pci_find(m, devfn);
    unsigned int i;

    if (p == NULL || off >= 256 || bytes > 4) {
        return;
    }
    bytes = off + bytes > 256 ? 256 - off : bytes;
    for (i = 0; i < bytes; i++) {
        write_byte(p, off + i, (uint8_t)(val >> (i * 8)));
    }
    if (touches(off, bytes, 0x04, 0x05) || touches(off, bytes, 0x10, 0x27) ||
        touches(off, bytes, 0x30, 0x33)) {
        pci_bar_update(p);
    }
    if (p->ops != NULL && p->ops->written != NULL) {
        p->ops->written(p, off, bytes);
    }
}

/* ---- ports -------------------------------------------------------------------- */

static uint64_t port_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct pci_bus *bus = dev;

    if (off == CF9 && bytes == 1 && bus->cf9 != NULL) {
        return bus->cf9->read(bus->cf9_dev, 0, 1);
    }
    if (off == 0 && bytes == 4) {
        return bus->address;
    }
    if (off < DATA || !(bus->address & ENABLED) ||
        (bus->address & 0xff0000) != 0) {
        return ~0u;
    }
    return pci_config_read(bus->m, (uint8_t)(bus->address >> 8),
                           (bus->address & 0xfc) + (unsigned int)(off - DATA),
                           bytes);
}

static void port_write(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    struct pci_bus *bus = dev;

    if (off == CF9 && bytes == 1 && bus->cf9 != NULL) {
        bus->cf9->write(bus->cf9_dev, 0, 1, val);
    } else if (off == 0 && bytes == 4) {
        bus->address = (uint32_t)val;
    } else if (off >= DATA && (bus->address & ENABLED) &&
               (bus->address & 0xff0000) == 0) {
        pci_config_write(bus->m, (uint8_t)(bus->address >> 8),
                         (bus->address & 0xfc) + (unsigned int)(off - DATA),
                         bytes, (uint32_t)val);
    }
}

static const struct range_ops port_ops = { port_read, port_write };

void pci_set_cf9(struct machine *m, const struct range_ops *ops, void *dev)
{
    m->pci->cf9 = ops;
    m->pci->cf9_dev = dev;
}

struct pci_bus *pci_bus_new(struct machine *m)
{
    struct pci_bus *bus = calloc(1, sizeof(*bus));

    if (bus != NULL) {
        bus->m = m;
        if (range_add(m, RANGE_PORT, ADDRESS, 8, &port_ops, bus) != 0) {
            free(bus);
            bus = NULL;
        }
    }
    return bus;
}

void pci_bus_free(struct pci_bus *bus)
{
    if (bus != NULL) {
        range_del(bus->m, RANGE_PORT, ADDRESS, bus);
        free(bus);
    }
}

/* ---- functions ------------------------------------------------------------------ */

static const struct state_field dev_fields[] = {
    STATE_ARRAY(struct pci_dev, config),
    STATE_ARRAY(struct pci_dev, ram_gfn),
};

/* Bits that a guest cannot change are as they were made. */
static int dev_check(void *dev)
{
    const struct pci_dev *p = dev;

    return memcmp(p->config, p->initial, 4) == 0 ? pci_bar_check(p) : -EINVAL;
}

static void dev_loaded(void *dev)
{
    struct pci_dev *p = dev;

    pci_bar_loaded(p);
    pci_bar_update(p);
}

const struct state_table pci_dev_state = {
    .version = 1, STATE_ROWS(dev_fields),
    .check = dev_check, .loaded = dev_loaded,
};

void pci_dev_init(struct pci_dev *p, const char *name, uint8_t devfn,
                  uint16_t vendor, uint16_t device, uint32_t class_code,
                  uint8_t revision, unsigned int pin)
{
    memset(p, 0, sizeof(*p));
    p->name = name;
    p->devfn = devfn;
    pci_set16(p->config + 0x00, vendor);
    pci_set16(p->config + 0x02, device);
    p->config[0x08] = revision;
    p->config[0x09] = (uint8_t)class_code;
    pci_set16(p->config + 0x0a, (uint16_t)(class_code >> 8));
    p->config[0x3d] = (uint8_t)pin;
    pci_set16(p->writable + 0x04, 0x0547);   /* I/O, memory, master, ... */
    p->clears[0x07] = 0xf9;
    p->writable[0x0c] = p->writable[0x0d] = 0xff;
    p->writable[0x3c] = 0xff;
}

int pci_add(struct machine *m, struct pci_dev *p)
{
    int rc;

    if (m->pci->dev[p->devfn] != NULL) {
        return -EEXIST;
    }
    p->m = m;
    rc = pci_bar_init(p);
    if (rc == 0) {
        rc = m->hv->io_range(m->hv_arg, true, HV_PCI, p->devfn, p->devfn);
    }
    if (rc != 0) {
        return rc;
    }
    memcpy(p->initial, p->config, sizeof(p->initial));
    m->pci->dev[p->devfn] = p;
    return 0;
}

static void close_all(struct pci_dev *p)
{
    pci_set16(p->config + 0x04, 0);
    pci_bar_update(p);
}

void pci_remove(struct machine *m, struct pci_dev *p)
{
    if (pci_find(m, p->devfn) != p) {
        return;
    }
    pci_irq(p, false);
    close_all(p);
    (void)m->hv->io_range(m->hv_arg, false, HV_PCI, p->devfn, p->devfn);
    m->pci->dev[p->devfn] = NULL;
}

void pci_dev_reset(struct pci_dev *p)
{
    if (p->m == NULL || pci_find(p->m, p->devfn) != p) {
        return;
    }
    pci_irq(p, false);
    close_all(p);
    memcpy(p->config, p->initial, sizeof(p->config));
    pci_bar_update(p);
}

void pci_irq(struct pci_dev *p, bool level)
{
    if (p->config[0x3d] != 0) {
        irq_pci(p->m, p->devfn, p->config[0x3d] - 1u, level);
    }
}

int pci_dma_read(struct pci_dev *p, uint64_t gpa, void *buf, size_t len)
{
    return pci_get16(p, 4) & PCI_COMMAND_MASTER
           ? guest_read(p->m, gpa, buf, len) : -1;
}

int pci_dma_write(struct pci_dev *p, uint64_t gpa, const void *buf, size_t len)
{
    return pci_get16(p, 4) & PCI_COMMAND_MASTER
           ? guest_write(p->m, gpa, buf, len) : -1;
}
