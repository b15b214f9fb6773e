/* SPDX-License-Identifier: MIT */
/*
 * init/cpu_up.c - the boot CPU's final state, and starting the others.
 */
#include <init/cpu_up.h>

#include <arch/desc.h>

#include <core/panic.h>
#include <core/percpu.h>
#include <mm/map.h>

static struct cpu_info *info_of_stack(void *base)
{
    return (struct cpu_info *)((char *)base + STACK_SIZE) - 1;
}

static void load_descriptors(unsigned int cpu)
{
    struct cpu_info *ci = get_cpu_info();
    struct desc_stack st = {
        .base = ((uint64_t)ci & ~((uint64_t)STACK_SIZE - 1)),
        .regs_end = (uint64_t)(&ci->regs + 1),
        .syscall_rsp = (uint64_t)&ci->syscall_rsp,
    };

    desc_init_cpu(cpu, &st);
}

void *boot_text cpu_up_boot_stack(void)
{
    void *base = map_stack_alloc();

    if (base == NULL) {
        panic("no memory for the first stack");
    }
    cpu_infos[0] = info_of_stack(base);
    return cpu_infos[0];
}

void boot_text cpu_up_boot_cpu(void)
{
    load_descriptors(0);
    cpu_online_mask = cpumask_of(0);
    nr_cpus_online = 1;
}
