/* SPDX-License-Identifier: MIT */
/*
 * devices/drive.h - another medium in the emulated drive of a running guest.
 *
 * Owns    opening and locking the image, handing it to the device model
 *         (host/medium.h), what its answer means.
 * Leaves  whether the image may be used to devices/claim.h, the drive to
 *         hvm-emu.
 * Tests   tests/unit/hvm-emu/frame/test_image.c, tests/boot/dom0/hvm-iso.sh
 */
#ifndef DEVICES_DRIVE_H
#define DEVICES_DRIVE_H

struct err;

/*
 * @file NULL: the medium is taken out.  @unit: bus * 2 + unit; @dir: of the VM
 * on this host.  0 or -errno with @e; then the old one is still there.
 */
int drive_medium(const char *dir, unsigned int unit, const char *target,
                 const char *file, struct err *e);

#endif
