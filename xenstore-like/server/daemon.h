/* SPDX-License-Identifier: MIT */
/*
 * server/daemon.h - the whole program, so that a test can run it in a child.
 *
 * Owns    options, lock, socket, signals.
 * Tests   tests/unit/store/test_daemon.c
 */
#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

/* Returns the exit status. */
int daemon_main(int argc, char **argv);

#endif
