/* SPDX-License-Identifier: MIT */
/*
 * init/cpu_up.h - give each CPU its stack, tables and per-CPU data.
 */
#ifndef INIT_CPU_UP_H
#define INIT_CPU_UP_H

#include <hv/types.h>

/* Before anything changes per-CPU data: keep its initial values. */
void cpu_up_keep_template(void);
/* Allocate the boot CPU's stack; returns the stack pointer to start with. */
void *cpu_up_boot_stack(void);
/* On that stack: descriptor tables, online bit. */
void cpu_up_boot_cpu(void);
/* Timer heap of @cpu. */
void cpu_up_timers(unsigned int cpu);
/* How many CPUs will run when cpu_up_others(@max) is done. */
unsigned int cpu_up_expected(unsigned int max);
/* Start the CPUs of the MADT, at most @max (0: all); ends when each idles. */
void cpu_up_others(unsigned int max);
/* Free what only starting needs; a CPU that did not come may still need it. */
void cpu_up_done(void);

#endif
