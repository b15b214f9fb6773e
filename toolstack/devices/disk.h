/* SPDX-License-Identifier: MIT */
/*
 * devices/disk.h - the functions of the disk row in devices.c.
 * Private to devices/.  Tests: tests/unit/toolstack/test_store.c.
 */
#ifndef DEVICES_DISK_H
#define DEVICES_DISK_H

#include <devices/devices.h>

size_t disk_nr(const struct domain_def *def);
int disk_attach(struct devices *d, size_t i, struct err *e);
bool disk_id(const struct domain_def *def, size_t i, struct device_id *id);

#endif
