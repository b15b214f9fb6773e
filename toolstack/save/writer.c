/* SPDX-License-Identifier: MIT */
/*
 * Frames records.  Every byte is covered once by the checksum of its record,
 * and the checksums by the digest of the end, so nothing is hashed twice.
 * Tests: tests/unit/save/test_stream.c.
 */
#include <errno.h>
#include <save/writer.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static int put(struct save_writer *w, const void *data, size_t len)
{
    int rc = len == 0 ? 0 : w->put(w->arg, data, len);

    w->bytes += rc == 0 ? len : 0;
    return rc;
}

int save_writer_init(struct save_writer *w, save_put_fn *fn, void *arg,
                     const char *program)
{
    struct save_header h = { .version = SAVE_VERSION, .endian = SAVE_ENDIAN,
                             .bytes = sizeof(h) };

    *w = (struct save_writer){ .put = fn, .arg = arg,
                               .digest = XXH3_createState(),
                               .check = XXH3_createState() };
    if (w->digest == NULL || w->check == NULL) {
        return -ENOMEM;
    }
    memcpy(h.magic, SAVE_MAGIC, sizeof(h.magic));
    snprintf(h.writer, sizeof(h.writer), "%s", program);
    h.check = XXH3_64bits(&h, offsetof(struct save_header, check));
    XXH3_128bits_reset(w->digest);
    XXH3_128bits_update(w->digest, &h, sizeof(h));
    return put(w, &h, sizeof(h));
}

static uint64_t check_of(struct save_writer *w, const struct save_record *r,
                         const struct iovec *parts, unsigned int nr)
{
    XXH3_64bits_reset(w->check);
    XXH3_64bits_update(w->check, r, offsetof(struct save_record, check));
    for (unsigned int i = 0; i < nr; i++) {
        XXH3_64bits_update(w->check, parts[i].iov_base, parts[i].iov_len);
    }
    return XXH3_64bits_digest(w->check);
}

int save_writer_record(struct save_writer *w, const char *name,
                       const struct iovec *parts, unsigned int nr)
{
    struct save_record r = { .seq = w->seq++ };
    size_t len = 0;
    int rc;

    for (unsigned int i = 0; i < nr; i++) {
        len += parts[i].iov_len;
    }
    if (len > SAVE_RECORD_MAX) {
        return -EMSGSIZE;
    }
    memcpy(r.name, name, strnlen(name, sizeof(r.name)));
    r.len = (uint32_t)len;
    r.check = check_of(w, &r, parts, nr);
    XXH3_128bits_update(w->digest, &r, sizeof(r));
    rc = put(w, &r, sizeof(r));
    for (unsigned int i = 0; rc == 0 && i < nr; i++) {
        rc = put(w, parts[i].iov_base, parts[i].iov_len);
    }
    return rc;
}

int save_writer_add(struct save_writer *w, const char *name, const void *data,
                    size_t len)
{
    struct iovec part = { (void *)(uintptr_t)data, len };

    return save_writer_record(w, name, &part, 1);
}

int save_writer_end(struct save_writer *w)
{
    XXH128_hash_t digest = XXH3_128bits_digest(w->digest);
    struct save_end end = { .bytes = w->bytes, .records = w->seq,
                            .digest = { digest.low64, digest.high64 } };

    return save_writer_add(w, "END", &end, sizeof(end));
}

void save_writer_fini(struct save_writer *w)
{
    XXH3_freeState(w->digest);
    XXH3_freeState(w->check);
    w->digest = w->check = NULL;
}
