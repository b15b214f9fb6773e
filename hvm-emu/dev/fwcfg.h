/* SPDX-License-Identifier: MIT */
/*
 * dev/fwcfg.h - how UEFI firmware made for QEMU is told what there is.
 *
 * Owns    ports 510 (which item) and 511 (its next byte); items that are
 *         numbers, a directory of files.  A machine with a BIOS has none.
 * Leaves  what is in the files to run/fw_uefi.
 * Source  QEMU, docs/specs/fw_cfg
 * Tests   tests/unit/hvm-emu/fw/test_uefi.c
 */
#ifndef DEV_FWCFG_H
#define DEV_FWCFG_H

#include <stddef.h>
#include <stdint.h>

struct device_class;
struct machine;

#define FWCFG_SIGNATURE 0x00u
#define FWCFG_ID        0x01u
#define FWCFG_NR_CPUS   0x05u
#define FWCFG_MAX_CPUS  0x0fu
#define FWCFG_DIRECTORY 0x19u
#define FWCFG_FILES     0x20u          /* the first file */

/* Bytes are copied.  0, -ENODEV: there is none, -ENOSPC, -ENOMEM. */
int fwcfg_item(struct machine *m, uint16_t key, const void *data, size_t len);
int fwcfg_file(struct machine *m, const char *name, const void *data,
               size_t len);

extern const struct device_class fwcfg_class;

#endif
