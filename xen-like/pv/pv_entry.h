/* SPDX-License-Identifier: MIT */
/*
 * pv/pv_entry.h - the way out: defined by entry/pv_entry.S.
 */
#ifndef PV_PV_ENTRY_H
#define PV_PV_ENTRY_H

#include <hv/compiler.h>

/* Leave to the current vcpu by its frame in cpu_info.regs; RSP points to it. */
noreturn void pv_resume(void);

#endif
