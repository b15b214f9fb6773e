/* SPDX-License-Identifier: MIT */
/*
 * build/pvh_boot.h - a PVH guest's first contents: kernel, start info, ACPI.
 *
 * Owns    the order in which a paused domain becomes one that can run.
 *         Nothing is undone here: the caller destroys the domain.
 * Tests   nested boots; the pure parts in tests/unit/toolstack/test_pvh.c
 */
#ifndef BUILD_PVH_BOOT_H
#define BUILD_PVH_BOOT_H

#include <build/boot.h>

int pvh_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
             const struct boot_files *f, struct guest_ends *g,
             struct err *e);

#endif
