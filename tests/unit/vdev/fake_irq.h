/* SPDX-License-Identifier: MIT */
/*
 * irq/ as vdev/hw_line sees it: lines that remember what was asked of them,
 * and the softirq that was raised last.
 */
#ifndef TEST_VDEV_FAKE_IRQ_H
#define TEST_VDEV_FAKE_IRQ_H

#include <core/softirq.h>
#include <irq/irq.h>

#define FAKE_LINES 24u

struct fake_line {
    bool level, low;
    irq_handler fn;                  /* NULL: not bound */
    void *data;
    unsigned int binds, eois;
};

extern struct fake_line fake_line[FAKE_LINES];
extern struct softirq_task *fake_task;
extern unsigned int fake_absent_gsi;

#endif
