/* SPDX-License-Identifier: MIT */
/*
 * Frames, blocks, literals and sequences of Zstandard (RFC 8878, 3.1).  The
 * whole output is the window, so a match copies from @out itself.
 */
#include <string.h>

#include <dom0/unzstd.h>
#include <dom0/unzstd_bits.h>

#define MAX_BLOCK (128u << 10)

struct decoder {
    const uint8_t *in, *end;
    uint8_t *out_begin, *out, *out_end;
    uint64_t rep[3];              /* recent offsets */
    struct huf huf;
    struct fse ll, of, ml, tmp;
    bool have_tables;             /* ll, of, ml are filled */
    const uint8_t *lit;           /* literals of the block */
    size_t lit_len;
    uint8_t literals[MAX_BLOCK];
};

size_t unzstd_scratch(void)
{
    return sizeof(struct decoder);
}

static uint64_t little(const uint8_t *p, unsigned int bytes)
{
    uint64_t v = 0;

    for (unsigned int i = 0; i < bytes; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

/* ---- literals (3.1.1.3.1) ------------------------------------------------------ */

static bool huf_streams(struct decoder *d, const uint8_t *in, size_t len,
                        bool four)
{
    size_t n = (d->lit_len + 3) / 4, at = 6;

    if (!four) {
        return huf_decode(&d->huf, in, len, d->literals, d->lit_len);
    }
    if (len < 6 || n * 3 > d->lit_len) {
        return false;
    }
    for (unsigned int i = 0; i < 4; i++) {
        size_t bytes = i < 3 ? little(in + 2 * i, 2) : len - at;
        size_t symbols = i < 3 ? n : d->lit_len - 3 * n;

        if (bytes > len - at ||
            !huf_decode(&d->huf, in + at, bytes, d->literals + i * n,
                        symbols)) {
            return false;
        }
        at += bytes;
    }
    return true;
}

/* Plain, or one byte repeated. */
static bool plain_literals(struct decoder *d, const uint8_t **p,
                           const uint8_t *end, bool rle)
{
    static const uint8_t heads[4] = { 1, 2, 1, 3 };
    unsigned int format = (**p >> 2) & 3, head = heads[format];

    if ((size_t)(end - *p) < head) {
        return false;
    }
    d->lit_len = little(*p, head) >> (head == 1 ? 3 : 4);
    *p += head;
    if (d->lit_len > MAX_BLOCK || (size_t)(end - *p) < (rle ? 1 : d->lit_len)) {
        return false;
    }
    if (rle) {
        memset(d->literals, **p, d->lit_len);
        d->lit = d->literals;
        ++*p;
    } else {
        d->lit = *p;
        *p += d->lit_len;
    }
    return true;
}

static bool packed_literals(struct decoder *d, const uint8_t **p,
                            const uint8_t *end, bool new_table)
{
    static const uint8_t heads[4] = { 3, 3, 4, 5 }, widths[4] = { 10, 10, 14, 18 };
    unsigned int format = (**p >> 2) & 3, width = widths[format];
    uint64_t v;
    size_t packed, used = 0;

    if ((size_t)(end - *p) < heads[format]) {
        return false;
    }
    v = little(*p, heads[format]) >> 4;
    *p += heads[format];
    d->lit_len = v & ((1u << width) - 1);
    packed = (v >> width) & ((1u << width) - 1);
    if (d->lit_len > MAX_BLOCK || packed > (size_t)(end - *p)) {
        return false;
    }
    if (new_table) {
        if (!huf_read(&d->huf, &d->tmp, *p, packed, &used)) {
            return false;
        }
    } else if (d->huf.log == 0) {
        return false;
    }
    if (!huf_streams(d, *p + used, packed - used, format != 0)) {
        return false;
    }
    d->lit = d->literals;
    *p += packed;
    return true;
}

static bool read_literals(struct decoder *d, const uint8_t **p,
                          const uint8_t *end)
{
    unsigned int type;

    if (*p == end) {
        return false;
    }
    type = **p & 3;
    return type < 2 ? plain_literals(d, p, end, type == 1)
                    : packed_literals(d, p, end, type == 2);
}

/* ---- sequences (3.1.1.3.2) ------------------------------------------------------- */

static const uint32_t ll_base[36] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24,
    28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768,
    65536
};
static const uint8_t ll_bits[36] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4,
    6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
};
static const uint32_t ml_base[53] = {
    3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 37, 39, 41, 43, 47, 51, 59,
    67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539
};
static const uint8_t ml_bits[53] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12,
    13, 14, 15, 16
};
static const int16_t ll_default[36] = {
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1
};
static const int16_t of_default[29] = {
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1,
    -1, -1, -1, -1
};
static const int16_t ml_default[53] = {
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1,
    -1, -1, -1, -1
};

/* One of the three tables, by its mode. */
static bool read_table(struct decoder *d, struct fse *t, unsigned int mode,
                       const uint8_t **p, const uint8_t *end,
                       const int16_t *def, unsigned int nr_def,
                       unsigned int def_log, unsigned int symbols,
                       unsigned int max_log)
{
    size_t used;

    switch (mode) {
    case 0:
        return fse_build(t, def, nr_def, def_log);
    case 1:
        if (*p == end || **p >= symbols) {
            return false;
        }
        fse_single(t, *(*p)++);
        return true;
    case 2:
        if (!fse_read(t, *p, (size_t)(end - *p), symbols, max_log, &used)) {
            return false;
        }
        *p += used;
        return true;
    default:
        return d->have_tables;
    }
}

/* The offset a sequence means, and the list of recent ones (3.1.1.5). */
static uint64_t offset_of(struct decoder *d, uint64_t v, uint64_t lit)
{
    uint64_t off;
    unsigned int i;

    if (v > 3) {
        off = v - 3;
        i = 2;
    } else {
        i = (unsigned int)(v - 1) + (lit == 0);
        off = i == 3 ? d->rep[0] - 1 : d->rep[i];
        i = i == 3 ? 2 : i;
    }
    if (i == 0) {
        return off;
    }
    if (i == 2) {
        d->rep[2] = d->rep[1];
    }
    d->rep[1] = d->rep[0];
    d->rep[0] = off;
    return off;
}

static bool copy_literals(struct decoder *d, size_t n)
{
    if (n > d->lit_len || n > (size_t)(d->out_end - d->out)) {
        return false;
    }
    memcpy(d->out, d->lit, n);
    d->out += n;
    d->lit += n;
    d->lit_len -= n;
    return true;
}

static bool copy_match(struct decoder *d, uint64_t off, size_t n)
{
    const uint8_t *from;

    if (off == 0 || off > (size_t)(d->out - d->out_begin) ||
        n > (size_t)(d->out_end - d->out)) {
        return false;
    }
    from = d->out - off;
    if (off >= n) {
        memcpy(d->out, from, n);
        d->out += n;
        return true;
    }
    while (n-- > 0) {
        *d->out++ = *from++;          /* it may read what it just wrote */
    }
    return true;
}

static uint32_t next_state(struct bits *b, const struct fse *t, uint32_t st)
{
    return t->e[st].base + (uint32_t)bits_take(b, t->e[st].nbits);
}

static bool run_sequences(struct decoder *d, const uint8_t *in, size_t len,
                          unsigned int nr)
{
    struct bits b;
    uint32_t ll, of, ml;

    if (!bits_init(&b, in, len)) {
        return false;
    }
    ll = (uint32_t)bits_take(&b, d->ll.log);
    of = (uint32_t)bits_take(&b, d->of.log);
    ml = (uint32_t)bits_take(&b, d->ml.log);
    while (nr-- > 0) {
        unsigned int lc = d->ll.e[ll].symbol, oc = d->of.e[of].symbol;
        unsigned int mc = d->ml.e[ml].symbol;
        uint64_t off, lit, match;

        if (lc > 35 || oc > 31 || mc > 52) {
            return false;
        }
        off = (1ull << oc) + bits_take(&b, oc);
        match = ml_base[mc] + bits_take(&b, ml_bits[mc]);
        lit = ll_base[lc] + bits_take(&b, ll_bits[lc]);
        off = offset_of(d, off, lit);
        if (b.pos < 0 || !copy_literals(d, lit) || !copy_match(d, off, match)) {
            return false;
        }
        if (nr != 0) {
            ll = next_state(&b, &d->ll, ll);
            ml = next_state(&b, &d->ml, ml);
            of = next_state(&b, &d->of, of);
        }
    }
    return b.pos == 0;
}

static bool read_count(const uint8_t **p, const uint8_t *end,
                       unsigned int *nr)
{
    size_t left = (size_t)(end - *p);
    unsigned int b0, bytes;

    if (left == 0) {
        return false;
    }
    b0 = **p;
    bytes = b0 < 128 ? 1 : b0 < 255 ? 2 : 3;
    if (left < bytes) {
        return false;
    }
    *nr = bytes == 1 ? b0
        : bytes == 2 ? ((b0 - 128) << 8) + (*p)[1]
                     : (*p)[1] + ((*p)[2] << 8) + 0x7f00u;
    *p += bytes;
    return true;
}

static bool packed_block(struct decoder *d, const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    unsigned int nr, modes;

    if (!read_literals(d, &p, end) || !read_count(&p, end, &nr)) {
        return false;
    }
    if (nr == 0) {
        return p == end && copy_literals(d, d->lit_len);
    }
    if (p == end) {
        return false;
    }
    modes = *p++;
    if ((modes & 3) != 0 ||
        !read_table(d, &d->ll, modes >> 6, &p, end, ll_default, 36, 6, 36, 9) ||
        !read_table(d, &d->of, (modes >> 4) & 3, &p, end, of_default, 29, 5,
                    32, 8) ||
        !read_table(d, &d->ml, (modes >> 2) & 3, &p, end, ml_default, 53, 6,
                    53, 9)) {
        return false;
    }
    d->have_tables = true;
    return run_sequences(d, p, (size_t)(end - p), nr) &&
           copy_literals(d, d->lit_len);
}

/* ---- blocks and frame (3.1.1) -------------------------------------------------------- */

enum block_type { BLOCK_RAW, BLOCK_RLE, BLOCK_PACKED };

static bool one_block(struct decoder *d, bool *last)
{
    uint32_t head, size;
    bool ok = false;

    if (d->end - d->in < 3) {
        return false;
    }
    head = (uint32_t)little(d->in, 3);
    d->in += 3;
    *last = head & 1;
    size = head >> 3;
    switch ((head >> 1) & 3) {
    case BLOCK_RAW:
        ok = size <= (size_t)(d->end - d->in) &&
             size <= (size_t)(d->out_end - d->out);
        if (ok) {
            memcpy(d->out, d->in, size);
            d->out += size;
        }
        break;
    case BLOCK_RLE:
        ok = d->in < d->end && size <= (size_t)(d->out_end - d->out);
        if (ok) {
            memset(d->out, *d->in, size);
            d->out += size;
            size = 1;
        }
        break;
    case BLOCK_PACKED:
        ok = size <= (size_t)(d->end - d->in) &&
             packed_block(d, d->in, size);
        break;
    default:
        break;
    }
    d->in += ok ? size : 0;
    return ok;
}

/* Skip the frame header; dictionaries are refused. */
static bool read_header(struct decoder *d, bool *checksum)
{
    static const uint8_t fcs_bytes[4] = { 0, 2, 4, 8 };
    static const uint8_t dict_bytes[4] = { 0, 1, 2, 4 };
    unsigned int f;
    size_t skip;

    if (d->end - d->in < 6 || little(d->in, 4) != 0xfd2fb528u) {
        return false;
    }
    f = d->in[4];
    *checksum = f & 4;
    if ((f & 8) != 0 || dict_bytes[f & 3] != 0) {
        return false;
    }
    skip = 5 + (f & 0x20 ? 0 : 1) +
           (f >> 6 == 0 && (f & 0x20) ? 1 : fcs_bytes[f >> 6]);
    if ((size_t)(d->end - d->in) < skip) {
        return false;
    }
    d->in += skip;
    return true;
}

/* XXH64 with seed 0, of which the frame keeps the low half. */
#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
#define P3 0x165667b19e3779f9ull
#define P4 0x85ebca77c2b2ae63ull
#define P5 0x27d4eb2f165667c5ull

static uint64_t rotl(uint64_t v, unsigned int n)
{
    return v << n | v >> (64 - n);
}

static uint64_t xxh_round(uint64_t acc, uint64_t v)
{
    return rotl(acc + v * P2, 31) * P1;
}

static uint64_t xxh64(const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;
    uint64_t a[4] = { P1 + P2, P2, 0, 0 - P1 }, h = P5;

    if (len >= 32) {
        for (; end - p >= 32; p += 32) {
            for (unsigned int i = 0; i < 4; i++) {
                a[i] = xxh_round(a[i], little(p + 8 * i, 8));
            }
        }
        h = rotl(a[0], 1) + rotl(a[1], 7) + rotl(a[2], 12) + rotl(a[3], 18);
        for (unsigned int i = 0; i < 4; i++) {
            h = (h ^ xxh_round(0, a[i])) * P1 + P4;
        }
    }
    h += len;
    for (; end - p >= 8; p += 8) {
        h = rotl(h ^ xxh_round(0, little(p, 8)), 27) * P1 + P4;
    }
    for (; end - p >= 4; p += 4) {
        h = rotl(h ^ little(p, 4) * P1, 23) * P2 + P3;
    }
    for (; p < end; p++) {
        h = rotl(h ^ *p * P5, 11) * P1;
    }
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}

bool unzstd(const uint8_t *in, size_t in_len, uint8_t *out, size_t room,
            size_t *out_len, void *scratch)
{
    struct decoder *d = scratch;
    bool checksum, last = false;

    d->in = in;
    d->end = in + in_len;
    d->out_begin = d->out = out;
    d->out_end = out + room;
    d->rep[0] = 1;
    d->rep[1] = 4;
    d->rep[2] = 8;
    d->huf.log = 0;
    d->have_tables = false;
    if (!read_header(d, &checksum)) {
        return false;
    }
    while (!last) {
        if (!one_block(d, &last)) {
            return false;
        }
    }
    *out_len = (size_t)(d->out - out);
    return !checksum ||
           (d->end - d->in >= 4 &&
            little(d->in, 4) == (uint32_t)xxh64(out, *out_len));
}
