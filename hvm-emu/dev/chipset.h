/* SPDX-License-Identifier: MIT */
/*
 * dev/chipset.h - the devices every machine has, one class each.
 *
 * Owns    the names for the table in dev/devices.c: i440fx (host bridge),
 *         piix3 (ISA bridge, PIRQ links, reset), pm (ACPI sleep control),
 *         cmos (its bytes above the clock's), isa (DMA controllers, POST and
 *         debug ports), uart, xen_platform.
 */
#ifndef DEV_CHIPSET_H
#define DEV_CHIPSET_H

#include <dev/devices.h>

extern const struct device_class i440fx_class;
extern const struct device_class piix3_class;
extern const struct device_class pm_class;
extern const struct device_class cmos_class;
extern const struct device_class isa_class;
extern const struct device_class uart_class;
extern const struct device_class xen_platform_class;
extern const struct device_class ide_class;

/* Where the serial line of a "uart" can be opened; NULL: it is no pty. */
const char *uart_pty(const void *dev);

#endif
