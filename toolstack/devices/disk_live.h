/* SPDX-License-Identifier: MIT */
/*
 * devices/disk_live.h - a disk of a running domain changes.
 *
 * Owns    growing and changing the medium, from order to answer, for either
 *         back end.
 * Leaves  the configuration to the caller; our back end's part to
 *         pv-drivers/back/blk_live.h.
 * Tests   tests/boot/dom0/disks.sh
 */
#ifndef DEVICES_DISK_LIVE_H
#define DEVICES_DISK_LIVE_H

#include <devices/devices.h>

/*
 * The @i-th disk has @bytes from now on; 0: what its source has now.  The
 * guest hears of it.  What the guest does with it is its own affair.
 */
int disk_resize(struct devices *d, size_t i, uint64_t bytes,
                const struct device_wait *wait, struct err *e);

/*
 * Another medium in the drive: the source of the @i-th disk, which the caller
 * has set; NULL: none.
 */
int disk_medium(struct devices *d, size_t i, const struct device_wait *wait,
                struct err *e);

#endif
