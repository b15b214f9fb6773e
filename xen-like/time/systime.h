/* SPDX-License-Identifier: MIT */
/*
 * time/systime.h - nanoseconds since boot, from the TSC of each CPU.
 *
 * Shapes  ns = base_ns + ((tsc - base_tsc) scaled by mul/shift), the very
 *         numbers given to guests in vcpu_time_info (xen/xen.h).
 */
#ifndef TIME_SYSTIME_H
#define TIME_SYSTIME_H

#include <hv/types.h>

struct cpu_time {
    uint64_t base_tsc;
    uint64_t base_ns;
    uint32_t tsc_to_ns_mul;   /* 32.32 fixed point after the shift */
    int8_t tsc_shift;
};

uint64_t systime_ns(void);
uint64_t systime_from_tsc(uint64_t tsc);
uint64_t systime_to_tsc(uint64_t ns);      /* for deadline timers */
const struct cpu_time *systime_this_cpu(void);
extern uint32_t tsc_khz;

/* UTC of system time 0, in ns since 1970; settable by the control domain. */
uint64_t wallclock_base_ns(void);
void wallclock_set(uint64_t base_ns);

#endif
