/* SPDX-License-Identifier: MIT */
/*
 * core/softirq.c - run what is pending on this CPU.
 */
#include <core/softirq.h>

#include <arch/cpu.h>
#include <core/machine.h>

static void ignore(void)
{
}

static void (*handlers[NR_SOFTIRQS])(void) = { ignore, ignore, ignore };

void softirq_set_handler(enum softirq nr, void (*fn)(void))
{
    handlers[nr] = fn;
}

void softirq_run(void)
{
    uint32_t *pending = &get_cpu_info()->softirq_pending;

    while (atomic_load(pending) != 0) {
        unsigned int nr = (unsigned int)__builtin_ctz(atomic_load(pending));

        atomic_and(pending, ~(1u << nr));
        handlers[nr]();
        /* SCHEDULE may have moved us: look at the CPU we are on. */
        pending = &get_cpu_info()->softirq_pending;
    }
}

static DEFINE_PER_CPU(struct softirq_task *, tasks);

void softirq_task_raise(struct softirq_task *t)
{
    unsigned long flags;

    if (atomic_xchg(&t->queued, 1) != 0) {
        return;
    }
    flags = local_irq_save();
    t->next = this_cpu(tasks);
    this_cpu(tasks) = t;
    local_irq_restore(flags);
    softirq_raise(SOFTIRQ_TASK);
}

static void run_tasks(void)
{
    unsigned long flags = local_irq_save();
    struct softirq_task *t = this_cpu(tasks);

    this_cpu(tasks) = NULL;
    local_irq_restore(flags);
    while (t != NULL) {
        struct softirq_task *next = t->next;

        atomic_store(&t->queued, 0);
        t->fn();
        t = next;
    }
}

void softirq_init(void)
{
    softirq_set_handler(SOFTIRQ_TASK, run_tasks);
}

void softirq_raise_on(unsigned int cpu, enum softirq nr)
{
    uint32_t old;

    if (cpu == smp_processor_id()) {
        softirq_raise(nr);
        return;
    }
    if (cpu_infos[cpu] == NULL) {
        return;
    }
    old = __atomic_fetch_or(&cpu_infos[cpu]->softirq_pending, 1u << nr,
                            __ATOMIC_SEQ_CST);
    if (!(old & (1u << nr))) {
        machine.send_event_check(cpu);
    }
}
