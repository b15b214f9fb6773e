/* SPDX-License-Identifier: MIT */
/*
 * dom0/build.h - make the first domain out of the boot modules.
 *
 * Module 1 is its kernel, module 2 (if any) its initrd.  The domain is
 * domain 0 with all rights, or with params.domu_first an unprivileged
 * domain 1 (attack tests run there).
 */
#ifndef DOM0_BUILD_H
#define DOM0_BUILD_H

#include <core/boot_info.h>

/* 0: the domain is complete and unpaused; else no domain can run. */
int dom0_build(const struct boot_info *bi);

#endif
