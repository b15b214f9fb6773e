/* SPDX-License-Identifier: MIT */
/*
 * traps/traps.h - the parts of the traps guest.
 */
#ifndef GUESTS_TRAPS_TRAPS_H
#define GUESTS_TRAPS_TRAPS_H

void run_exceptions(void); /* exceptions.c: faults of the guest kernel */
void run_returns(void);    /* returns.c: iret, failsafe, debug registers */
void run_user(void);       /* user.c: guest user mode */

#endif
