/* SPDX-License-Identifier: MIT */
/*
 * dom0/unzstd_bits.h - the pieces of the Zstandard decoder: backward bit
 * streams, FSE tables, Huffman tables (RFC 8878, 4.1 and 4.2).
 */
#ifndef DOM0_UNZSTD_BITS_H
#define DOM0_UNZSTD_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits read from the end of a buffer towards its begin; reading beyond the
 * begin gives zeros and makes @pos negative. */
struct bits {
    const uint8_t *buf;
    int64_t pos;                  /* bits left */
};

/* The last byte has the end mark; false: there is none. */
bool bits_init(struct bits *b, const uint8_t *buf, size_t len);

static inline uint64_t bits_peek(const struct bits *b, unsigned int n)
{
    int64_t first = b->pos - n;
    uint64_t v = 0;

    if (first >= 0 && (first >> 3) + 8 <= ((b->pos + 7) >> 3)) {
        __builtin_memcpy(&v, b->buf + (first >> 3), 8);
        v >>= first & 7;
    } else {
        for (int64_t i = b->pos - 1; i >= first && i >= 0; i--) {
            v = v << 1 | ((b->buf[i >> 3] >> (i & 7)) & 1);
        }
        v <<= first < 0 ? (b->pos > 0 ? -first : n) : 0;
    }
    return n == 0 ? 0 : v & (~0ull >> (64 - n));
}

static inline uint64_t bits_take(struct bits *b, unsigned int n)
{
    uint64_t v = bits_peek(b, n);

    b->pos -= n;
    return v;
}

#define FSE_MAX_LOG 9u

struct fse_entry {
    uint16_t base;
    uint8_t symbol, nbits;
};

struct fse {
    unsigned int log;
    struct fse_entry e[1u << FSE_MAX_LOG];
};

/* From normalised counts; -1 is "less than one". */
bool fse_build(struct fse *t, const int16_t *counts, unsigned int symbols,
               unsigned int log);
/* From a table description; *used: its bytes. */
bool fse_read(struct fse *t, const uint8_t *in, size_t len,
              unsigned int max_symbols, unsigned int max_log, size_t *used);
void fse_single(struct fse *t, uint8_t symbol);

#define HUF_MAX_LOG 11u

struct huf {
    unsigned int log;             /* 0: no table yet */
    struct {
        uint8_t symbol, nbits;
    } e[1u << HUF_MAX_LOG];
};

bool huf_read(struct huf *h, struct fse *tmp, const uint8_t *in, size_t len,
              size_t *used);
/* One stream of exactly @n symbols. */
bool huf_decode(const struct huf *h, const uint8_t *in, size_t len,
                uint8_t *out, size_t n);

#endif
