/* SPDX-License-Identifier: MIT */
/*
 * Writes beside the final name, syncs, renames, syncs the directory.
 * Tests: tests/unit/save/test_file.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <save/file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot(const struct save_file *f, struct err *e, int rc,
                  const char *what)
{
    if (rc != 0) {
        err_errno(e, rc, what, "%s", f->final);
        if (rc == -ENOENT && e != NULL) {
            e->class = ERR_FAILED;     /* of a path, not of a domain */
        }
    }
    return rc;
}

/* The directory of @path, made absolute, and the last part of the name. */
static int split(const char *path, char dir[PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    char given[PATH_MAX];
    int len = slash == NULL ? 1 : (int)(slash - path) + 1;

    *name = slash == NULL ? path : slash + 1;
    if (**name == '\0' || strchr(path, '\n') != NULL ||
        snprintf(given, sizeof(given), "%.*s", len,
                 slash == NULL ? "." : path) >= (int)sizeof(given)) {
        return -EINVAL;
    }
    return realpath(given, dir) == NULL ? -errno : 0;
}

int save_file_name(struct save_file *f, const char *path, struct err *e)
{
    char dir[PATH_MAX];
    const char *name;
    struct stat st;
    int rc = split(path, dir, &name);

    f->fd = -1;
    f->written = false;
    snprintf(f->final, sizeof(f->final), "%.*s", PATH_MAX - 1, path);
    if (rc == 0 && snprintf(f->final, sizeof(f->final), "%s/%s",
                            strcmp(dir, "/") == 0 ? "" : dir, name) >=
                       PATH_MAX - 32) {
        rc = -ENAMETOOLONG;
    }
    if (rc == 0 && access(dir, W_OK | X_OK) != 0) {
        rc = -errno;
    }
    if (rc == 0 && stat(f->final, &st) == 0 && !S_ISREG(st.st_mode)) {
        return err_set(e, -EINVAL, ERR_USAGE, "cannot write the save file",
                       f->final, "it is there and is no regular file");
    }
    snprintf(f->partial, sizeof(f->partial), "%.*s.%d.partial",
             PATH_MAX - 32, f->final, getpid());
    return cannot(f, e, rc, "cannot write the save file");
}

int save_file_open(struct save_file *f, struct err *e)
{
    struct stat st;

    /* Never a file that somebody else has made: a guest's memory follows. */
    unlink(f->partial);
    f->fd = open(f->partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    f->written = f->fd >= 0;
    if (f->fd < 0 || fstat(f->fd, &st) != 0) {
        return cannot(f, e, -errno, "cannot write the save file");
    }
    f->inode = st.st_ino;
    return 0;
}

int save_file_put(void *arg, const void *data, size_t len)
{
    struct save_file *f = arg;
    const char *at = data;

    while (len > 0) {
        ssize_t n = write(f->fd, at, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? -EIO : -errno;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int save_file_sync(struct save_file *f, struct err *e)
{
    return cannot(f, e, fsync(f->fd) == 0 ? 0 : -errno,
                  "cannot write the save file");
}

static int sync_directory(const struct save_file *f)
{
    char dir[PATH_MAX];
    int fd, rc;

    snprintf(dir, sizeof(dir), "%s", f->final);
    strrchr(dir, '/')[dir[0] == '/' && strrchr(dir, '/') == dir] = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    rc = fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
    close(fd);
    return rc;
}

int save_file_rename(struct save_file *f, struct err *e)
{
    if (rename(f->partial, f->final) != 0) {
        return cannot(f, e, -errno, "cannot write the save file");
    }
    f->written = false;
    return cannot(f, e, sync_directory(f), "cannot write the save file");
}

void save_file_close(struct save_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    if (f->written) {
        unlink(f->partial);
    }
    f->fd = -1;
    f->written = false;
}

long save_file_get(void *arg, void *buf, size_t len)
{
    int fd = *(int *)arg;
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, (char *)buf + got, len - got);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        if (n == 0) {
            break;
        }
        got += (size_t)n;
    }
    return (long)got;
}
