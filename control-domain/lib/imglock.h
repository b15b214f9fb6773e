/* SPDX-License-Identifier: MIT */
/*
 * lib/imglock.h - who may open a disk image how: byte-range locks.
 *
 * Owns    the meaning of the locked bytes, which is QEMU's (block/file-posix),
 *         so that qemu-img and another virtual machine monitor see our locks
 *         and we see theirs.  Byte 100 + n is locked by who uses permission
 *         n, byte 200 + n by who bears nobody else using it.  The locks are
 *         shared and belong to the open file: they last until the last
 *         reference to it is gone, I/O in flight included.
 * Tests   tests/unit/lib/test_imglock.c (against qemu-img and qemu-io)
 */
#ifndef LIB_IMGLOCK_H
#define LIB_IMGLOCK_H

#include <stdbool.h>

/*
 * Lock the image open as @fd: a writer bears no other writer and no reader
 * that needs stable data; readers bear each other.
 * 0; -EAGAIN: somebody holds it otherwise (nothing is locked then); -errno.
 */
int imglock_take(int fd, bool writer);

/* Would imglock_take() succeed?  Nothing stays locked. */
int imglock_test(int fd, bool writer);

void imglock_drop(int fd);

#endif
