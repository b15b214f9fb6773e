/* SPDX-License-Identifier: MIT */
/*
 * lib/print.h - text out: %s %d %u %x with l, zero padding and width.
 *
 * The hypervisor console is tried first; where it is refused (a domain
 * without rights) the emergency ports take the text: 0xe9, then COM1.
 */
#ifndef GUESTS_LIB_PRINT_H
#define GUESTS_LIB_PRINT_H

#include <lib/types.h>

size_t vformat(char *out, size_t size, const char *fmt, va_list ap);
size_t format(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Where print() writes instead, once it is set. */
extern void (*print_sink)(const char *text, size_t n);
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
