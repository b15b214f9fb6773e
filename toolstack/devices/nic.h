/* SPDX-License-Identifier: MIT */
/*
 * devices/nic.h - the functions of the interface row in devices.c.
 * Private to devices/.  Tests: tests/unit/toolstack/test_devices.c.
 */
#ifndef DEVICES_NIC_H
#define DEVICES_NIC_H

#include <devices/devices.h>

size_t nic_nr(const struct domain_def *def);
bool nic_id(const struct domain_def *def, size_t i, struct device_id *id);
int nic_attach(struct devices *d, size_t i, struct err *e);

#endif
