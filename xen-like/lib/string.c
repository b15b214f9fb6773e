/* SPDX-License-Identifier: MIT */
/*
 * lib/string.c - mem* and str*.
 *
 * Copies and fills use rep movs/stos: short, and fast where it matters (pages)
 * on every CPU of the last decade.  Test: tests/unit/lib/test_text.c.
 */
#include <lib/string.h>

#ifndef HOST_TEST
void *memcpy(void *dst, const void *src, size_t n)
{
    void *d = dst;
    size_t words = n / 8, rest = n % 8;

    __asm__ volatile("rep movsq\n\t"
                     "mov %[rest], %%rcx\n\t"
                     "rep movsb"
                     : "+D"(d), "+S"(src), "+c"(words)
                     : [rest] "r"(rest) : "memory");
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    if ((unsigned long)dst - (unsigned long)src >= n) {
        return memcpy(dst, src, n);
    }
    for (size_t i = n; i > 0; i--) {
        ((unsigned char *)dst)[i - 1] = ((const unsigned char *)src)[i - 1];
        __asm__ volatile("");
    }
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    void *d = dst;
    size_t words = n / 8, rest = n % 8;
    unsigned long v = (unsigned char)c * 0x0101010101010101ul;

    __asm__ volatile("rep stosq\n\t"
                     "mov %[rest], %%rcx\n\t"
                     "rep stosb"
                     : "+D"(d), "+c"(words)
                     : "a"(v), [rest] "r"(rest) : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != '\0') {
        n++;
    }
    return n;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0') {
        n++;
        __asm__ volatile("");
    }
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c) {
            return (char *)s;
        }
        if (*s == '\0') {
            return NULL;
        }
    }
}

char *strstr(const char *s, const char *needle)
{
    while (str_after(s, needle) == NULL) {
        if (*s++ == '\0') {
            return NULL;
        }
    }
    return (char *)s;
}
#endif

size_t str_copy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);

    if (size != 0) {
        size_t n = len < size ? len : size - 1;

        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}

static unsigned int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned int)(c - '0');
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : 99;
}

unsigned long long str_to_u64(const char *s, const char **end, int base)
{
    unsigned long long v = 0;

    if (base == 0) {
        base = s[0] == '0' ? 8 : 10;
        if (s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16) {
            s += 2;
            base = 16;
        }
    }
    while (digit_value(*s) < (unsigned int)base) {
        v = v * (unsigned int)base + digit_value(*s++);
    }
    if (end != NULL) {
        *end = s;
    }
    return v;
}

const char *str_after(const char *s, const char *prefix)
{
    while (*prefix != '\0') {
        if (*s++ != *prefix++) {
            return NULL;
        }
    }
    return s;
}
