/* SPDX-License-Identifier: MIT */
/*
 * services/console_ring.h - the shared page of a guest's console.
 *
 * Owns    the arithmetic of the two byte rings in struct xencons_interface.
 *         The page belongs to a guest: every index is read once, checked, and
 *         a nonsensical distance is treated as an empty or full ring.
 *
 * INV-CR1 Output is consumed only after the caller has kept it (peek, keep,
 *         consume): a crash between never loses bytes.
 * ABI     xen/io/console.h
 * Tests   tests/unit/services/test_console.c
 */
#ifndef SERVICES_CONSOLE_RING_H
#define SERVICES_CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>

struct xencons_interface;

/* Guest output that waits, up to @size bytes: how many were copied. */
size_t console_ring_peek(const struct xencons_interface *ring, char *buf,
                         size_t size);
/* Give the guest @len bytes of room back. */
void console_ring_consume(struct xencons_interface *ring, size_t len);

/* Room for input. */
size_t console_ring_room(const struct xencons_interface *ring);
/* Put up to @len bytes of input: how many fitted. */
size_t console_ring_put(struct xencons_interface *ring, const char *data,
                        size_t len);

#endif
