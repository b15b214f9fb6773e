/* SPDX-License-Identifier: MIT */
/*
 * config/device_serial.h - <serial>, the serial port of an HVM guest.
 *
 * Owns    the functions of its row in device_kinds.c; private to config/.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_DEVICE_SERIAL_H
#define CONFIG_DEVICE_SERIAL_H

#include <config/device_kinds.h>

size_t serial_count(const struct domain_def *def);
void serial_defaults(struct domain_def *def, size_t i);
void serial_validate(const struct domain_def *def, size_t i, bool files,
                     struct diag *dg);
void serial_format(const struct domain_def *def, size_t i, struct xml_out *o);

#endif
