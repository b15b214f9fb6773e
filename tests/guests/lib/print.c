/* SPDX-License-Identifier: MIT */
/*
 * lib/print.c - see print.h.  Covered by every guest: a line that does not
 * come out is a fact that the runner misses.
 */
#include <lib/hypercall.h>
#include <lib/print.h>
#include <lib/trap.h>

struct out {
    char *text;
    size_t size, used;
};

static void put(struct out *o, char c)
{
    if (o->used + 1 < o->size) {
        o->text[o->used] = c;
    }
    o->used++;
}

static void put_number(struct out *o, uint64_t value, unsigned int base,
                       int width, char pad)
{
    char digits[24];
    int n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (; width > n; width--) {
        put(o, pad);
    }
    while (n > 0) {
        put(o, digits[--n]);
    }
}

static void put_string(struct out *o, const char *s, int width)
{
    for (; *s != '\0'; s++, width--) {
        put(o, *s);
    }
    for (; width > 0; width--) {
        put(o, ' ');
    }
}

static void put_signed(struct out *o, int64_t value, int width, char pad)
{
    if (value < 0) {
        put(o, '-');
        value = -value;
    }
    put_number(o, (uint64_t)value, 10, width, pad);
}

size_t vformat(char *out, size_t size, const char *fmt, va_list ap)
{
    struct out o = { out, size, 0 };

    for (; *fmt != '\0'; fmt++) {
        char pad = ' ';
        int width = 0, longs = 0;

        if (*fmt != '%') {
            put(&o, *fmt);
            continue;
        }
        fmt++;
        if (*fmt == '-') {
            fmt++;
        }
        if (*fmt == '0') {
            pad = '0';
        }
        for (; *fmt >= '0' && *fmt <= '9'; fmt++) {
            width = width * 10 + *fmt - '0';
        }
        for (; *fmt == 'l'; fmt++) {
            longs++;
        }
        switch (*fmt) {
        case 's':
            put_string(&o, va_arg(ap, const char *), width);
            break;
        case 'c':
            put(&o, (char)va_arg(ap, int));
            break;
        case 'd':
            put_signed(&o, longs ? va_arg(ap, long) : va_arg(ap, int), width,
                       pad);
            break;
        case 'u':
        case 'x':
            put_number(&o, longs ? va_arg(ap, unsigned long)
                                 : va_arg(ap, unsigned int),
                       *fmt == 'u' ? 10 : 16, width, pad);
            break;
        default:
            put(&o, *fmt);
        }
    }
    if (size > 0) {
        out[o.used < size ? o.used : size - 1] = '\0';
    }
    return o.used;
}

size_t format(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    n = vformat(out, size, fmt, ap);
    va_end(ap);
    return n;
}

/* Emergency way out for a domain that may not use the console. */
static void put_ports(const char *text, size_t n)
{
    for (; n > 0; n--, text++) {
        TRY_INSN("outb %%al, $0xe9", "a"(*text));
    }
}

void (*print_sink)(const char *text, size_t n);

void print(const char *fmt, ...)
{
    char line[512];
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    n = vformat(line, sizeof(line), fmt, ap);
    va_end(ap);
    n = n < sizeof(line) ? n : sizeof(line) - 1;
    if (print_sink != NULL) {
        print_sink(line, n);
        return;
    }
    if (hc_console(CONSOLEIO_write, n, line) < 0) {
        put_ports(line, n);
    }
}
