/* SPDX-License-Identifier: MIT */
/*
 * core/trace.h - the flight recorder: what each CPU did last.
 *
 * Owns    a ring of 16-byte records per CPU, always on.  A record is a
 *         TSC whose low 8 bits are the event, and 64 bits of data.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <core/percpu.h>

enum trace_event {
    TRACE_NONE, TRACE_SWITCH, TRACE_HYPERCALL, TRACE_EVENT, TRACE_IRQ,
    TRACE_TIMER, TRACE_FAULT, TRACE_EXIT, TRACE_DOMAIN, TRACE_IPI,
    NR_TRACE_EVENTS
};

#define TRACE_RECORDS 256u

struct trace_record {
    uint64_t stamp;              /* TSC with the event in the low 8 bits */
    uint64_t data;
};

struct trace_ring {
    uint32_t next;
    struct trace_record rec[TRACE_RECORDS];
};
DECLARE_PER_CPU(struct trace_ring, trace_ring);

void trace_add(enum trace_event event, uint64_t data);
void trace_dump(void);

#endif
