/* SPDX-License-Identifier: MIT */
/*
 * The monitor of one QEMU: one event of it, a line of JSON that it begins and
 * ends the same way always.  A machine that is reset would otherwise begin its
 * boot again, or end with -no-reboot before the CPUs' registers are written
 * down.  Leaves what follows from a reset to vm.c.  Tested by
 * tests/unit/boot/test_qmp.c.
 */
#include "qmp.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int qmp_open(struct qmp *q)
{
    static const char hello[] = "{\"execute\":\"qmp_capabilities\"}\n";
    int ends[2];

    memset(q, 0, sizeof(*q));
    q->fd = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    if (write(ends[0], hello, sizeof(hello) - 1) != sizeof(hello) - 1) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    q->fd = ends[0];
    return ends[1];
}

void qmp_close(struct qmp *q)
{
    if (q->fd >= 0) {
        close(q->fd);
    }
    q->fd = -1;
}

static void take_line(struct qmp *q)
{
    q->line[q->len] = '\0';
    if (strstr(q->line, "\"event\": \"RESET\"") != NULL &&
        strstr(q->line, "\"guest\": true") != NULL) {
        q->reset = true;
    }
    q->len = 0;
}

bool qmp_was_reset(struct qmp *q)
{
    char bytes[1024];
    ssize_t n;

    while (q->fd >= 0 && (n = read(q->fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == '\n') {
                take_line(q);
            } else if (q->len < sizeof(q->line) - 1) {
                q->line[q->len++] = bytes[i];
            }
        }
    }
    return q->reset;
}
