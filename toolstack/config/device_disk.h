/* SPDX-License-Identifier: MIT */
/*
 * config/device_disk.h - the functions of the <disk> row of device_kinds.c.
 * Private to config/.  Tests: tests/unit/toolstack/test_xml.c.
 */
#ifndef CONFIG_DEVICE_DISK_H
#define CONFIG_DEVICE_DISK_H

#include <config/device_kinds.h>

size_t disk_count(const struct domain_def *def);
void disk_defaults(struct domain_def *def, size_t i);
void disk_validate(const struct domain_def *def, size_t i, bool files,
                   struct diag *dg);
void disk_format(const struct domain_def *def, size_t i, struct xml_out *o);
void disk_name(const struct domain_def *def, size_t i, char name[DEVICE_NAME]);

#endif
