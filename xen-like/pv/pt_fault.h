/* SPDX-License-Identifier: MIT */
/*
 * pv/pt_fault.h - page faults of PV guests that are ours to handle.
 */
#ifndef PV_PT_FAULT_H
#define PV_PT_FAULT_H

#include <hv/types.h>

struct cpu_regs;

/*
 * A fault of the current guest at @cr2: its own LDT page, or a write to one of
 * its level-1 tables, which is carried out as a checked entry update.
 * true: handled, resume; false: the guest's own fault.
 */
bool must_check pv_handle_fault(struct cpu_regs *regs, uint64_t cr2,
                                uint32_t error_code);

#endif
