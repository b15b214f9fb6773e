/* SPDX-License-Identifier: MIT */
/*
 * lib/log.h - lines for the administrator.
 *
 * Owns    levels, the prefix, and the rate limit for lines that a guest can
 *         provoke (glog_*): those begin with the domain, "d3: ...".  Control
 *         bytes become '?'.
 * Leaves  rotation and storage to whoever reads standard error, or syslog.
 * Tests   tests/unit/lib/test_lib.c
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdint.h>

struct err;

enum log_level { LOG_LVL_ERR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

/* A budget of @burst lines that refills at one line a second. */
struct log_rate {
    uint32_t burst;
    uint32_t left;
    uint64_t last_ns;
    uint64_t dropped;
};

#define LOG_RATE(n) { .burst = (n), .left = (n) }

/*
 * @name is copied.  With @use_syslog lines go to syslog and, when standard
 * error is open, nowhere else.  Without a call: level info, standard error.
 */
void log_init(const char *name, enum log_level level, int use_syslog);

/* Write lines to @fd (kept, not closed) instead of standard error. */
void log_to_fd(int fd);

void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_guest(enum log_level level, struct log_rate *rate, unsigned int domid,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The error sentence at level err. */
void log_errval(const struct err *e);

/* True if a line may pass now; exported for its test. */
int log_rate_take(struct log_rate *rate, uint64_t now_ns);

#define log_err(...)   log_line(LOG_LVL_ERR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LVL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LVL_DEBUG, __VA_ARGS__)

#define glog_warn(rate, domid, ...) \
    log_guest(LOG_LVL_WARN, rate, domid, __VA_ARGS__)
#define glog_info(rate, domid, ...) \
    log_guest(LOG_LVL_INFO, rate, domid, __VA_ARGS__)

#endif
