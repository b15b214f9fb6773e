/* SPDX-License-Identifier: MIT */
/*
 * core/machine.c - hooks that do nothing until init/ sets them.
 */
#include <core/machine.h>

#include <arch/cpu.h>

static void no_ipi(unsigned int cpu)
{
}

static void nothing(void)
{
}

static void no_timer(uint64_t deadline_ns)
{
}

static uint64_t no_time(void)
{
    return 0;
}

struct core_machine machine = {
    .send_event_check = no_ipi,
    .stop_other_cpus = nothing,
    .arm_timer = no_timer,
    .now_ns = no_time,
    .reboot = cpu_halt_forever,
};
