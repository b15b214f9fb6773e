/* SPDX-License-Identifier: MIT */
/*
 * One line per event, formatted into a buffer on the stack and written with a
 * single call, so that a confined process needs nothing but write().  Where
 * the lines are kept is left to the service manager.  Covered by
 * tests/unit/lib/test_lib.c.
 */
#include <lib/log.h>

#include <lib/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512

static const char *const level_names[] = {
    [LOG_LVL_ERR] = "error", [LOG_LVL_WARN] = "warning",
    [LOG_LVL_INFO] = "info", [LOG_LVL_DEBUG] = "debug",
};
static const int syslog_levels[] = {
    [LOG_LVL_ERR] = LOG_ERR, [LOG_LVL_WARN] = LOG_WARNING,
    [LOG_LVL_INFO] = LOG_INFO, [LOG_LVL_DEBUG] = LOG_DEBUG,
};

static char prefix[32] = "";
static enum log_level threshold = LOG_LVL_INFO;
static int to_syslog;
static int out_fd = STDERR_FILENO;

void log_init(const char *name, enum log_level level, int use_syslog)
{
    snprintf(prefix, sizeof(prefix), "%s", name);
    threshold = level;
    to_syslog = use_syslog;
    if (use_syslog) {
        openlog(prefix, LOG_PID | LOG_NDELAY, LOG_DAEMON);
    }
}

void log_to_fd(int fd)
{
    out_fd = fd;
}

/* Guests' words may be in it: one line stays one line, without escapes. */
static void make_plain(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            *text = '?';
        }
    }
}

static void emit(enum log_level level, char *text)
{
    char line[LINE_MAX_BYTES + 64];
    int len;

    make_plain(text);
    if (to_syslog) {
        syslog(syslog_levels[level], "%s", text);
        return;
    }
    len = snprintf(line, sizeof(line), "%s%s%s: %s\n", prefix,
                   prefix[0] != '\0' ? ": " : "", level_names[level], text);
    if (len > 0 && write(out_fd, line, (size_t)len) < 0) {
        return;                   /* nowhere left to say it */
    }
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list ap;

    if (level > threshold) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    emit(level, text);
}

int log_rate_take(struct log_rate *rate, uint64_t now_ns)
{
    uint64_t seconds = (now_ns - rate->last_ns) / 1000000000u;

    if (seconds > 0) {
        uint64_t left = rate->left + seconds;

        rate->left = left > rate->burst ? rate->burst : (uint32_t)left;
        rate->last_ns = now_ns;
    }
    if (rate->left == 0) {
        rate->dropped++;
        return 0;
    }
    rate->left--;
    return 1;
}

void log_guest(enum log_level level, struct log_rate *rate, unsigned int domid,
               const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    struct timespec ts;
    va_list ap;
    int n;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    if (level > threshold ||
        !log_rate_take(rate, (uint64_t)ts.tv_sec * 1000000000u +
                             (uint64_t)ts.tv_nsec)) {
        return;
    }
    n = rate->dropped == 0
        ? snprintf(text, sizeof(text), "d%u: ", domid)
        : snprintf(text, sizeof(text), "d%u: (%llu lines dropped) ", domid,
                   (unsigned long long)rate->dropped);
    rate->dropped = 0;
    va_start(ap, fmt);
    vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
    va_end(ap);
    emit(level, text);
}

void log_errval(const struct err *e)
{
    char text[LINE_MAX_BYTES];

    err_format(e, text, sizeof(text));
    emit(LOG_LVL_ERR, text);
}
