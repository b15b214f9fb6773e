/* SPDX-License-Identifier: MIT */
/*
 * back/confine.h - give up everything a serving process does not need.
 *
 * Owns    the order: an empty file system of its own, empty namespaces, a user
 *         of its own for each class and domain, no capabilities, limits, no
 *         new privileges, system-call allow-list (the rest kills the
 *         process).  Open descriptors stay.  docs/sandbox.md
 * Tests   tests/unit/pvdrv/test_confine.c, tests/boot/dom0/block.sh
 */
#ifndef BACK_CONFINE_H
#define BACK_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* User numbers, of no account: base + class * 65536 + domain. */
#define CONFINE_UID_BASE 0x70000000u

struct confine {
    const char *name;              /* "block": for those who list it */
    const char *user;              /* the class, see confine_uid() */
    unsigned int domid;            /* whom it serves */
    const char *empty_dir;         /* made if absent; becomes the root */
    const char *files_dir;         /* seen there, read-only; NULL: nothing */
    const int *syscalls;           /* __NR_*, allowed */
    size_t nr_syscalls;
    const unsigned long *ioctls;   /* the only requests for ioctl() */
    size_t nr_ioctls;
    unsigned int new_files;        /* descriptors it may still open */
    size_t memory;                 /* address space; 0: 256 MiB */
    bool survives;                 /* its parent: another will adopt it */
    bool inet;                     /* keep the network, for IPv4 sockets */
};

/*
 * 0 or -errno with @e filled: then the caller must not serve.  Without root
 * rights only limits, privileges and system calls are taken away.
 */
int confine_now(const struct confine *c, struct err *e);

/* The user that serves @domid for the class that calls itself @user. */
uint32_t confine_uid(const char *user, unsigned int domid);

/* Calls that the filter lets pass: the list, mmap, and ioctl if any. */
unsigned int confine_count(const struct confine *c);

/* "block 19 system calls: epoll_wait ...", cut at @size. */
void confine_describe(const struct confine *c, char *text, size_t size);

#endif
