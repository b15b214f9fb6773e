/* SPDX-License-Identifier: MIT */
/*
 * smp/call.c - one function on many CPUs.
 *
 * One request at a time; the sender waits until every target has run it.
 * Whoever waits for the lock answers the request that holds it: by interrupt,
 * or by looking when its interrupts are off.
 */
#include <smp/call.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

#include <core/lock.h>
#include <core/percpu.h>
#include <irq/lapic.h>
#include <smp/call_irq.h>
#include <smp/ipi.h>

static spinlock_t lock = SPINLOCK_INIT(LOCK_FLUSH);
static struct {
    void (*fn)(void *);
    void *arg;
    cpumask_t waiting;                   /* [a] who has not run it yet */
} request;                               /* [L] */

/* Interrupts off: run the request of another CPU, if it waits for us. */
static void serve(void)
{
    cpumask_t self = cpumask_of(smp_processor_id());

    if (atomic_load_acquire(&request.waiting) & self) {
        request.fn(request.arg);
        atomic_and(&request.waiting, ~self);
    }
}

/* A caller that cannot be interrupted must look by itself. */
static void serve_if_deaf(void)
{
    if (!local_irqs_enabled()) {
        serve();
    }
    cpu_relax();
}

void smp_call(cpumask_t mask, void (*fn)(void *), void *arg)
{
    unsigned int self = smp_processor_id();

    mask &= atomic_load(&cpu_online_mask);
    if (mask & cpumask_of(self)) {
        unsigned long flags = local_irq_save();

        fn(arg);
        local_irq_restore(flags);
    }
    mask &= ~cpumask_of(self);
    if (mask == 0) {
        return;
    }
    while (!spin_trylock(&lock)) {
        serve_if_deaf();
    }
    request.fn = fn;
    request.arg = arg;
    atomic_store(&request.waiting, mask);
    ipi_send_call(mask);
    while (atomic_load_acquire(&request.waiting) != 0) {
        cpu_relax();
    }
    spin_unlock(&lock);
}

void call_interrupt(void)
{
    lapic_eoi();
    serve();
}
