/* SPDX-License-Identifier: MIT */
/*
 * host/serial.h - the other end of a serial line: a pty or a file.
 *
 * Owns    the descriptor.  Output never waits: what does not fit is lost, as
 *         on a cable that nobody listens to.  A guest cannot fill the disk: a
 *         file begins anew after SERIAL_FILE_MAX bytes.
 * Tests   tests/unit/hvm-emu/frame/test_chipset.c
 */
#ifndef HOST_SERIAL_H
#define HOST_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define SERIAL_FILE_MAX (64u << 20)

struct serial {
    int fd;                            /* -1: nobody */
    int slave_fd;                      /* held, so that a pty stays alive */
    bool input;
    char name[64];                     /* of the pty, for whoever looks */
    uint64_t written;                  /* to a file */
    unsigned long lost;
};

/* @what: "pty", a path, or NULL: nobody.  0 or -errno. */
int serial_open(struct serial *s, const char *what, struct err *e);
void serial_close(struct serial *s);
void serial_put(struct serial *s, uint8_t byte);
/* How many of at most @max bytes; 0: none now. */
size_t serial_get(struct serial *s, uint8_t *buf, size_t max);

#endif
