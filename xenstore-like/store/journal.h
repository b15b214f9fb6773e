/* SPDX-License-Identifier: MIT */
/*
 * store/journal.h - records in a file that outlive a killed process.
 *
 * Owns    a file mapped shared: records are copied in at the end, and one
 *         aligned store of the committed length makes them count.  A kill at
 *         any instruction leaves the records up to the last commit, whole.
 *         Not meant for a power cut: the file carries the boot's id and is
 *         ignored after a reboot.
 * Leaves  the meaning of records to server/state.c.
 *
 * INV-SJ1 bytes below `committed` never change; room is allocated in the
 *         file before it is touched (a full file system gives an error, not
 *         a signal).
 * Tests   tests/unit/store/test_parts.c, test_daemon.c
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct journal {
    int fd;                           /* -1: nothing is kept */
    char *map;
    size_t mapped;
    size_t used;                      /* with what is not committed yet */
    char *path;
};

struct journal_record {
    uint32_t type;
    uint32_t len;
    const char *data;
};

/* A journal that keeps nothing: every call succeeds. */
void journal_none(struct journal *j);

/* Open what an earlier process left.  -ENOENT: nothing usable there. */
int journal_open(struct journal *j, const char *path);

/* An empty one at @path, which appears there at journal_publish(). */
int journal_create(struct journal *j, const char *path);
int journal_publish(struct journal *j);

/* Close; the file stays. */
void journal_close(struct journal *j);

/* Room for records of together @bytes payload in at most @nr records. */
int journal_reserve(struct journal *j, size_t bytes, size_t nr);

/* Append; there must be room. */
void journal_add(struct journal *j, uint32_t type, const struct iovec *parts,
                 size_t nr_parts);
void journal_commit(struct journal *j);

/* The record at *@pos (0: the first), which advances.  False at the end. */
bool journal_next(const struct journal *j, size_t *pos,
                  struct journal_record *rec);

#endif
