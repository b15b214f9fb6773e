/* SPDX-License-Identifier: MIT */
/*
 * back/qcow2.h - which files a qcow2 image consists of.
 *
 * Owns    the few fields of the header that say so: size, backing file and
 *         its format.  Formats are never guessed: a backing file whose format
 *         the header does not say is refused, and so is anything that is not
 *         a plain file or device by its path.
 * Leaves  everything else about the format to the storage daemon.
 * ABI     docs/interop/qcow2.txt of QEMU
 * Tests   tests/unit/pvdrv/test_qcow2.c
 */
#ifndef BACK_QCOW2_H
#define BACK_QCOW2_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

#define QCOW2_MAX_CHAIN 16u

struct qcow2_file {
    char path[PATH_MAX];
    bool qcow2;                    /* else raw */
    int  fd;                       /* read-only; backing files are locked */
    uint64_t bytes;                /* of the disk it describes */
};

struct qcow2_chain {
    struct qcow2_file files[QCOW2_MAX_CHAIN];   /* the image first */
    unsigned int nr;
};

/*
 * Open the image at @path and what is behind it.  0 or -errno with @e filled;
 * -EAGAIN: somebody writes to a backing file.  After 0: qcow2_close().
 */
int qcow2_open(struct qcow2_chain *c, const char *path, struct err *e);
void qcow2_close(struct qcow2_chain *c);

#endif
