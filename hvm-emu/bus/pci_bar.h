/* SPDX-License-Identifier: MIT */
/*
 * bus/pci_bar.h - windows of PCI functions.
 *
 * Owns    their registers' fixed and writable bits, opening and closing in
 *         bus/range as registers say, the memory of RAM windows.
 * Leaves  everything else in configuration space to bus/pci.
 * Tests   tests/unit/hvm-emu/frame/test_bus.c
 */
#ifndef BUS_PCI_BAR_H
#define BUS_PCI_BAR_H

struct pci_dev;

/* Registers; RAM windows get their memory.  0 or -errno. */
int pci_bar_init(struct pci_dev *p);
/* Windows answer where the registers say. */
void pci_bar_update(struct pci_dev *p);
/* Is what was loaded possible?  0 or -EINVAL. */
int pci_bar_check(const struct pci_dev *p);
/* RAM windows are seen where the loaded state says. */
void pci_bar_loaded(struct pci_dev *p);

#endif
