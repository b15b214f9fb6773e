/* SPDX-License-Identifier: MIT */
/*
 * time/platform.h - a counter of known rate: HPET, PM timer or PIT.
 *
 * Used once, to learn the rate of TSC and local APIC timer.  Reading it is
 * slow (a device), so nothing else does.
 */
#ifndef TIME_PLATFORM_H
#define TIME_PLATFORM_H

#include <hv/types.h>

/* Choose a counter and start it at 0. */
void platform_start(void);
const char *platform_name(void);
/* Time since platform_start(); TSC of the same moment in *@tsc. */
uint64_t platform_elapsed_ns(uint64_t *tsc);
/* Beyond this the counter has wrapped. */
uint64_t platform_max_ns(void);

#endif
