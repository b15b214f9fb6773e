/* SPDX-License-Identifier: MIT */
/*
 * core/trace.h - the flight recorder: each CPU's last device interrupts, for
 * the key 'T'.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <hv/types.h>

void trace_irq(unsigned int irq);
void trace_dump(void);

#endif
