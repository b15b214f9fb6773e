/* SPDX-License-Identifier: MIT */
/*
 * save/reader.h - bytes into records that are whole and unaltered.
 *
 * Owns    the header, order, length and checksum of each record, the end.
 *         Nothing of a record is handed on before all of it was checked.
 * Leaves  what a record means to check.h.
 * Tests   tests/unit/save/test_stream.c, tests/fuzz/fuzz_save.c
 */
#ifndef SAVE_READER_H
#define SAVE_READER_H

#include <save/format.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

/* Reads @len bytes, fewer only at the end of the data; or -errno. */
typedef long save_get_fn(void *arg, void *buf, size_t len);

struct save_reader {
    save_get_fn *get;
    void *arg;
    struct save_header header;
    struct save_record record; /* the one that was read last */
    char name[SAVE_NAME + 1];  /* of it */
    const uint8_t *body;
    size_t len;
    uint8_t *room;
    size_t room_bytes;
    uint64_t bytes;            /* read so far */
    uint32_t seq;
    void *digest;
    void *check;
    bool whole_file;           /* nothing may follow the end */
};

/*
 * Reads and checks the header.  0, or -EINVAL (not a saved guest, damaged),
 * -EPROTO (class version), -EIO; save_reader_fini() in any case.
 */
int save_reader_init(struct save_reader *r, save_get_fn *get, void *arg,
                     bool whole_file, struct err *e);

/* 1: a record; 0: END, and all was there; or -errno with @e. */
int save_reader_next(struct save_reader *r, struct err *e);
void save_reader_fini(struct save_reader *r);

/* "record 7 (PAGES)" in messages about its contents. */
int save_reader_bad(const struct save_reader *r, struct err *e,
                    const char *why);

#endif
