/* SPDX-License-Identifier: MIT */
/*
 * Three lines and a fourth: process id, partial name, final name, inode.
 * Tests: tests/unit/save/test_file.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <lifecycle/saver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "saver"

static void path_of(const struct rundir *run, char path[160])
{
    snprintf(path, 160, "%s/" FILE_NAME, run->path);
}

static int write_names(int fd, const char *partial, const char *final)
{
    return ftruncate(fd, 0) == 0 &&
           dprintf(fd, "%d\n%s\n%s\n", getpid(), partial, final) > 0
               ? 0 : -errno;
}

int saver_begin(struct saver *s, const struct rundir *run,
                const char *partial, const char *final, struct err *e)
{
    char path[160];
    int rc;

    s->run = run;
    path_of(run, path);
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        return err_errno(e, -errno, "cannot save the domain", "%s", run->uuid);
    }
    rc = flock(s->fd, LOCK_EX | LOCK_NB) == 0
             ? write_names(s->fd, partial, final) : -errno;
    if (rc == 0) {
        return 0;
    }
    close(s->fd);
    s->fd = -1;
    return rc == -EWOULDBLOCK
               ? err_set(e, -EBUSY, ERR_STATE, "cannot save the domain",
                         run->uuid, "it is being saved already")
               : err_errno(e, rc, "cannot save the domain", "%s", run->uuid);
}

int saver_commit(struct saver *s, ino_t inode)
{
    return dprintf(s->fd, "%llu\n", (unsigned long long)inode) > 0 ? 0
                                                                   : -errno;
}

void saver_end(struct saver *s)
{
    char path[160];

    if (s->fd >= 0) {
        path_of(s->run, path);
        unlink(path);
        close(s->fd);
        s->fd = -1;
    }
}

void saver_leave(struct saver *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

/* ---- the worker's side --------------------------------------------------------- */

struct trace {
    pid_t pid;
    char partial[PATH_MAX], final[PATH_MAX];
    unsigned long long inode;  /* 0: not committed */
};

static bool read_line(FILE *f, char *line, size_t room)
{
    size_t len;

    if (fgets(line, (int)room, f) == NULL) {
        return false;
    }
    len = strlen(line);
    if (len == 0 || line[len - 1] != '\n') {
        return false;
    }
    line[len - 1] = '\0';
    return true;
}

static bool read_trace(int fd, struct trace *t)
{
    char number[32];
    FILE *f = fdopen(dup(fd), "r");
    bool ok;

    memset(t, 0, sizeof(*t));
    if (f == NULL) {
        return false;
    }
    rewind(f);
    ok = read_line(f, number, sizeof(number));
    t->pid = ok ? atoi(number) : 0;
    ok = ok && read_line(f, t->partial, sizeof(t->partial)) &&
         read_line(f, t->final, sizeof(t->final));
    if (ok && read_line(f, number, sizeof(number))) {
        t->inode = strtoull(number, NULL, 10);
    }
    fclose(f);
    return ok;
}

static bool is_saved(const struct trace *t)
{
    struct stat st;

    return t->inode != 0 && stat(t->final, &st) == 0 &&
           st.st_ino == t->inode;
}

enum saver_state saver_look(const struct rundir *run, pid_t *pid)
{
    enum saver_state state;
    struct trace t;
    char path[160];
    int fd;

    path_of(run, path);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return SAVER_NONE;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        state = SAVER_AT_WORK;
        *pid = read_trace(fd, &t) ? t.pid : 0;
    } else {
        state = read_trace(fd, &t) && is_saved(&t) ? SAVER_SAVED : SAVER_DIED;
    }
    close(fd);
    return state;
}

bool saver_is_done(const struct rundir *run)
{
    struct trace t;
    char path[160];
    bool done;
    int fd;

    path_of(run, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    done = read_trace(fd, &t) && is_saved(&t);
    close(fd);
    return done;
}

void saver_clear(const struct rundir *run)
{
    struct trace t;
    char path[160];
    int fd;

    path_of(run, path);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (read_trace(fd, &t)) {
            unlink(t.partial);
        }
        unlink(path);
    }
    close(fd);
}
