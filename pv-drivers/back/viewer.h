/* SPDX-License-Identifier: MIT */
/*
 * back/viewer.h - the process that viewers of one VM's screen talk to.
 *
 * Owns    a forked child: libvncserver, the web client, the local socket for
 *         screenshots and keys.  It has no way to the guest: a picture comes,
 *         and keys go, through the sockets of screen/link.h.
 * Leaves  the listening sockets, and starting it again, to screen.h.
 *         A device model may run it in the same way.
 * Tests   nested boots (screen); its parts: tests/unit/pvdrv/test_screen.c
 */
#ifndef BACK_VIEWER_H
#define BACK_VIEWER_H

#include <stddef.h>

struct confine;

struct viewer {
    unsigned int domid;
    const char *name;                  /* title of windows */
    const char *password;              /* NULL: none */
    const char *web_root;              /* all it sees; NULL: no web client */
    const char *empty_dir;
    int vnc_port, web_port;            /* for "info" */
    int vnc_fd, web_fd, ctl_fd;        /* listening; web_fd, ctl_fd may be -1 */
    int pixels_fd;
    size_t pixel_bytes;
    int picture_fd, input_fd;          /* screen/link.h */
    int control_fd;                    /* of the parent */
};

/* Its rights: docs/sandbox.md. */
extern const struct confine viewer_sandbox;

void viewer_run(struct viewer *s) __attribute__((noreturn));

#endif
