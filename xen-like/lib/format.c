/* SPDX-License-Identifier: MIT */
/*
 * lib/format.c - the core of printf, without floating point.
 *
 * Test: tests/unit/lib/test_text.c.
 */
#include <lib/format.h>
#include <lib/string.h>

#include <stdbool.h>
#include <stdint.h>

struct out {
    char *buf;
    size_t size, len;
};

struct spec {
    bool left, zero, plus, space, alt, upper, is_signed;
    int width, precision;
    unsigned int base, bytes;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size) {
        o->buf[o->len] = c;
    }
    o->len++;
}

static void pad(struct out *o, char c, int n)
{
    while (n-- > 0) {
        put(o, c);
    }
}

static void put_text(struct out *o, const struct spec *sp, const char *s,
                     int len)
{
    int fill = sp->width - len;

    if (!sp->left) {
        pad(o, ' ', fill);
    }
    for (int i = 0; i < len; i++) {
        put(o, s[i]);
    }
    if (sp->left) {
        pad(o, ' ', fill);
    }
}

/* Digits of @v, last first, into @digits; returns how many. */
static int digits_of(uint64_t v, const struct spec *sp, char *digits)
{
    const char *set = sp->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int n = 0;

    while (v != 0) {
        digits[n++] = set[v % sp->base];
        v /= sp->base;
    }
    if (n == 0 && sp->precision != 0) {
        digits[n++] = '0';
    }
    return n;
}

static void put_number(struct out *o, const struct spec *sp, uint64_t v)
{
    char digits[24], prefix[2];
    int np = 0, n, zeros, fill;

    if (sp->is_signed && (int64_t)v < 0) {
        prefix[np++] = '-';
        v = -v;
    } else if (sp->is_signed && (sp->plus || sp->space)) {
        prefix[np++] = sp->plus ? '+' : ' ';
    }
    if (sp->alt && sp->base == 16 && v != 0) {
        prefix[np++] = '0';
        prefix[np++] = sp->upper ? 'X' : 'x';
    }
    n = digits_of(v, sp, digits);
    zeros = sp->precision > n ? sp->precision - n : 0;
    fill = sp->width - np - zeros - n;
    if (sp->zero && !sp->left && sp->precision < 0 && fill > 0) {
        zeros += fill;
        fill = 0;
    }
    if (!sp->left) {
        pad(o, ' ', fill);
    }
    for (int i = 0; i < np; i++) {
        put(o, prefix[i]);
    }
    pad(o, '0', zeros);
    while (n > 0) {
        put(o, digits[--n]);
    }
    if (sp->left) {
        pad(o, ' ', fill);
    }
}

static const char *parse_flags(const char *f, struct spec *sp)
{
    for (;; f++) {
        switch (*f) {
        case '-': sp->left = true; break;
        case '0': sp->zero = true; break;
        case '+': sp->plus = true; break;
        case ' ': sp->space = true; break;
        case '#': sp->alt = true; break;
        default: return f;
        }
    }
}

static const char *parse_size(const char *f, struct spec *sp)
{
    sp->bytes = sizeof(int);
    for (;; f++) {
        switch (*f) {
        case 'h': sp->bytes /= 2; break;
        case 'l': case 'z': case 'j': case 't': sp->bytes = 8; break;
        default: return f;
        }
    }
}

static uint64_t narrow(uint64_t v, const struct spec *sp)
{
    unsigned int shift = 64 - 8 * sp->bytes;

    return sp->is_signed ? (uint64_t)((int64_t)(v << shift) >> shift)
                         : v << shift >> shift;
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
    if (s == NULL) {
        s = "(null)";
    }
    put_text(o, sp, s, (int)strnlen(s, sp->precision < 0 ? 1u << 20
                                       : (size_t)sp->precision));
}

/* The conversion letter is known: fetch the argument and print it. */
static void convert(struct out *o, struct spec *sp, char c, va_list *ap)
{
    char ch;

    switch (c) {
    case 'd': case 'i':
        sp->is_signed = true;
        break;
    case 'X':
        sp->upper = true;
        sp->base = 16;
        break;
    case 'x':
        sp->base = 16;
        break;
    case 'o':
        sp->base = 8;
        break;
    case 'u':
        break;
    case 'p':
        sp->bytes = 8;
        sp->base = 16;
        sp->alt = true;
        break;
    case 'c':
        ch = (char)va_arg(*ap, int);
        put_text(o, sp, &ch, 1);
        return;
    case 's':
        put_string(o, sp, va_arg(*ap, const char *));
        return;
    default:
        put(o, c);
        return;
    }
    put_number(o, sp, narrow(sp->bytes == 8 ? va_arg(*ap, uint64_t)
                                            : va_arg(*ap, unsigned int), sp));
}

static const char *parse_number(const char *f, int *n, va_list *ap)
{
    if (*f == '*') {
        *n = va_arg(*ap, int);
        return f + 1;
    }
    *n = 0;
    while (*f >= '0' && *f <= '9') {
        *n = *n * 10 + (*f++ - '0');
    }
    return f;
}

int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap_in)
{
    struct out o = { .buf = buf, .size = size };
    va_list ap;

    va_copy(ap, ap_in);
    for (const char *f = fmt; *f != '\0'; f++) {
        struct spec sp = { .base = 10, .precision = -1 };

        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        f = parse_flags(f + 1, &sp);
        f = parse_number(f, &sp.width, &ap);
        if (sp.width < 0) {
            sp.left = true;
            sp.width = -sp.width;
        }
        if (*f == '.') {
            f = parse_number(f + 1, &sp.precision, &ap);
        }
        f = parse_size(f, &sp);
        if (*f == '\0') {
            break;
        }
        convert(&o, &sp, *f, &ap);
    }
    va_end(ap);
    if (size != 0) {
        buf[o.len < size ? o.len : size - 1] = '\0';
    }
    return (int)o.len;
}

int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = fmt_vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
