/* SPDX-License-Identifier: MIT */
/*
 * The three compressors of Debian's kernels behind one loop: a format offers
 * start, step and end.  unpack_confined.c runs it in a process of its own.
 * Tests: tests/unit/toolstack/test_kernel.c.
 */
#include <build/unpack.h>
#include <errno.h>
#include <lib/err.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define XZ_MEMORY (128u << 20)         /* dictionary limit */

enum step { STEP_MORE, STEP_END, STEP_BAD };

struct stream {
    const uint8_t *in;
    size_t in_left;
    uint8_t *out;
    size_t out_left;
    union {
        z_stream gzip;
        lzma_stream xz;
        ZSTD_DCtx *zstd;
    } u;
};

struct format {
    const char *name;
    uint8_t magic[6];
    size_t magic_len;
    bool (*start)(struct stream *s);
    enum step (*step)(struct stream *s);
    void (*end)(struct stream *s);
};

/* ---- gzip ------------------------------------------------------------------ */

static bool gzip_start(struct stream *s)
{
    memset(&s->u.gzip, 0, sizeof(s->u.gzip));
    return inflateInit2(&s->u.gzip, 15 + 16) == Z_OK;
}

static enum step gzip_step(struct stream *s)
{
    z_stream *z = &s->u.gzip;
    uInt in = s->in_left > 1u << 30 ? 1u << 30 : (uInt)s->in_left;
    uInt out = s->out_left > 1u << 30 ? 1u << 30 : (uInt)s->out_left;
    int rc;

    z->next_in = (Bytef *)s->in;
    z->avail_in = in;
    z->next_out = s->out;
    z->avail_out = out;
    rc = inflate(z, Z_NO_FLUSH);
    s->in += in - z->avail_in;
    s->in_left -= in - z->avail_in;
    s->out += out - z->avail_out;
    s->out_left -= out - z->avail_out;
    return rc == Z_STREAM_END ? STEP_END
           : rc == Z_OK || rc == Z_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static void gzip_end(struct stream *s)
{
    inflateEnd(&s->u.gzip);
}

/* ---- xz -------------------------------------------------------------------- */

static bool xz_start(struct stream *s)
{
    s->u.xz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&s->u.xz, XZ_MEMORY, 0) == LZMA_OK;
}

static enum step xz_step(struct stream *s)
{
    lzma_stream *x = &s->u.xz;
    lzma_ret rc;

    x->next_in = s->in;
    x->avail_in = s->in_left;
    x->next_out = s->out;
    x->avail_out = s->out_left;
    rc = lzma_code(x, LZMA_RUN);
    s->in = x->next_in;
    s->in_left = x->avail_in;
    s->out = x->next_out;
    s->out_left = x->avail_out;
    return rc == LZMA_STREAM_END ? STEP_END
           : rc == LZMA_OK || rc == LZMA_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static void xz_end(struct stream *s)
{
    lzma_end(&s->u.xz);
}

/* ---- zstd ------------------------------------------------------------------ */

static bool zstd_start(struct stream *s)
{
    s->u.zstd = ZSTD_createDCtx();
    return s->u.zstd != NULL;
}

static enum step zstd_step(struct stream *s)
{
    ZSTD_inBuffer in = { s->in, s->in_left, 0 };
    ZSTD_outBuffer out = { s->out, s->out_left, 0 };
    size_t rc = ZSTD_decompressStream(s->u.zstd, &out, &in);

    if (ZSTD_isError(rc)) {
        return STEP_BAD;
    }
    s->in += in.pos;
    s->in_left -= in.pos;
    s->out += out.pos;
    s->out_left -= out.pos;
    return rc == 0 ? STEP_END : STEP_MORE;
}

static void zstd_end(struct stream *s)
{
    ZSTD_freeDCtx(s->u.zstd);
}

/* ---- the table and the loop -------------------------------------------------- */

static const struct format formats[] = {
    [PACK_GZIP] = { "gzip", { 0x1f, 0x8b, 8 }, 3, gzip_start, gzip_step,
                    gzip_end },
    [PACK_XZ]   = { "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, xz_start,
                    xz_step, xz_end },
    [PACK_ZSTD] = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_start,
                    zstd_step, zstd_end },
    [PACK_OTHER] = { "lz4, lzo, bzip2 or lzma", { 0 }, 0, NULL, NULL, NULL },
};

enum packing unpack_recognise(const uint8_t *data, size_t len)
{
    static const uint8_t others[][4] = {
        { 'B', 'Z', 'h', 0 }, { 0x5d, 0, 0, 0 }, { 0x89, 'L', 'Z', 'O' },
        { 0x02, 0x21, 0x4c, 0x18 },
    };

    for (int i = PACK_GZIP; i <= PACK_ZSTD; i++) {
        if (len >= formats[i].magic_len &&
            memcmp(data, formats[i].magic, formats[i].magic_len) == 0) {
            return (enum packing)i;
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        size_t n = others[i][3] == 0 ? 3 : 4;

        if (len >= n && memcmp(data, others[i], n) == 0) {
            return PACK_OTHER;
        }
    }
    return PACK_NONE;
}

static int run(const struct format *f, struct stream *s)
{
    for (;;) {
        size_t in_before = s->in_left, out_before = s->out_left;
        enum step step = f->step(s);

        if (step == STEP_END) {
            return 0;
        }
        if (step == STEP_BAD) {
            return -EINVAL;
        }
        if (s->out_left == 0 && s->in_left == in_before) {
            return -EFBIG;             /* it has more to say */
        }
        if (s->in_left == in_before && s->out_left == out_before) {
            return -EINVAL;            /* it ends too early */
        }
    }
}

static int unpack_error(struct err *e, int rc, const char *name, size_t max)
{
    if (rc == -EFBIG) {
        return err_set(e, rc, ERR_CONFIG, "cannot unpack the kernel", NULL,
                       "the %s data unpacks to more than %zu MiB", name,
                       max >> 20);
    }
    return err_set(e, rc, ERR_CONFIG, "cannot unpack the kernel", NULL,
                   "the %s data is damaged or truncated", name);
}

int unpack(const uint8_t *data, size_t len, uint8_t *out, size_t max,
           size_t *out_len, struct err *e)
{
    enum packing p = unpack_recognise(data, len);
    struct stream s = { .in = data, .in_left = len, .out = out,
                        .out_left = max };
    int rc;

    if (p == PACK_NONE || p == PACK_OTHER) {
        return err_set(e, -EINVAL, ERR_CONFIG, "cannot unpack the kernel",
                       NULL, "the packing is %s, not gzip, xz or zstd",
                       p == PACK_OTHER ? formats[p].name : "unknown");
    }
    if (!formats[p].start(&s)) {
        return err_errno(e, -ENOMEM, "cannot unpack the kernel", NULL);
    }
    rc = run(&formats[p], &s);
    formats[p].end(&s);
    if (rc != 0) {
        return unpack_error(e, rc, formats[p].name, max);
    }
    *out_len = max - s.out_left;
    return 0;
}
