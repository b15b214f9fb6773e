/* SPDX-License-Identifier: MIT */
/*
 * devices/loop.h - a file as a block device, for the kernel's back end.
 *
 * Owns    a loop device that clears itself: it lives while the returned
 *         descriptor or the kernel back end has it open, and no longer, so
 *         nothing is left behind however a process ends.  The image lock
 *         lasts as long.
 * Tests   tests/boot/dom0/vmctl.sh (driver phy)
 */
#ifndef DEVICES_LOOP_H
#define DEVICES_LOOP_H

#include <stdbool.h>
#include <sys/types.h>

struct err;

/* A descriptor of the loop device, its number in *@dev; or -errno. */
int loop_attach(const char *path, bool readonly, dev_t *dev, struct err *e);

#endif
