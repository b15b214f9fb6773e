/* SPDX-License-Identifier: MIT */
/*
 * lib/format.h - the core of printf.
 *
 * Knows   %d %i %u %x %X %o %c %s %p %% with width, precision, 0, -, +, #,
 *         space, and h hh l ll z j t.  No floating point, no %n.
 * Tests   tests/unit/lib/test_text.c
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#include <hv/compiler.h>

/* Like vsnprintf: returns the length the whole text needs; NUL-ended. */
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
    printf_like(3, 0);
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
    printf_like(3, 4);

#ifndef HOST_TEST
#define snprintf  fmt_snprintf
#define vsnprintf fmt_vsnprintf
#endif

#endif
