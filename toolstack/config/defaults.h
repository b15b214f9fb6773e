/* SPDX-License-Identifier: MIT */
/*
 * config/defaults.h - fill in what a file leaves out.
 *
 * Owns    default values; the only user of libuuid besides parsing.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_DEFAULTS_H
#define CONFIG_DEFAULTS_H

#include <config/def.h>

#define DEF_WEIGHT 256u

/* 0, or -ENOMEM.  Idempotent. */
int defaults_fill(struct domain_def *def);

#endif
