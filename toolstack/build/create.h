/* SPDX-License-Identifier: MIT */
/*
 * build/create.h - an empty domain with its limits: ids, CPUs, memory ceiling.
 *
 * Owns    the domctl calls of a domain's beginning, in the order of the stock
 *         tools.  On failure nothing of the domain is left.
 * Leaves  memory to memory.h, contents to pv_boot.h.
 * Tests   tests/unit/toolstack/test_build.c
 */
#ifndef BUILD_CREATE_H
#define BUILD_CREATE_H

#include <config/def.h>

struct err;
struct hyp;

/* 0 and *@domid: a paused domain without memory; or -errno with @e. */
int create_domain(struct hyp *h, const struct domain_def *def,
                  unsigned int *domid, struct err *e);

#endif
