/* SPDX-License-Identifier: MIT */
/*
 * run/options.h - the command line.
 *
 * Owns    syntax and limits; strings stay where the arguments are, which it
 *         may cut in pieces.
 * Tests   tests/unit/hvm-emu/frame/test_options.c
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <frame/config.h>

struct err;

/* 0 or -EINVAL with @e filled. */
int options_parse(struct emu_config *c, int argc, char **argv, struct err *e);

#endif
