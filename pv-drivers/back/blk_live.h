/* SPDX-License-Identifier: MIT */
/*
 * back/blk_live.h - a connected disk changes: its size, its medium.
 *
 * Owns    the toolstack's orders in the backend directory and the answers:
 *           resize  bytes, or 0: look at the size again.  Removed when done;
 *                   resize-error says what did not work.
 *           params  another image, or nothing: the medium of a drive.
 *         The frontend is told as the kernel's back end does it: "sectors" is
 *         rewritten, then "state" again.
 * Leaves  the image to blk_image.h, requests to the serving process.
 * Tests   tests/boot/dom0/disks.sh
 */
#ifndef BACK_BLK_LIVE_H
#define BACK_BLK_LIVE_H

#include <stdbool.h>

struct device;

bool blk_live_changed(struct device *d, const char *key);
/* Also begins to look whether a host block device grows. */
void blk_live_up(struct device *d);
void blk_live_release(struct device *d);

#endif
