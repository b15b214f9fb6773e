/* SPDX-License-Identifier: MIT */
/*
 * core/log.h - messages: to the console ring, and to serial and VGA as
 * loglvl= allows.  Every line begins with "(pv) ".
 *
 * Owns    levels; glog_* for lines a guest can provoke (rate-limited per
 *         domain, control bytes escaped, prefixed d<domid>v<vcpu>).
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <hv/compiler.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_at(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void glog_at(enum log_level level, const char *fmt, ...) printf_like(2, 3);

#define log_err(...)    log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...)   log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)   log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_at(LOG_DEBUG, __VA_ARGS__)
#define glog_warn(...)  glog_at(LOG_WARN, __VA_ARGS__)
#define glog_info(...)  glog_at(LOG_INFO, __VA_ARGS__)
#define glog_debug(...) glog_at(LOG_DEBUG, __VA_ARGS__)

#endif
