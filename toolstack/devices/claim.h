/* SPDX-License-Identifier: MIT */
/*
 * devices/claim.h - may this domain have this image?
 *
 * Owns    the question who uses an image: the store knows the disks of every
 *         domain, whoever serves them; the locks of lib/imglock.h know other
 *         programs.  One writer, or any number of readers.
 * Leaves  the lock that lasts to the back end that opens the image.
 * Tests   tests/unit/toolstack/test_devices.c, tests/boot/dom0/locks.sh
 */
#ifndef DEVICES_CLAIM_H
#define DEVICES_CLAIM_H

#include <client/xs.h>
#include <config/def.h>

struct err;

/*
 * Serialises claims of several programs until claim_end(); a descriptor, or
 * -1 where that is not possible (the back end's own lock remains).
 */
int claim_begin(void);
void claim_end(int fd);

/*
 * 0, or -EBUSY with @e (class state) that names the domain that holds the
 * image of @disk in a way that excludes @domid.
 */
int claim_check(struct xs *xs, unsigned int domid, const struct disk_def *disk,
                struct err *e);

#endif
