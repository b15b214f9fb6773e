/* SPDX-License-Identifier: MIT */
/*
 * lib/ap.h - a second vCPU for facts that need one.
 *
 * Owns vCPU 1's stack and entries.  It must not use lib/trap.c or lib/event.c,
 * which are vCPU 0's: its upcalls and debug traps are only counted, and a
 * fault of ap_read(), ap_write() or ap_load_es() sets ap_fault and goes on.
 */
#ifndef GUESTS_LIB_AP_H
#define GUESTS_LIB_AP_H

#include <lib/types.h>

extern volatile uint64_t ap_upcalls, ap_debugs;
extern volatile bool ap_fault;

/* The start state of vCPU 1, entering @fn, which must not return. */
struct vcpu_guest_context *ap_context(void (*fn)(void));
bool ap_exists(void);
long ap_start(void (*fn)(void)); /* initialise and bring up */

/* For vCPU 1 only. */
uint64_t ap_read(const volatile void *p);
void ap_write(volatile void *p, uint64_t value);
void ap_load_es(uint64_t selector);

#endif
