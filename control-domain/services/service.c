/* SPDX-License-Identifier: MIT */
/*
 * The services of services.list: started in its order, started again when
 * they die (at once, then ever later up to eight seconds), stopped in reverse.
 * Leaves reaping and the loop to init.c.  Tested by tests/unit/services/
 * test_service.c and the boots demo and crash.
 *
 * A line of services.list:   NAME READY COMMAND [ARG...]
 * READY is a path whose appearance says that the service serves, "-" when
 * there is none, or "once" for a command that runs to its end before the next.
 */
#include <services/init.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SERVICES 16
#define MAX_ARGS     16
#define MAX_BACKOFF_MS 8000
#define STABLE_MS      10000      /* lived this long: the next restart is quick */

struct service {
    char line[256];
    const char *name, *ready;
    char *argv[MAX_ARGS + 1];
    pid_t pid;                    /* 0: not running */
    long started_ms, due_ms;      /* due_ms: when to start again */
    int backoff_ms;
};

static struct service services[MAX_SERVICES];
static int nr_services;

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool parse_line(struct service *s)
{
    char *save = NULL;
    int n = 0;

    s->line[strcspn(s->line, "#\n")] = '\0';
    s->name = strtok_r(s->line, " \t", &save);
    s->ready = strtok_r(NULL, " \t", &save);
    if (s->name == NULL || s->ready == NULL) {
        return false;
    }
    while (n < MAX_ARGS && (s->argv[n] = strtok_r(NULL, " \t", &save))) {
        n++;
    }
    return n > 0;
}

/* Reads the list; a service whose program is absent is left out. */
int services_read(const char *path)
{
    FILE *f = fopen(path, "re");

    if (f == NULL) {
        return -errno;
    }
    while (nr_services < MAX_SERVICES) {
        struct service *s = &services[nr_services];

        if (fgets(s->line, sizeof(s->line), f) == NULL) {
            break;
        }
        if (parse_line(s) && access(s->argv[0], X_OK) == 0) {
            nr_services++;
        }
    }
    fclose(f);
    return 0;
}

static bool is_once(const struct service *s)
{
    return strcmp(s->ready, "once") == 0;
}

static void again_later(struct service *s)
{
    if (now_ms() - s->started_ms > STABLE_MS || s->backoff_ms == 0) {
        s->backoff_ms = 50;
    } else if (s->backoff_ms * 2 <= MAX_BACKOFF_MS) {
        s->backoff_ms *= 2;
    }
    s->pid = 0;
    s->due_ms = now_ms() + s->backoff_ms;
}

static void spawn(struct service *s)
{
    sigset_t none;

    s->started_ms = now_ms();
    s->due_ms = 0;
    s->pid = fork();
    if (s->pid < 0) {
        int error = errno;

        again_later(s);
        say("%s: fork: %s, again in %d ms", s->name, strerror(error),
            s->backoff_ms);
        return;
    }
    if (s->pid != 0) {
        return;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    execv(s->argv[0], s->argv);
    _exit(127);
}

static void wait_ready(const struct service *s)
{
    int status;

    if (s->pid == 0) {
        return;                        /* not yet started */
    }
    if (is_once(s)) {
        if (waitpid(s->pid, &status, 0) == s->pid && status != 0) {
            say("%s ended with status %d", s->name, status);
        }
        return;
    }
    for (int i = 0; i < 200 && s->ready[0] == '/'; i++) {
        if (access(s->ready, F_OK) == 0) {
            return;
        }
        usleep(50000);
    }
    if (s->ready[0] == '/') {
        say("%s: %s did not appear", s->name, s->ready);
    }
}

void services_start(void)
{
    for (int i = 0; i < nr_services; i++) {
        spawn(&services[i]);
        wait_ready(&services[i]);
        if (is_once(&services[i])) {
            services[i].pid = 0;
        }
    }
}

bool services_exited(pid_t pid, int status)
{
    for (int i = 0; i < nr_services; i++) {
        struct service *s = &services[i];

        if (s->pid != pid) {
            continue;
        }
        if (is_once(s)) {
            s->pid = 0;
            return true;
        }
        again_later(s);
        say("%s died (%s %d), again in %d ms", s->name,
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            s->backoff_ms);
        return true;
    }
    return false;
}

int services_restart_due(void)
{
    long now = now_ms();
    long next = -1;

    for (int i = 0; i < nr_services; i++) {
        struct service *s = &services[i];

        if (s->due_ms != 0 && s->due_ms <= now) {
            spawn(s);
        }
        if (s->due_ms != 0 && (next < 0 || s->due_ms - now < next)) {
            next = s->due_ms - now;
        }
    }
    return (int)next;
}

/* Newest first; two seconds of grace each, then by force. */
void services_stop(void)
{
    for (int i = nr_services - 1; i >= 0; i--) {
        pid_t pid = services[i].pid;

        services[i].due_ms = 0;
        if (pid == 0) {
            continue;
        }
        kill(pid, SIGTERM);
        for (int t = 0; t < 40 && waitpid(pid, NULL, WNOHANG) == 0; t++) {
            usleep(50000);
        }
        kill(pid, SIGKILL);
        services[i].pid = 0;
    }
}
