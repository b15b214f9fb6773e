/* SPDX-License-Identifier: MIT */
/*
 * back/confine.h - give up everything a serving process does not need.
 *
 * Owns    the order: empty namespaces, empty root directory, unprivileged
 *         user, no new privileges, system-call allow-list (the rest kills
 *         the process).  Open descriptors stay.
 * Tests   tests/unit/pvdrv/test_state.c; docs/block-path.md lists the calls
 */
#ifndef BACK_CONFINE_H
#define BACK_CONFINE_H

#include <stddef.h>

struct err;

struct confine {
    const char *user;              /* its uid if it exists, else 65534 */
    const char *empty_dir;         /* made if absent; becomes the root */
    const int *syscalls;           /* __NR_*, allowed */
    size_t nr_syscalls;
    const unsigned long *ioctls;   /* the only requests for ioctl() */
    size_t nr_ioctls;
};

/*
 * 0 or -errno with @e filled: then the caller must not serve.  Without root
 * rights only the last two steps are taken.
 */
int confine_now(const struct confine *c, struct err *e);

#endif
