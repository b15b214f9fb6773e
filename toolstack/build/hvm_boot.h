/* SPDX-License-Identifier: MIT */
/*
 * build/hvm_boot.h - an HVM guest before its first instruction.
 *
 * Owns    its memory with the holes of a PC, the parameters, the first state;
 *         a Linux kernel, if it is started without a BIOS.
 * Leaves  BIOS, firmware tables and devices to the device model, which is
 *         started after this and before the guest runs.  Nothing is undone
 *         here: the caller destroys the domain.
 * Tests   nested boots; the pure parts in tests/unit/toolstack/test_hvm.c
 */
#ifndef BUILD_HVM_BOOT_H
#define BUILD_HVM_BOOT_H

#include <build/boot.h>

int hvm_plan(const struct domain_def *def, struct boot_files *f,
             struct err *e);
int hvm_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
             const struct boot_files *f, struct guest_ends *g,
             struct err *e);

#endif
