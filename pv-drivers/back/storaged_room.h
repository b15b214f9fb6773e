/* SPDX-License-Identifier: MIT */
/*
 * back/storaged_room.h - what the storage daemon can see and do.
 *
 * Owns    a root directory of its own with the program, its libraries (both
 *         read-only) and the files of one image as /img/0, /img/1...; no
 *         network, an unprivileged user whose only capability is to open
 *         those files whoever owns them, and a filter of system calls.
 * Tests   tests/unit/pvdrv/test_qcow2.c (as root)
 */
#ifndef BACK_STORAGED_ROOM_H
#define BACK_STORAGED_ROOM_H

#include <stdbool.h>
#include <sys/types.h>

struct qcow2_chain;

#define STORAGED_PROGRAM "/usr/bin/qemu-storage-daemon"

/*
 * In the child, before execve(): 0, or -1 with errno.  @fds stay open across
 * it.  Without root rights (tests) only /img is missing: links stand in.
 */
int storaged_enter_room(const char *run_dir, const struct qcow2_chain *chain,
                        bool readonly, const int *fds, unsigned int nr_fds,
                        pid_t parent);

#endif
