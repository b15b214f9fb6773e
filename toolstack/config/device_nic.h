/* SPDX-License-Identifier: MIT */
/*
 * config/device_nic.h - the functions of the <interface> row of
 * device_kinds.c.  Private to config/.  Tests: tests/unit/toolstack/test_xml.c.
 */
#ifndef CONFIG_DEVICE_NIC_H
#define CONFIG_DEVICE_NIC_H

#include <config/device_kinds.h>

size_t nic_count(const struct domain_def *def);
void nic_defaults(struct domain_def *def, size_t i);
void nic_validate(const struct domain_def *def, size_t i, bool files,
                  struct diag *dg);
void nic_format(const struct domain_def *def, size_t i, struct xml_out *o);
void nic_name(const struct domain_def *def, size_t i, char name[DEVICE_NAME]);

#endif
