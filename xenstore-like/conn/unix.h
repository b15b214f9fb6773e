/* SPDX-License-Identifier: MIT */
/*
 * conn/unix.h - the store's socket: listener, and the transport of a client.
 *
 * Owns    the descriptors.  Whoever may open the socket file is the control
 *         domain: its mode is 0600.
 * Tests   tests/unit/store/test_server.c, test_daemon.c
 */
#ifndef CONN_UNIX_H
#define CONN_UNIX_H

#include <conn/conn.h>

struct unix_conn {
    struct conn conn;                 /* first */
    int fd;
};

/* A listening socket at @path, replacing what a dead store left.  -errno. */
int unix_listen(const char *path);

/* The next client's descriptor, -EAGAIN, or another -errno. */
int unix_accept(int listener);

void unix_conn_init(struct unix_conn *u, int fd);
void unix_conn_fini(struct unix_conn *u);

#endif
