/* SPDX-License-Identifier: MIT */
/*
 * dom0/pvh_build.h - the first domain as a translated guest (dom0=pvh).
 *
 * Its RAM is machine memory at its own place, so that devices reach it by the
 * addresses its drivers know; it is put aside before anything else takes it.
 */
#ifndef DOM0_PVH_BUILD_H
#define DOM0_PVH_BUILD_H

#include <core/boot_info.h>
#include <dom0/kernel.h>
#include <domain/domain.h>

/* Before early_release(): move the modules away, take the RAM. */
void pvh_take_ram(void);
/* How much it got. */
uint64_t pvh_nr_pages(void);
/* Into @d, which has its vcpus and no memory; vcpu 0 is ready to run. */
int must_check pvh_build(struct domain *d, const struct dom0_kernel *k,
                         const char *cmdline, const struct boot_module *initrd);

#endif
