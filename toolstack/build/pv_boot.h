/* SPDX-License-Identifier: MIT */
/*
 * build/pv_boot.h - a PV guest's first contents: kernel, tables, start info.
 *
 * Owns    the order in which a paused domain becomes one that can run:
 *         memory, image, page tables, pin, shared info, vCPU 0.  Nothing is
 *         undone here: the caller destroys the domain.
 * Leaves  its channels to store and console, and their grants, to boot.c.
 * Tests   nested boots; the pure parts in test_pv_layout and test_kernel
 */
#ifndef BUILD_PV_BOOT_H
#define BUILD_PV_BOOT_H

#include <build/boot.h>

int pv_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
            const struct boot_files *f, struct guest_ends *g, struct err *e);

#endif
