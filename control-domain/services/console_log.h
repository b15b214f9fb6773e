/* SPDX-License-Identifier: MIT */
/*
 * services/console_log.h - a log file that cannot eat the disk.
 *
 * Owns    one open file and its older generations FILE.1 (newest) to FILE.3:
 *         when the file would pass the limit it is renamed and begun anew.
 * Tests   tests/unit/services/test_console.c
 */
#ifndef SERVICES_CONSOLE_LOG_H
#define SERVICES_CONSOLE_LOG_H

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_LOG_KEPT 3u            /* older generations */

struct console_log {
    char     path[256];
    int      fd;                       /* -1: closed */
    uint64_t size;
    uint64_t inode;
    uint64_t limit;                    /* bytes of one generation */
};

/* Appends to what is there.  0 or -errno. */
int console_log_open(struct console_log *log, const char *path,
                     uint64_t limit);
void console_log_close(struct console_log *log);

/* Rotate now if @len more bytes would pass the limit; reopen if closed. */
int console_log_make_room(struct console_log *log, size_t len);

/*
 * Write all of @data.  0 or -errno (disk full...): then some of it may be
 * missing, and the caller goes on, because a guest must not stop for a log.
 */
int console_log_write(struct console_log *log, const char *data, size_t len);

#endif
