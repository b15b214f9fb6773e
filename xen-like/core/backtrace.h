/* SPDX-License-Identifier: MIT */
/*
 * core/backtrace.h - frames and symbols of the hypervisor.
 *
 * Owns    the walk along saved RBPs, bounded to this CPU's stack, and the
 *         symbol table the build appends (boot/symbols.awk).
 */
#ifndef CORE_BACKTRACE_H
#define CORE_BACKTRACE_H

#include <hv/types.h>

struct cpu_regs;

void backtrace_print(uint64_t rip, uint64_t rbp);
void backtrace_print_regs(const struct cpu_regs *regs);

#endif
