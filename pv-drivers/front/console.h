/* SPDX-License-Identifier: MIT */
/*
 * front/console.h - the console of a guest: two byte rings in one page.
 *
 * Owns    the guest's positions.  Output waits for room up to a limit, then
 *         is dropped: a guest must run without a console daemon.
 * ABI     xen/io/console.h
 * Tests   tests/guests/frontend
 *
 * Freestanding: no libc.
 */
#ifndef FRONT_CONSOLE_H
#define FRONT_CONSOLE_H

#include <port/guest.h>

#include <xen/io/console.h>

struct console_front {
    struct xencons_interface *page;
    uint32_t port;
    uint64_t dropped;
};

void console_front_init(struct console_front *c, void *page, uint32_t port);
void console_front_write(struct console_front *c, const char *text, size_t n);
/* Bytes that were typed, at most @size. */
size_t console_front_read(struct console_front *c, char *text, size_t size);

#endif
