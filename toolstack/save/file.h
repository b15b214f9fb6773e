/* SPDX-License-Identifier: MIT */
/*
 * save/file.h - a file that appears whole or not at all.
 *
 * Owns    its two names: the final one, and the one it is written under.
 * Leaves  what is in it to save_pv.h.
 * Tests   tests/unit/save/test_file.c
 */
#ifndef SAVE_FILE_H
#define SAVE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

struct save_file {
    char final[PATH_MAX];      /* absolute */
    char partial[PATH_MAX];
    int fd;                    /* -1: not open */
    bool written;              /* under the partial name */
    ino_t inode;
};

/* Settles the names; 0, or -errno: nothing can be written there. */
int save_file_name(struct save_file *f, const char *path, struct err *e);
int save_file_open(struct save_file *f, struct err *e);
/* A save_put_fn. */
int save_file_put(void *arg, const void *data, size_t len);
/* All of it is on the disk; then it gets its final name. */
int save_file_sync(struct save_file *f, struct err *e);
int save_file_rename(struct save_file *f, struct err *e);
/* What was not renamed is removed. */
void save_file_close(struct save_file *f);

/* A save_get_fn over a descriptor (int *). */
long save_file_get(void *arg, void *buf, size_t len);

#endif
