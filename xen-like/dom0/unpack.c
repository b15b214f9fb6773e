/* SPDX-License-Identifier: MIT */
/*
 * dom0/unpack.c - see unpack.h.  The one file of the hypervisor compiled
 * against the host's library headers; it calls nothing else of the host.
 * Tests: tests/unit/dom0/test_unpack.c.
 */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <dom0/unpack.h>
#include <dom0/unzstd.h>

#define UNPACK_EINVAL 22
#define UNPACK_EIO    5

#ifndef HOST_TEST
void *malloc(size_t bytes)
{
    return unpack_alloc(bytes);
}

void *calloc(size_t nr, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(nr, size, &bytes) ? NULL
                                                    : unpack_alloc(bytes);
}

void free(void *p)
{
    unpack_free(p);
}

/* Constructors of the libraries (one chooses a CRC routine). */
extern void (*const unpack_ctors[])(void) __attribute__((visibility("hidden")));
extern void (*const unpack_ctors_end[])(void)
    __attribute__((visibility("hidden")));

static void run_ctors(void)
{
    for (void (*const *fn)(void) = unpack_ctors; fn < unpack_ctors_end; fn++) {
        (*fn)();
    }
}
#else
static void run_ctors(void)
{
}
#endif

static int unpack_xz(const void *in, size_t in_len, void *out, size_t room,
                     size_t *out_len)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_ret rc;

    if (lzma_stream_decoder(&s, UINT64_MAX, 0) != LZMA_OK) {
        return -UNPACK_EIO;
    }
    s.next_in = in;
    s.avail_in = in_len;
    s.next_out = out;
    s.avail_out = room;
    rc = lzma_code(&s, LZMA_RUN);
    *out_len = room - s.avail_out;
    lzma_end(&s);
    return rc == LZMA_STREAM_END ? 0 : -UNPACK_EIO;
}

static int unpack_gzip(const void *in, size_t in_len, void *out, size_t room,
                       size_t *out_len)
{
    z_stream s;
    int rc;

    memset(&s, 0, sizeof(s));
    if (in_len > UINT32_MAX || room > UINT32_MAX ||
        inflateInit2(&s, 16 + MAX_WBITS) != Z_OK) {
        return -UNPACK_EIO;
    }
    s.next_in = (unsigned char *)(uintptr_t)in;
    s.avail_in = (unsigned int)in_len;
    s.next_out = out;
    s.avail_out = (unsigned int)room;
    rc = inflate(&s, Z_FINISH);
    *out_len = room - s.avail_out;
    (void)inflateEnd(&s);
    return rc == Z_STREAM_END ? 0 : -UNPACK_EIO;
}

/* Only the first frame: the payload of a bzImage has its size appended. */
static int unpack_zstd(const void *in, size_t in_len, void *out, size_t room,
                       size_t *out_len)
{
    void *scratch = malloc(unzstd_scratch());
    bool ok;

    if (scratch == NULL) {
        return -UNPACK_EIO;
    }
    ok = unzstd(in, in_len, out, room, out_len, scratch);
    free(scratch);
    return ok ? 0 : -UNPACK_EIO;
}

static const struct {
    uint8_t magic[6];
    uint8_t len;
    int (*run)(const void *in, size_t in_len, void *out, size_t room,
               size_t *out_len);
} formats[] = {
    { { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
    { { 0x28, 0xb5, 0x2f, 0xfd },      4, unpack_zstd },
    { { 0x1f, 0x8b, 8 },               3, unpack_gzip },
};

int unpack(const void *in, size_t in_len, void *out, size_t room,
           size_t *out_len)
{
    run_ctors();
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (in_len >= formats[i].len &&
            memcmp(in, formats[i].magic, formats[i].len) == 0) {
            size_t n;
            int rc = formats[i].run(in, in_len, out, room, &n);

            if (rc == 0) {
                *out_len = n;
            }
            return rc;
        }
    }
    return -UNPACK_EINVAL;
}
