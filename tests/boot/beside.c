/* SPDX-License-Identifier: MIT */
/*
 * A program beside QEMU.  What it has to do with the boot is left to the
 * program (tests/boot/host) and the scenario.
 */
#include "beside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Free now; QEMU takes it at once. */
static int free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &len) == 0) {
        port = ntohs(a.sin_port);
    }
    close(fd);
    return port;
}

void beside_words(struct beside *b, const char *words, char *to, size_t size)
{
    size_t n = 0;

    while (*words != '\0' && n + 8 < size) {
        int i;

        if (sscanf(words, "@PORT%1d@", &i) == 1 && i >= 0 &&
            i < BESIDE_PORTS) {
            b->ports[i] = b->ports[i] != 0 ? b->ports[i] : free_port();
            n += (size_t)snprintf(to + n, size - n, "%d", b->ports[i]);
            words += strlen("@PORT0@");
        } else {
            to[n++] = *words++;
        }
    }
    to[n] = '\0';
}

static void become(const struct beside *b, const char *program,
                   const char *serial)
{
    char text[16];
    int i, out = open(b->log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int in = open("/dev/null", O_RDONLY);

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    setenv("LOG", serial, 1);
    for (i = 0; i < BESIDE_PORTS; i++) {
        char name[] = "PORT0";

        name[4] = (char)('0' + i);
        snprintf(text, sizeof(text), "%d", b->ports[i]);
        setenv(name, text, 1);
    }
    execl(program, program, NULL);
    perror(program);
    _exit(127);
}

void beside_start(struct beside *b, const char *program, const char *build,
                  const char *name)
{
    char serial[256];

    snprintf(serial, sizeof(serial), "%s/boot/%s.log", build, name);
    snprintf(b->log, sizeof(b->log), "%s/boot/%s.beside.log", build, name);
    b->pid = fork();
    if (b->pid == 0) {
        become(b, program, serial);
    }
    b->failed = b->pid < 0;
}

bool beside_failed(struct beside *b)
{
    int status;

    if (b->pid > 0 && waitpid(b->pid, &status, WNOHANG) == b->pid) {
        b->failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        kill(-b->pid, SIGTERM);            /* what it may have left behind */
        b->pid = 0;
    }
    return b->failed;
}

bool beside_finish(struct beside *b, int seconds)
{
    int tenths;

    for (tenths = 0; b->pid > 0 && tenths < seconds * 10; tenths++) {
        beside_failed(b);
        usleep(100000);
    }
    if (b->pid > 0) {
        kill(-b->pid, SIGTERM);
        usleep(500000);
        kill(-b->pid, SIGKILL);
        waitpid(b->pid, NULL, 0);
        b->pid = 0;
        b->failed = true;
    }
    return !b->failed;
}
