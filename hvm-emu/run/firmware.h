/* SPDX-License-Identifier: MIT */
/*
 * run/firmware.h - what is in an HVM guest's memory before it runs.
 *
 * Owns    the BIOS image, which needs no other program in the guest to
 *         prepare its way: the bus is set up and the tables are written from
 *         outside.  SeaBIOS that finds itself on this ABI looks for an
 *         information block at 4 KiB (its src/fw/xen.c); a kernel without a
 *         BIOS finds the tables by their anchors below 1 MiB.
 *         UEFI firmware gets its tables by fw_uefi.h.
 * Leaves  that kernel and the state of the vCPUs to toolstack/build.
 * Tests   tests/unit/hvm-emu/fw/test_firmware.c, nested boots (hvm)
 */
#ifndef RUN_FIRMWARE_H
#define RUN_FIRMWARE_H

#include <stdbool.h>

struct err;
struct machine;

/* UEFI firmware by its size: the machine has a dev/fwcfg then. */
bool firmware_is_uefi(const char *path);

/*
 * After all devices were made, before the guest runs.  Of a restored machine,
 * whose memory has all of it, only what dev/fwcfg holds is made again.  0, or
 * -errno.
 */
int firmware_load(struct machine *m, struct err *e);

#endif
