/* SPDX-License-Identifier: MIT */
/*
 * Log files with a bound.  What is logged is left to the callers.  Covered by
 * tests/unit/services/test_console.c.
 */
#include <services/console_log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_append(struct console_log *log)
{
    struct stat st;

    log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
                   O_NOFOLLOW, 0640);
    if (log->fd < 0) {
        return -errno;
    }
    log->size = 0;
    if (fstat(log->fd, &st) == 0) {
        log->size = (uint64_t)st.st_size;
        log->inode = st.st_ino;
    }
    return 0;
}

int console_log_open(struct console_log *log, const char *path, uint64_t limit)
{
    if (strlen(path) + 3 > sizeof(log->path)) {
        return -ENAMETOOLONG;
    }
    snprintf(log->path, sizeof(log->path), "%s", path);
    log->limit = limit;
    return open_append(log);
}

void console_log_close(struct console_log *log)
{
    if (log->fd >= 0) {
        close(log->fd);
        log->fd = -1;
    }
}

static void generation_name(const struct console_log *log, unsigned int n,
                            char name[sizeof(log->path) + 16])
{
    if (n == 0) {
        snprintf(name, sizeof(log->path) + 16, "%s", log->path);
    } else {
        snprintf(name, sizeof(log->path) + 16, "%s.%u", log->path, n);
    }
}

static int rotate(struct console_log *log)
{
    char from[sizeof(log->path) + 16], to[sizeof(log->path) + 16];
    unsigned int n;

    console_log_close(log);
    for (n = CONSOLE_LOG_KEPT; n > 0; n--) {
        generation_name(log, n - 1, from);
        generation_name(log, n, to);
        if (rename(from, to) != 0 && errno != ENOENT) {
            unlink(from);         /* keep the bound, whatever happens */
        }
    }
    return open_append(log);
}

int console_log_make_room(struct console_log *log, size_t len)
{
    if (log->fd < 0) {
        int rc = open_append(log);

        if (rc != 0) {
            return rc;
        }
    }
    return log->size > 0 && log->size + len > log->limit ? rotate(log) : 0;
}

int console_log_write(struct console_log *log, const char *data, size_t len)
{
    int rc = console_log_make_room(log, len);

    if (rc != 0) {
        return rc;
    }
    while (len > 0) {
        ssize_t put = write(log->fd, data, len);

        if (put < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        log->size += (uint64_t)put;
        data += put;
        len -= (size_t)put;
    }
    return 0;
}
