/* SPDX-License-Identifier: MIT */
/*
 * core/trace.c - a ring of records per CPU, always on.
 */
#include <core/trace.h>

#include <arch/cpu.h>

#include <core/log.h>
#include <core/percpu.h>

#define NR_RECORDS 16u

struct trace_ring {
    uint32_t next;
    struct { uint64_t tsc; unsigned int irq; } rec[NR_RECORDS];
};
static DEFINE_PER_CPU(struct trace_ring, ring);

void trace_irq(unsigned int irq)
{
    struct trace_ring *r = &this_cpu(ring);
    unsigned int i = r->next++ % NR_RECORDS;

    r->rec[i].tsc = rdtsc();
    r->rec[i].irq = irq;
}

/* Newest first. */
void trace_dump(void)
{
    unsigned int cpu;

    for_each_cpu(cpu, cpu_online_mask) {
        const struct trace_ring *r = &per_cpu(ring, cpu);

        for (uint32_t n = r->next, i = 0; i < min(n, NR_RECORDS); i++) {
            unsigned int at = (n - 1 - i) % NR_RECORDS;

            log_err("cpu%u %016lx irq %u", cpu, r->rec[at].tsc,
                    r->rec[at].irq);
        }
    }
}
