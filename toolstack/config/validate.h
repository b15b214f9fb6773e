/* SPDX-License-Identifier: MIT */
/*
 * config/validate.h - what cannot work, and why, before anything is touched.
 *
 * Owns    checks of a filled configuration that the schema cannot express.
 * Leaves  what only the hypervisor knows (free memory) to build/create.
 * Tests   tests/unit/toolstack/test_xml.c
 */
#ifndef CONFIG_VALIDATE_H
#define CONFIG_VALIDATE_H

#include <config/def.h>
#include <config/diag.h>

/*
 * Errors and warnings go to @dg.  With @files the named kernel, initrd and
 * images must also exist and be readable.  0, or -EINVAL if there are errors.
 */
int validate_def(const struct domain_def *def, bool files, struct diag *dg);

#endif
