/* SPDX-License-Identifier: MIT */
/*
 * core/keyhandler.h - one key, one dump of state, on the serial line.
 *
 * Handlers run from SOFTIRQ_TASK context or, if @in_irq, at once in the
 * interrupt (for a machine that no longer runs softirqs).
 */
#ifndef CORE_KEYHANDLER_H
#define CORE_KEYHANDLER_H

#include <hv/types.h>

void keyhandler_init(void);
void keyhandler_register(char key, const char *what, void (*fn)(char key),
                         bool in_irq);
/* Any context. */
void keyhandler_press(char key);

#endif
