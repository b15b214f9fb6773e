/* SPDX-License-Identifier: MIT */
/*
 * xenstored.  The program is daemon.c, where tests can call it.
 * Tests: tests/unit/store/test_daemon.c
 */
#include <server/daemon.h>

int main(int argc, char **argv)
{
    return daemon_main(argc, argv);
}
