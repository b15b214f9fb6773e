/* SPDX-License-Identifier: MIT */
/*
 * Entropy tables of the Zstandard decoder.  Pure functions on their
 * arguments; the frame and its blocks are in unzstd.c.
 */
#include <dom0/unzstd_bits.h>

#define MAX_SYMBOLS 256u

bool bits_init(struct bits *b, const uint8_t *buf, size_t len)
{
    if (len == 0 || buf[len - 1] == 0) {
        return false;
    }
    b->buf = buf;
    b->pos = (int64_t)len * 8 - 8 + (31 - __builtin_clz(buf[len - 1]));
    return true;
}

/* ---- FSE (RFC 8878, 4.1) ----------------------------------------------------- */

/* Spread the symbols over the table; rare ones sit at its end. */
static bool fse_spread(struct fse *t, const int16_t *counts,
                       unsigned int symbols)
{
    unsigned int size = 1u << t->log, high = size, at = 0;
    unsigned int step = (size >> 1) + (size >> 3) + 3;

    for (unsigned int s = 0; s < symbols; s++) {
        if (counts[s] == -1) {
            t->e[--high].symbol = (uint8_t)s;
        }
    }
    for (unsigned int s = 0; s < symbols; s++) {
        for (int i = 0; i < counts[s]; i++) {
            t->e[at].symbol = (uint8_t)s;
            do {
                at = (at + step) & (size - 1);
            } while (at >= high);
        }
    }
    return at == 0;
}

bool fse_build(struct fse *t, const int16_t *counts, unsigned int symbols,
               unsigned int log)
{
    uint16_t next[MAX_SYMBOLS];
    unsigned int size = 1u << log;

    t->log = log;
    if (!fse_spread(t, counts, symbols)) {
        return false;
    }
    for (unsigned int s = 0; s < symbols; s++) {
        next[s] = counts[s] == -1 ? 1 : (uint16_t)counts[s];
    }
    for (unsigned int i = 0; i < size; i++) {
        struct fse_entry *e = &t->e[i];
        unsigned int x = next[e->symbol]++;

        if (x == 0) {
            return false;
        }
        e->nbits = (uint8_t)(log - (31 - (unsigned int)__builtin_clz(x)));
        e->base = (uint16_t)((x << e->nbits) - size);
    }
    return true;
}

void fse_single(struct fse *t, uint8_t symbol)
{
    t->log = 0;
    t->e[0] = (struct fse_entry){ 0, symbol, 0 };
}

/* Bits from the begin of a buffer, for table descriptions. */
static uint32_t forward(const uint8_t *in, size_t len, size_t bit,
                        unsigned int n)
{
    uint32_t v = 0;

    for (unsigned int i = 0; i < n; i++) {
        size_t at = bit + i;

        if (at / 8 < len) {
            v |= (uint32_t)((in[at / 8] >> (at % 8)) & 1) << i;
        }
    }
    return v;
}

/* Runs of symbols without probability: two bits each, 3 means "and more". */
static unsigned int zero_run(const uint8_t *in, size_t len, size_t *bit)
{
    unsigned int n = 0, r;

    do {
        r = forward(in, len, *bit, 2);
        *bit += 2;
        n += r;
    } while (r == 3 && n < MAX_SYMBOLS);
    return n;
}

bool fse_read(struct fse *t, const uint8_t *in, size_t len,
              unsigned int max_symbols, unsigned int max_log, size_t *used)
{
    int16_t counts[MAX_SYMBOLS] = { 0 };
    size_t bit = 4;
    unsigned int log, s = 0;
    int left;

    if (len == 0) {
        return false;
    }
    log = (in[0] & 15u) + 5;
    if (log > max_log || log > FSE_MAX_LOG) {
        return false;
    }
    left = 1 << log;
    while (left > 0 && s < max_symbols) {
        unsigned int n = 32 - (unsigned int)__builtin_clz((uint32_t)left + 1);
        uint32_t v = forward(in, len, bit, n);
        uint32_t low = (1u << n) - 2 - (uint32_t)left;
        uint32_t half = (1u << (n - 1)) - 1;

        if ((v & half) < low) {
            v &= half;
            bit += n - 1;
        } else {
            v = v > half ? v - low : v;
            bit += n;
        }
        counts[s] = (int16_t)((int)v - 1);
        left -= counts[s] < 0 ? 1 : counts[s];
        s++;
        if (counts[s - 1] == 0) {
            s += zero_run(in, len, &bit);
        }
    }
    *used = (bit + 7) / 8;
    return left == 0 && s <= max_symbols && *used <= len &&
           fse_build(t, counts, s, log);
}

/* ---- Huffman (RFC 8878, 4.2) ---------------------------------------------------- */

/* Weights come by two FSE states that take turns. */
static bool fse_weights(struct fse *t, const uint8_t *in, size_t len,
                        uint8_t *w, unsigned int *n)
{
    struct bits b;
    uint32_t st[2];
    size_t used;

    if (!fse_read(t, in, len, 13, 6, &used) ||
        !bits_init(&b, in + used, len - used)) {
        return false;
    }
    st[0] = (uint32_t)bits_take(&b, t->log);
    st[1] = (uint32_t)bits_take(&b, t->log);
    for (*n = 0; *n < MAX_SYMBOLS - 2;) {
        const struct fse_entry *e = &t->e[st[*n & 1]];

        w[*n] = e->symbol;
        if (b.pos < e->nbits) {
            /* No bits for a next state: the other one has the last weight. */
            w[*n + 1] = t->e[st[(*n + 1) & 1]].symbol;
            *n += 2;
            return b.pos >= 0;
        }
        st[*n & 1] = e->base + (uint32_t)bits_take(&b, e->nbits);
        ++*n;
    }
    return false;
}

static bool read_weights(struct fse *tmp, const uint8_t *in, size_t len,
                         uint8_t *w, unsigned int *n, size_t *used)
{
    unsigned int head;

    if (len == 0) {
        return false;
    }
    head = in[0];
    if (head < 128) {
        *used = 1 + head;
        return *used <= len && fse_weights(tmp, in + 1, head, w, n);
    }
    *n = head - 127;
    *used = 1 + (*n + 1) / 2;
    if (*used > len) {
        return false;
    }
    for (unsigned int i = 0; i < *n; i++) {
        w[i] = i & 1 ? in[1 + i / 2] & 15 : in[1 + i / 2] >> 4;
    }
    return true;
}

/* The last weight fills the sum up to a power of two. */
static bool last_weight(uint8_t *w, unsigned int *n, unsigned int *log)
{
    uint32_t sum = 0, rest;

    for (unsigned int i = 0; i < *n; i++) {
        if (w[i] > HUF_MAX_LOG) {
            return false;
        }
        sum += w[i] != 0 ? 1u << (w[i] - 1) : 0;
    }
    if (sum == 0) {
        return false;
    }
    *log = 32 - (unsigned int)__builtin_clz(sum);
    rest = (1u << *log) - sum;
    if (*log > HUF_MAX_LOG || (rest & (rest - 1)) != 0) {
        return false;
    }
    w[(*n)++] = (uint8_t)(32 - __builtin_clz(rest));
    return true;
}

bool huf_read(struct huf *h, struct fse *tmp, const uint8_t *in, size_t len,
              size_t *used)
{
    uint8_t w[MAX_SYMBOLS];
    unsigned int n, at = 0;

    h->log = 0;
    if (!read_weights(tmp, in, len, w, &n, used) ||
        !last_weight(w, &n, &h->log)) {
        return false;
    }
    /* Longest codes first; a symbol of weight w has 2^(w-1) slots. */
    for (unsigned int weight = 1; weight <= h->log; weight++) {
        for (unsigned int s = 0; s < n; s++) {
            for (unsigned int i = 0; w[s] == weight &&
                                     i < 1u << (weight - 1); i++) {
                h->e[at].symbol = (uint8_t)s;
                h->e[at++].nbits = (uint8_t)(h->log + 1 - weight);
            }
        }
    }
    return at == 1u << h->log;
}

bool huf_decode(const struct huf *h, const uint8_t *in, size_t len,
                uint8_t *out, size_t n)
{
    struct bits b;

    if (!bits_init(&b, in, len)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t v = bits_peek(&b, h->log);

        out[i] = h->e[v].symbol;
        b.pos -= h->e[v].nbits;
    }
    return b.pos == 0;
}
