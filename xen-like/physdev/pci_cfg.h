/* SPDX-License-Identifier: MIT */
/*
 * physdev/pci_cfg.h - PCI configuration space by ports 0xcf8 and 0xcfc.
 *
 * Owns    the one address register of the machine: every access to the data
 *         port writes it first, under a lock, so that vcpus of the control
 *         domain and our own MSI code do not mix.
 * Source  PCI Local Bus Specification 3.0, 3.2.2.3.2.
 * Locks   LOCK_LEAF, irqsave.
 */
#ifndef PHYSDEV_PCI_CFG_H
#define PHYSDEV_PCI_CFG_H

#include <hv/types.h>

struct vcpu;

/* What the control domain's access of @bytes at @port (0xcfc..0xcff) means,
 * with @cf8 as it last wrote it. */
uint32_t pci_cfg_port_read(struct vcpu *v, uint32_t cf8, uint16_t port,
                           unsigned int bytes);
void pci_cfg_port_write(struct vcpu *v, uint32_t cf8, uint16_t port,
                        unsigned int bytes, uint32_t val);

/* @val, read with @cf8 at @port, without MSI and MSI-X: their capabilities
 * look like null ones (PCI Code and ID Assignment 1.11, 2). */
uint32_t pci_cfg_hide_msi(uint32_t cf8, uint16_t port, uint32_t val);

/* Our own accesses; @reg below 256, aligned to @bytes (1, 2 or 4). */
uint32_t pci_cfg_read(uint8_t bus, uint8_t devfn, unsigned int reg,
                      unsigned int bytes);
void pci_cfg_write(uint8_t bus, uint8_t devfn, unsigned int reg,
                   unsigned int bytes, uint32_t val);
/* Offset of capability @id, 0: the function has none (or is not there). */
unsigned int pci_cfg_find_cap(uint8_t bus, uint8_t devfn, uint8_t id);

#define PCI_CAP_MSI   0x05
#define PCI_CAP_MSIX  0x11

#endif
