/* SPDX-License-Identifier: MIT */
/*
 * core/log_source.h - for init/: who speaks, and lines shown at any level.
 */
#ifndef CORE_LOG_SOURCE_H
#define CORE_LOG_SOURCE_H

#include <hv/compiler.h>

/* @fn writes "d3v0 " for the current vcpu into its buffer and returns the
 * domain, whose share of the log the line is counted against. */
void log_set_guest_name(unsigned int (*fn)(char *buf, size_t size));
void log_banner(const char *fmt, ...) printf_like(1, 2);

#endif
