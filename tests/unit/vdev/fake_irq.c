/* SPDX-License-Identifier: MIT */
/* See fake_irq.h. */
#include <core/log.h>
#include <hv/errno.h>
#include <irq/irq.h>

#include "fake_irq.h"

struct fake_line fake_line[FAKE_LINES];
struct softirq_task *fake_task;
unsigned int fake_absent_gsi;

int irq_setup_gsi(unsigned int gsi, bool level, bool low)
{
    if (gsi >= FAKE_LINES || gsi == fake_absent_gsi) {
        return -EINVAL;
    }
    fake_line[gsi].level = level;
    fake_line[gsi].low = low;
    return 0;
}

int irq_bind_guest(unsigned int irq, irq_handler fn, void *data)
{
    fake_line[irq].fn = fn;
    fake_line[irq].data = data;
    fake_line[irq].binds++;
    return 0;
}

void irq_unbind_guest(unsigned int irq)
{
    if (irq < FAKE_LINES) {
        fake_line[irq].fn = NULL;
    }
}

void irq_guest_eoi(unsigned int irq)
{
    fake_line[irq].eois++;
}

void log_at(enum log_level level, const char *fmt, ...)
{
}

void softirq_task_raise(struct softirq_task *t)
{
    fake_task = t;
}
