/* SPDX-License-Identifier: MIT */
/*
 * physdev/msix.c - see msix.h.  Tested by boots on q35 with a network card.
 */
#include <arch/port_io.h>
#include <core/boot_info.h>
#include <hv/errno.h>
#include <mm/heap.h>
#include <mm/map.h>
#include <physdev/msix.h>
#include <physdev/pci_cfg.h>

#define MSI_CTRL        2u
#define MSI_CTRL_64     0x0080u
#define MSI_CTRL_MASK   0x0100u
#define MSI_ADDR        4u
#define MSI_ADDR_HI     8u
#define MSIX_CTRL       2u
#define MSIX_SIZE_MASK  0x07ffu
#define ENTRY_BYTES     16u
#define ENTRY_MASKED    1u

static unsigned int data_reg(const struct msi_dev *m)
{
    return m->cap + (m->is_64 ? 12 : 8);
}

static void write_msi(const struct msi_dev *m, const struct msi_msg *msg)
{
    pci_cfg_write(m->bus, m->devfn, m->cap + MSI_ADDR, 4,
                  (uint32_t)msg->address);
    if (m->is_64) {
        pci_cfg_write(m->bus, m->devfn, m->cap + MSI_ADDR_HI, 4,
                      (uint32_t)(msg->address >> 32));
    }
    pci_cfg_write(m->bus, m->devfn, data_reg(m), 2, msg->data);
}

/* An entry may change only while it is masked. */
static void write_msix(const struct msi_dev *m, const struct msi_msg *msg)
{
    uint32_t control = mmio_read32(&m->entry[3]);

    mmio_write32(&m->entry[3], control | ENTRY_MASKED);
    mmio_write32(&m->entry[0], (uint32_t)msg->address);
    mmio_write32(&m->entry[1], (uint32_t)(msg->address >> 32));
    mmio_write32(&m->entry[2], msg->data);
    mmio_write32(&m->entry[3], control);
}

static void msi_write(void *owner, const struct msi_msg *msg)
{
    const struct msi_dev *m = owner;

    if (m->entry != NULL) {
        write_msix(m, msg);
    } else {
        write_msi(m, msg);
    }
}

static void msi_set_mask(void *owner, bool masked)
{
    const struct msi_dev *m = owner;

    if (m->entry != NULL) {
        uint32_t control = mmio_read32(&m->entry[3]) & ~ENTRY_MASKED;

        mmio_write32(&m->entry[3], control | (masked ? ENTRY_MASKED : 0));
    } else if (m->has_mask) {
        unsigned int reg = data_reg(m) + 4;
        uint32_t bits = pci_cfg_read(m->bus, m->devfn, reg, 4) & ~1u;

        pci_cfg_write(m->bus, m->devfn, reg, 4, bits | masked);
    }
}

static const struct msi_ops ops = { msi_write, msi_set_mask };

static int find_msi(struct msi_dev *m)
{
    uint32_t ctrl;

    m->cap = pci_cfg_find_cap(m->bus, m->devfn, PCI_CAP_MSI);
    if (m->cap == 0) {
        return -ENODEV;
    }
    ctrl = pci_cfg_read(m->bus, m->devfn, m->cap + MSI_CTRL, 2);
    m->is_64 = (ctrl & MSI_CTRL_64) != 0;
    m->has_mask = (ctrl & MSI_CTRL_MASK) != 0;
    return 0;
}

static int find_msix(struct msi_dev *m, unsigned int nr, uint64_t table)
{
    uint64_t at = table + nr * ENTRY_BYTES;

    m->cap = pci_cfg_find_cap(m->bus, m->devfn, PCI_CAP_MSIX);
    if (m->cap == 0) {
        return -ENODEV;
    }
    if (nr > (pci_cfg_read(m->bus, m->devfn, m->cap + MSIX_CTRL, 2) &
              MSIX_SIZE_MASK) || (table & 7) != 0 || at >= 1ull << 52 ||
        e820_any(&boot_info.e820, at & PAGE_MASK, PAGE_SIZE, E820_RAM)) {
        return -EINVAL;
    }
    m->page = map_mmio(at & PAGE_MASK, PAGE_SIZE);
    if (m->page == NULL) {
        return -ENOMEM;
    }
    m->entry = (volatile uint32_t *)((char *)m->page + (at & ~PAGE_MASK));
    return 0;
}

static void unmap(struct msi_dev *m)
{
    if (m->page != NULL) {
        unmap_mmio(m->page, PAGE_SIZE);
    }
}

int msi_create(uint8_t bus, uint8_t devfn, unsigned int nr,
               uint64_t table_maddr, struct msi_dev **out)
{
    struct msi_dev *m = heap_new(struct msi_dev);
    int rc;

    if (m == NULL) {
        return -ENOMEM;
    }
    m->bus = bus;
    m->devfn = devfn;
    rc = table_maddr != 0 ? find_msix(m, nr, table_maddr) : find_msi(m);
    if (rc == 0) {
        msi_set_mask(m, true);
        rc = irq_alloc_msi(&ops, m);
    }
    if (rc < 0) {
        unmap(m);
        heap_free(m);
        return rc;
    }
    m->irq = (unsigned int)rc;
    *out = m;
    return 0;
}

void msi_destroy(struct msi_dev *m)
{
    msi_set_mask(m, true);
    irq_free_msi(m->irq);
    unmap(m);
    heap_free(m);
}
