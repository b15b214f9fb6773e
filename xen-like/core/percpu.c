/* SPDX-License-Identifier: MIT */
/*
 * core/percpu.c - where each CPU's copy lies.
 */
#include <core/percpu.h>

uint64_t percpu_offsets[NR_CPUS];
struct cpu_info *cpu_infos[NR_CPUS];
cpumask_t cpu_online_mask;
unsigned int nr_cpus_online;
unsigned int nr_cpu_ids = 1;
