/* SPDX-License-Identifier: MIT */
/*
 * lib/string.c - the few string functions a freestanding guest needs.
 * Covered by every guest.
 */
#include <lib/types.h>

void *memset(void *to, int byte, size_t n)
{
    void *p = to;

    __asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(byte) : "memory");
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    void *p = to;

    __asm__ volatile("rep movsb" : "+D"(p), "+S"(from), "+c"(n)::"memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n > 0; n--, p++, q++) {
        if (*p != *q) {
            return *p - *q;
        }
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0') {
        n++;
    }
    return n;
}

int strcmp(const char *a, const char *b)
{
    for (; *a != '\0' && *a == *b; a++, b++) {
    }
    return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0 && *a != '\0' && *a == *b; a++, b++, n--) {
    }
    return n == 0 ? 0 : (uint8_t)*a - (uint8_t)*b;
}

/* The text behind "word" where it occurs in "line", or NULL. */
const char *find_word(const char *line, const char *word)
{
    size_t n = strlen(word);

    for (; *line != '\0'; line++) {
        if (strncmp(line, word, n) == 0) {
            return line + n;
        }
    }
    return NULL;
}
