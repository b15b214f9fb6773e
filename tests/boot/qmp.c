/* SPDX-License-Identifier: MIT */
/*
 * The monitor of one QEMU: one event and one answer of it.  A machine that is
 * reset would otherwise begin its boot again, or end with -no-reboot before the
 * CPUs' registers are written down.  Leaves what follows from a reset to vm.c.  Tested by
 * tests/unit/boot/test_qmp.c.
 */
#include "qmp.h"

#include "registers.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
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

static void print_answer(FILE *log, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\r\n");

        if (registers_wanted(text)) {
            fprintf(log, "== %.*s\n", (int)n, text);
        }
        text += n;
        text += strspn(text, "\r\n");
    }
}

static const char *word(const json_object *o, const char *key)
{
    json_object *value = json_object_object_get(o, key);

    return json_object_is_type(value, json_type_string)
           ? json_object_get_string(value) : "";
}

static void take_line(struct qmp *q)
{
    json_object *o, *data;

    q->line[q->len] = '\0';
    q->len = 0;
    o = json_tokener_parse(q->line);
    if (!json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        return;
    }
    data = json_object_object_get(o, "data");
    if (strcmp(word(o, "event"), "RESET") == 0 &&
        json_object_get_boolean(json_object_object_get(data, "guest"))) {
        q->reset = true;
    }
    if (q->answer != NULL && word(o, "return")[0] != '\0') {
        print_answer(q->answer, word(o, "return"));
        q->answer = NULL;
    }
    json_object_put(o);
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

bool qmp_log_registers(struct qmp *q, FILE *log, int timeout_ms)
{
    static const char ask[] =
        "{\"execute\":\"human-monitor-command\",\"arguments\":"
        "{\"command-line\":\"info registers -a\"}}\n";
    struct pollfd p = { .fd = q->fd, .events = POLLIN };
    bool answered = false;

    if (q->fd < 0 ||
        send(q->fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) != sizeof(ask) - 1) {
        return false;
    }
    q->answer = log;
    while (!answered && poll(&p, 1, timeout_ms) > 0) {
        qmp_was_reset(q);
        answered = q->answer == NULL;
        if ((p.revents & POLLHUP) != 0) {
            break;
        }
    }
    q->answer = NULL;
    return answered;
}
