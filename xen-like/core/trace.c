/* SPDX-License-Identifier: MIT */
/*
 * core/trace.c - per-CPU rings of the last records.
 */
#include <core/trace.h>

#include <arch/cpu.h>

#include <core/log.h>

DEFINE_PER_CPU(struct trace_ring, trace_ring);

static const char *const names[NR_TRACE_EVENTS] = {
    [TRACE_NONE] = "none", [TRACE_SWITCH] = "switch",
    [TRACE_HYPERCALL] = "hypercall", [TRACE_EVENT] = "event",
    [TRACE_IRQ] = "irq", [TRACE_TIMER] = "timer", [TRACE_FAULT] = "fault",
    [TRACE_EXIT] = "exit", [TRACE_DOMAIN] = "domain", [TRACE_IPI] = "ipi",
};

void trace_add(enum trace_event event, uint64_t data)
{
    struct trace_ring *r = &this_cpu(trace_ring);
    struct trace_record *rec = &r->rec[r->next++ % TRACE_RECORDS];

    rec->stamp = (rdtsc() & ~0xffull) | event;
    rec->data = data;
}

/* The @i-th newest record of @cpu; false: none. */
static bool record(unsigned int cpu, unsigned int i, struct trace_record *out)
{
    struct trace_ring *r = &per_cpu(trace_ring, cpu);

    if (i >= TRACE_RECORDS || i >= r->next) {
        return false;
    }
    *out = r->rec[(r->next - 1 - i) % TRACE_RECORDS];
    return true;
}

void trace_dump(void)
{
    struct trace_record rec;
    unsigned int cpu;

    for_each_cpu(cpu, cpu_online_mask) {
        for (unsigned int i = 0; i < 16 && record(cpu, i, &rec); i++) {
            unsigned int ev = rec.stamp & 0xff;

            log_err("cpu%u %016lx %s %#lx", cpu, rec.stamp,
                    ev < NR_TRACE_EVENTS ? names[ev] : "?", rec.data);
        }
    }
}
