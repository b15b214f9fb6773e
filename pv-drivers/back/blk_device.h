/* SPDX-License-Identifier: MIT */
/*
 * back/blk_device.h - disks as a class of devices.
 *
 * Owns    the keys of a disk on both sides and what its serving process gets.
 * Tests   tests/unit/pvdrv/test_state.c
 */
#ifndef BACK_BLK_DEVICE_H
#define BACK_BLK_DEVICE_H

#include <back/device.h>

extern const struct device_class blk_device_class;

struct err;

/* Can its image be served?  0 or -errno with @e filled; nothing stays open. */
int blk_device_try(struct device *d, struct err *e);

/* "aio:/path", "raw:/path", "/path"...: the path, or NULL: not for us. */
const char *blk_device_image_path(const char *params);

#endif
