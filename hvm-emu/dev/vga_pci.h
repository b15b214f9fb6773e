/* SPDX-License-Identifier: MIT */
/*
 * dev/vga_pci.h - the VGA as a function of the bus: 1234:1111.
 *
 * Owns    ports 3b0-3df and 1ce-1d0, the window at 0xa0000, BAR 0 (memory,
 *         linear), BAR 2 (registers), the expansion ROM (--vgabios); showing
 *         the picture by host/screen.
 * Tests   tests/unit/hvm-emu/test_vga.c, tests/fuzz/fuzz_vga.c, nested boots
 *         (hvm)
 */
#ifndef DEV_VGA_PCI_H
#define DEV_VGA_PCI_H

struct device_class;

extern const struct device_class vga_class;

#endif
