/* SPDX-License-Identifier: MIT */
/*
 * Process handling by pidfd, which works for children and for processes that
 * an earlier worker started.  Tests: tests/unit/toolstack/test_lifecycle.c.
 */
#include <errno.h>
#include <lib/err.h>
#include <lifecycle/backend.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 64

extern char **environ;

void backend_init(struct backend *b, const struct backend_kind *kind,
                  const struct rundir *run, unsigned int domid)
{
    b->kind = kind;
    b->run = run;
    b->domid = domid;
    b->args = NULL;
    b->pid = 0;
    b->pidfd = -1;
}

void backend_program(const struct backend_kind *kind, char path[PATH_MAX])
{
    const char *given = getenv(kind->env);
    ssize_t len;
    char *slash;

    if (given != NULL) {
        snprintf(path, PATH_MAX, "%s", given);
        return;
    }
    len = readlink("/proc/self/exe", path, PATH_MAX - 64);
    path[len > 0 ? len : 0] = '\0';
    slash = strrchr(path, '/');
    snprintf(slash == NULL ? path : slash + 1, 64, "%s", kind->program);
}

/* Field 22 of /proc/PID/stat: when it started; 0 if there is no process. */
static unsigned long long start_time(pid_t pid)
{
    char path[40], text[1024], *s;
    unsigned long long start = 0;
    size_t len;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (f == NULL) {
        return 0;
    }
    len = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[len] = '\0';
    s = strrchr(text, ')');            /* the name may contain anything */
    for (int field = 2; s != NULL && field < 22; field++) {
        s = strchr(s + 1, ' ');
    }
    if (s != NULL) {
        start = strtoull(s + 1, NULL, 10);
    }
    return start;
}

static int open_pidfd(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 ? -errno : fd;
}

static int spawn(pid_t *pid, const char *path, const struct backend *b)
{
    posix_spawnattr_t attr;
    sigset_t none, all;
    char id[16];
    char *argv[4 + MAX_ARGS] = { (char *)(uintptr_t)b->kind->program,
                                 "--domid", id };
    int rc;

    for (int i = 0; b->args != NULL && b->args[i] != NULL; i++) {
        if (i == MAX_ARGS) {
            return -E2BIG;
        }
        argv[3 + i] = b->args[i];
    }

    snprintf(id, sizeof(id), "%u", b->domid);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    rc = posix_spawn(pid, path, NULL, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    return -rc;
}

int backend_start(struct backend *b, struct err *e)
{
    char path[PATH_MAX], text[64];
    pid_t pid;
    int rc;

    backend_program(b->kind, path);
    rc = spawn(&pid, path, b);
    if (rc != 0) {
        return err_set(e, rc, ERR_FAILED, "cannot start a back end", path,
                       "%s", strerror(-rc));
    }
    b->pid = pid;
    b->pidfd = open_pidfd(pid);
    snprintf(text, sizeof(text), "%d %llu\n", pid, start_time(pid));
    rc = b->pidfd < 0 ? b->pidfd
                      : rundir_write(b->run, b->kind->pid_file, text);
    if (rc != 0) {
        backend_stop(b, 0);
        return err_errno(e, rc, "cannot supervise a back end",
                         "%s, process %d", b->kind->program, pid);
    }
    return 0;
}

bool backend_adopt(struct backend *b)
{
    char text[64];
    unsigned long long start;
    int pid;

    if (rundir_read(b->run, b->kind->pid_file, text, sizeof(text)) != 0 ||
        sscanf(text, "%d %llu", &pid, &start) != 2 || pid <= 1) {
        return false;
    }
    b->pidfd = open_pidfd(pid);
    if (b->pidfd >= 0 && start_time(pid) == start) {
        b->pid = pid;
        return true;
    }
    if (b->pidfd >= 0) {
        close(b->pidfd);
    }
    b->pidfd = -1;
    return false;
}

void backend_reap(struct backend *b)
{
    if (b->pid != 0) {
        waitpid(b->pid, NULL, WNOHANG);        /* no child of ours: ignored */
    }
    if (b->pidfd >= 0) {
        close(b->pidfd);
    }
    b->pid = 0;
    b->pidfd = -1;
    rundir_write(b->run, b->kind->pid_file, NULL);
}

static bool ended(const struct backend *b, unsigned int timeout_ms)
{
    struct pollfd p = { .fd = b->pidfd, .events = POLLIN };

    return poll(&p, 1, (int)timeout_ms) > 0;
}

void backend_stop(struct backend *b, unsigned int timeout_ms)
{
    if (b->pid == 0) {
        return;
    }
    kill(b->pid, timeout_ms > 0 ? SIGTERM : SIGKILL);
    if (b->pidfd >= 0 && !ended(b, timeout_ms)) {
        kill(b->pid, SIGKILL);
        ended(b, 5000);
    }
    backend_reap(b);
}

int backends_start(struct backend b[NR_BACKENDS],
                   const struct domain_def *def, struct err *e)
{
    for (size_t i = 0; i < NR_BACKENDS; i++) {
        int rc = b[i].kind->needed(def) ? backend_start(&b[i], e) : 0;

        if (rc != 0) {
            backends_stop(b, 0);
            return rc;
        }
    }
    return 0;
}

void backends_stop(struct backend b[NR_BACKENDS], unsigned int timeout_ms)
{
    for (size_t i = NR_BACKENDS; i-- > 0;) {
        backend_stop(&b[i], timeout_ms);
    }
}
