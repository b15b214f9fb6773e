/* SPDX-License-Identifier: MIT */
/*
 * Reads records one at a time into memory that grows with the largest.  The
 * length is checked before anything is allocated, the checksum before anybody
 * sees the payload.  Tests: tests/unit/save/test_stream.c, fuzz_save.c.
 */
#include <ctype.h>
#include <errno.h>
#include <lib/err.h>
#include <save/reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char WHAT[] = "not a usable save file";

static int damaged(struct err *e, const char *which, const char *why)
{
    return err_set(e, -EINVAL, ERR_CONFIG, WHAT, which, "%s", why);
}

int save_reader_bad(const struct save_reader *r, struct err *e,
                    const char *why)
{
    char which[48];

    snprintf(which, sizeof(which), "record %u (%s)", r->record.seq, r->name);
    return damaged(e, which, why);
}

static int get(struct save_reader *r, void *buf, size_t len, struct err *e)
{
    long got = len == 0 ? 0 : r->get(r->arg, buf, len);
    char why[80];

    if (got < 0) {
        return err_errno(e, (int)got, "cannot read the save file", NULL);
    }
    r->bytes += (uint64_t)got;
    if ((size_t)got == len) {
        return 0;
    }
    snprintf(why, sizeof(why), "it ends after %llu bytes, in the middle: "
             "truncated", (unsigned long long)r->bytes);
    return damaged(e, NULL, why);
}

static int check_header(const struct save_header *h, struct err *e)
{
    char why[64];

    if (memcmp(h->magic, SAVE_MAGIC, sizeof(h->magic)) != 0) {
        return damaged(e, "header", "it does not begin as one");
    }
    if (h->endian != SAVE_ENDIAN) {
        return err_set(e, -EPROTO, ERR_VERSION, WHAT, "header",
                       "it is of a machine with another byte order");
    }
    if (h->version != SAVE_VERSION) {
        snprintf(why, sizeof(why), "it has version %u, this program reads %u",
                 h->version, SAVE_VERSION);
        return err_set(e, -EPROTO, ERR_VERSION, WHAT, "header", "%s", why);
    }
    if (h->bytes != sizeof(*h) ||
        h->check != XXH3_64bits(h, offsetof(struct save_header, check))) {
        return damaged(e, "header", "its checksum does not match: altered");
    }
    return 0;
}

int save_reader_init(struct save_reader *r, save_get_fn *fn, void *arg,
                     bool whole_file, struct err *e)
{
    int rc;

    memset(r, 0, sizeof(*r));
    r->get = fn;
    r->arg = arg;
    r->whole_file = whole_file;
    r->digest = XXH3_createState();
    r->check = XXH3_createState();
    if (r->digest == NULL || r->check == NULL) {
        return err_errno(e, -ENOMEM, "cannot read the save file", NULL);
    }
    rc = get(r, &r->header, sizeof(r->header), e);
    if (rc == 0) {
        rc = check_header(&r->header, e);
    }
    XXH3_128bits_reset(r->digest);
    XXH3_128bits_update(r->digest, &r->header, sizeof(r->header));
    return rc;
}

static int grow(struct save_reader *r, size_t len, struct err *e)
{
    if (len <= r->room_bytes) {
        return 0;
    }
    free(r->room);
    r->room = malloc(len);
    r->room_bytes = r->room == NULL ? 0 : len;
    return r->room != NULL ? 0 : err_errno(e, -ENOMEM,
                                           "cannot read the save file", NULL);
}

/* Upper-case letters and digits, the first may be lower case; then zeros. */
static bool name_ok(const char name[SAVE_NAME])
{
    size_t n = strnlen(name, SAVE_NAME);

    for (size_t i = 0; i < SAVE_NAME; i++) {
        unsigned char c = (unsigned char)name[i];

        if (i >= n ? c != 0
                   : !isupper(c) && !(i == 0 ? islower(c) : isdigit(c))) {
            return false;
        }
    }
    return n > 0;
}

static uint64_t check_of(struct save_reader *r)
{
    XXH3_64bits_reset(r->check);
    XXH3_64bits_update(r->check, &r->record,
                       offsetof(struct save_record, check));
    XXH3_64bits_update(r->check, r->body, r->len);
    return XXH3_64bits_digest(r->check);
}

static int read_record(struct save_reader *r, struct err *e)
{
    char which[32];
    int rc = get(r, &r->record, sizeof(r->record), e);

    if (rc != 0) {
        return rc;
    }
    snprintf(which, sizeof(which), "record %u", r->seq);
    if (r->record.seq != r->seq || r->record.len > SAVE_RECORD_MAX ||
        !name_ok(r->record.name)) {
        return damaged(e, which, "its header makes no sense: altered");
    }
    memcpy(r->name, r->record.name, SAVE_NAME);
    r->len = r->record.len;
    rc = grow(r, r->len, e);
    if (rc == 0) {
        r->body = r->room;
        rc = get(r, r->room, r->len, e);
    }
    if (rc == 0 && check_of(r) != r->record.check) {
        rc = save_reader_bad(r, e, "its checksum does not match: altered");
    }
    return rc;
}

static int check_end(struct save_reader *r, uint64_t before, struct err *e)
{
    XXH128_hash_t digest = XXH3_128bits_digest(r->digest);
    struct save_end end;
    uint8_t more;

    if (r->len != sizeof(end)) {
        return save_reader_bad(r, e, "it has a wrong length");
    }
    memcpy(&end, r->body, sizeof(end));
    if (end.bytes != before || end.records != r->seq ||
        end.digest[0] != digest.low64 || end.digest[1] != digest.high64) {
        return save_reader_bad(r, e, "it ends another file: altered");
    }
    if (r->whole_file && r->get(r->arg, &more, 1) != 0) {
        return save_reader_bad(r, e, "bytes follow the end: altered");
    }
    return 0;
}

int save_reader_next(struct save_reader *r, struct err *e)
{
    uint64_t before = r->bytes;
    int rc = read_record(r, e);

    if (rc != 0) {
        return rc;
    }
    if (strcmp(r->name, "END") == 0) {
        return check_end(r, before, e);
    }
    XXH3_128bits_update(r->digest, &r->record, sizeof(r->record));
    r->seq++;
    return 1;
}

void save_reader_fini(struct save_reader *r)
{
    free(r->room);
    XXH3_freeState(r->digest);
    XXH3_freeState(r->check);
    r->room = NULL;
    r->digest = r->check = NULL;
}
