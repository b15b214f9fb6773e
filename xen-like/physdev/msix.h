/* SPDX-License-Identifier: MIT */
/*
 * physdev/msix.h - message-signalled interrupts of PCI functions.
 *
 * Owns    the message registers: an MSI capability in configuration space, or
 *         one entry of an MSI-X table.  Enabling the capability is left to
 *         the driver in the control domain.
 * Source  PCI Local Bus Specification 3.0, 6.8.
 * Locks   called by irq/ with the desc locked (LOCK_IRQDESC).
 */
#ifndef PHYSDEV_MSIX_H
#define PHYSDEV_MSIX_H

#include <irq/irq.h>

struct msi_dev {
    uint8_t bus, devfn;          /* [I] */
    unsigned int cap;            /* [I] offset of the capability */
    bool is_64, has_mask;        /* [I] MSI only */
    void *page;                  /* [I] MSI-X: the table's page, mapped */
    volatile uint32_t *entry;    /* [I] MSI-X: four words in it */
    unsigned int irq;            /* [I] once allocated */
};

/*
 * The MSI of a function, or with @table_maddr entry @nr of its MSI-X table.
 * -ENODEV: no such capability; -EINVAL: @nr or the table's address cannot
 * be; -ENOMEM, -ENOSPC.
 */
int must_check msi_create(uint8_t bus, uint8_t devfn, unsigned int nr,
                          uint64_t table_maddr, struct msi_dev **out);
/* No handler is bound any more. */
void msi_destroy(struct msi_dev *m);

#endif
