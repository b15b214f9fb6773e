/* SPDX-License-Identifier: MIT */
/*
 * run/fw_pci.h - what a BIOS does to a PCI bus before it looks at it.
 *
 * Owns    where windows go, which interrupt line a function has, the routes
 *         of the PIRQ links, decoding switched on.
 * Leaves  the registers themselves to bus/pci and the devices.
 * Tests   tests/unit/hvm-emu/fw/test_firmware.c
 */
#ifndef RUN_FW_PCI_H
#define RUN_FW_PCI_H

struct machine;

/* 0, or -ENOSPC: the windows do not fit. */
int fw_pci_setup(struct machine *m);

#endif
