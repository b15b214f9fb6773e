/* SPDX-License-Identifier: MIT */
/*
 * init/cpu_up.h - give each CPU its stack, tables and per-CPU data.
 */
#ifndef INIT_CPU_UP_H
#define INIT_CPU_UP_H

#include <hv/types.h>

/* Allocate the boot CPU's stack; returns the stack pointer to start with. */
void *cpu_up_boot_stack(void);
/* On that stack: descriptor tables, online bit. */
void cpu_up_boot_cpu(void);

#endif
