/* SPDX-License-Identifier: MIT */
/*
 * devices/disk.h - the functions of the disk row in devices.c.
 * Private to devices/.  Tests: tests/unit/toolstack/test_devices.c.
 */
#ifndef DEVICES_DISK_H
#define DEVICES_DISK_H

#include <devices/devices.h>

size_t disk_nr(const struct domain_def *def);
const char *disk_back_kind(const struct disk_def *disk);
/* What the back end opens: "aio:/path", "qcow2:/path", "" or "/path". */
void disk_params(const struct disk_def *disk, char *params, size_t size);
int disk_attach(struct devices *d, size_t i, struct err *e);
bool disk_id(const struct domain_def *def, size_t i, struct device_id *id);

#endif
