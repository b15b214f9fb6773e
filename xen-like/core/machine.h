/* SPDX-License-Identifier: MIT */
/*
 * core/machine.h - what core/ needs from directories above it.
 *
 * init/ hands the functions down once at boot (LAYOUT rule 4).  Until then
 * every member does nothing.
 */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <hv/types.h>

struct core_machine {
    void (*send_event_check)(unsigned int cpu);  /* IPI: look at softirqs */
    void (*stop_other_cpus)(void);               /* they halt, for good */
    void (*arm_timer)(uint64_t deadline_ns);     /* ~0: none */
    uint64_t (*now_ns)(void);
    noreturn void (*reboot)(void);
};

extern struct core_machine machine;

#endif
