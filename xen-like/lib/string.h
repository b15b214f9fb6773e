/* SPDX-License-Identifier: MIT */
/*
 * lib/string.h - mem* and str* without a libc.
 *
 * Tests   tests/unit/lib/test_text.c
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#ifdef HOST_TEST
#include <string.h>
#else
#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *needle);
#endif

/* Copies at most size-1 bytes and ends with NUL; returns strlen(src). */
size_t str_copy(char *dst, const char *src, size_t size);
/* Decimal, 0x hex or 0 octal; *end after the last digit. */
unsigned long long str_to_u64(const char *s, const char **end, int base);
/* Does @s begin with @prefix? Then the rest, else NULL. */
const char *str_after(const char *s, const char *prefix);

#endif
