/* SPDX-License-Identifier: MIT */
/*
 * Starts workers, and the supervisor that starts them again.  A worker is the
 * same program in another role, in a session of its own, with its messages in
 * /var/log/vmctl/NAME.log.  Tests: tests/boot/dom0/vmctl.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <lib/log.h>
#include <lifecycle/worker.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define LOG_DIR "/var/log/vmctl"

const char *worker_mode_word(enum worker_mode mode)
{
    static const char *const words[] = {
        [WORKER_START] = "start", [WORKER_START_PAUSED] = "start-paused",
        [WORKER_ADOPT] = "adopt",
    };

    return words[mode];
}

static volatile sig_atomic_t child;

static void pass_on(int signo)
{
    if (child > 0) {
        kill(child, SIGTERM);
    }
}

static int open_log(const char *name)
{
    char path[160];
    int fd;

    mkdir(LOG_DIR, 0750);
    snprintf(path, sizeof(path), LOG_DIR "/%s.log", name);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
              0640);
    return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static _Noreturn void be_worker(const struct rundir *run, const char *name,
                                enum worker_mode mode, int stream_fd,
                                int report_fd)
{
    int null = open("/dev/null", O_RDONLY), log = open_log(name);
    char fd[16], lock[16], stream[16];

    setsid();
    if (chdir("/") != 0 || null < 0 || log < 0) {
        _exit(ERR_FAILED);
    }
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    fcntl(report_fd, F_SETFD, 0);
    if (run->lock >= 0) {
        fcntl(run->lock, F_SETFD, 0);
    }
    if (stream_fd >= 0) {
        fcntl(stream_fd, F_SETFD, 0);
    }
    snprintf(stream, sizeof(stream), "%d", stream_fd);
    snprintf(fd, sizeof(fd), "%d", report_fd);
    snprintf(lock, sizeof(lock), "%d", run->lock);
    execl("/proc/self/exe", "vmctl", "worker", worker_mode_word(mode),
          run->uuid, fd, lock, stream, NULL);
    _exit(ERR_FAILED);
}

static void read_report(int fd, struct worker_report *report)
{
    size_t got = 0;

    while (got < sizeof(*report)) {
        ssize_t n = read(fd, (char *)report + got, sizeof(*report) - got);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    if (got != sizeof(*report)) {
        memset(report, 0, sizeof(*report));
        report->rc = err_set(&report->e, -EPIPE, ERR_FAILED,
                             "the worker died while it worked", NULL, "see %s",
                             LOG_DIR);
    }
}

int worker_spawn(const struct rundir *run, const char *name,
                 enum worker_mode mode, int stream_fd,
                 struct worker_report *report)
{
    struct sigaction act = { .sa_handler = pass_on }, old_int, old_term;
    int fds[2];
    pid_t pid;

    memset(report, 0, sizeof(*report));
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return report->rc = err_errno(&report->e, -errno,
                                      "cannot start a worker", NULL);
    }
    pid = fork();
    if (pid == 0) {
        be_worker(run, name, mode, stream_fd, fds[1]);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return report->rc = err_errno(&report->e, -EAGAIN,
                                      "cannot start a worker", NULL);
    }
    child = pid;
    sigaction(SIGINT, &act, &old_int);
    sigaction(SIGTERM, &act, &old_term);
    read_report(fds[0], report);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    close(fds[0]);
    if (report->rc != 0) {
        waitpid(pid, NULL, 0);
    }
    return report->rc;
}

/* ---- the supervisor --------------------------------------------------------- */

#define LOOK_EVERY_S 1
#define NEW_S        2u        /* younger: its starter is still at work */

static void adopt_orphan(const char *text, void *arg)
{
    struct worker_report report;
    struct rundir run;
    uuid_t uuid;

    if (uuid_parse(text, uuid) != 0) {
        return;
    }
    rundir_init(&run, uuid);
    if (rundir_has_worker(&run) || rundir_age(&run) < NEW_S) {
        return;
    }
    if (worker_spawn(&run, text, WORKER_ADOPT, -1, &report) == 0) {
        log_info("domain %u has a worker again", report.domid);
    } else if (report.rc != -EBUSY) {
        log_warn("%s has no worker: %s", text, report.e.why);
    }
}

int worker_supervise(struct err *e)
{
    struct timespec t = { .tv_sec = LOOK_EVERY_S };

    log_init("vmctl-supervise", LOG_LVL_INFO, 0);
    for (;;) {
        int rc = rundir_each(adopt_orphan, NULL);

        if (rc != 0) {
            return err_errno(e, rc, "cannot list the running domains", NULL);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        nanosleep(&t, NULL);
    }
}
