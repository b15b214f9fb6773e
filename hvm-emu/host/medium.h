/* SPDX-License-Identifier: MIT */
/*
 * host/medium.h - another medium in an emulated drive, while the guest runs.
 *
 * Owns    the socket in the VM's directory, over which whoever may write there
 *         (vmctl) hands over an image, opened and locked: this process may
 *         open nothing itself; the message, which toolstack/devices/drive.c
 *         sends.
 * Leaves  the tray to dev/ide_medium.
 * Tests   tests/unit/hvm-emu/frame/test_image.c, tests/boot/dom0/hvm-iso.sh
 */
#ifndef HOST_MEDIUM_H
#define HOST_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

#define MEDIUM_SOCKET "medium.sock"
#define MEDIUM_MAGIC  0x6d656469u

/*
 * A datagram.  With it come a socket for the answer, an int32_t that is 0 or
 * -errno, and the new medium, if there is one: its lock comes with it.
 * -ENODEV: no such drive; -EBUSY: the guest has locked its tray; -EAGAIN: it
 * reads just now.
 */
struct medium_order {
    uint32_t magic;
    uint32_t unit;                     /* bus * 2 + unit */
    uint64_t bytes;                    /* of the new medium */
};

struct err;
struct machine;
struct medium;

/* @fd: the new medium, taken over if the answer is 0; -1: none. */
typedef int medium_fn(void *arg, const struct medium_order *o, int fd);

/* Orders that come to the socket below @dir go to @fn; NULL with @e. */
struct medium *medium_listen(struct machine *m, const char *dir,
                             medium_fn *fn, void *arg, struct err *e);
void medium_close(struct medium *md);

#endif
