/* SPDX-License-Identifier: MIT */
/*
 * time/systime_init.h - calibration, and bringing other CPUs to one time.
 */
#ifndef TIME_SYSTIME_INIT_H
#define TIME_SYSTIME_INIT_H

#include <hv/types.h>

/* Early: system time 0 is now.  Until systime_calibrate() it stands still. */
void systime_start(void);
/*
 * As late as possible: the boot itself is the window over which the TSC is
 * measured, so nothing waits unless the counter would wrap.
 */
void systime_calibrate(void);
/* Must systime_calibrate() come before long work (short counter)? */
bool systime_window_is_short(void);

/* Boot CPU, again and again while another starts; then that CPU, once. */
void systime_sync_publish(void);
void systime_sync_cpu(void);

/* Arms this CPU's timer: core/machine.h. */
void systime_arm_timer(uint64_t deadline_ns);
void wallclock_init(void);

#endif
