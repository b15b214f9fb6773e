/* SPDX-License-Identifier: MIT */
/*
 * core/timer.c - a binary heap of deadlines per CPU.
 *
 * Owns    the heaps; the hardware deadline is armed through core/machine.h.
 *         A heap is an array that grows by pages handed in by init (the
 *         directory of memory allocation is above us).
 * Tests   tests/unit/core/test_timer.c
 */
#include <core/timer.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

#include <core/lock.h>
#include <core/machine.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/softirq.h>
#include <core/timer_heap.h>

struct heap {
    spinlock_t lock;
    struct timer **slot;             /* [L] slot[0] is the earliest */
    unsigned int nr, max;            /* [L] */
    struct timer *running;           /* [a] whose handler runs now */
    uint64_t armed;                  /* [C] deadline in the hardware */
};

static DEFINE_PER_CPU(struct heap, heap);

static void place(struct heap *h, unsigned int i, struct timer *t)
{
    h->slot[i] = t;
    t->slot = (int)i;
}

static void sift_up(struct heap *h, unsigned int i, struct timer *t)
{
    while (i > 0 && h->slot[(i - 1) / 2]->deadline_ns > t->deadline_ns) {
        place(h, i, h->slot[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(h, i, t);
}

static void sift_down(struct heap *h, unsigned int i, struct timer *t)
{
    for (;;) {
        unsigned int c = 2 * i + 1;

        if (c >= h->nr) {
            break;
        }
        if (c + 1 < h->nr &&
            h->slot[c + 1]->deadline_ns < h->slot[c]->deadline_ns) {
            c++;
        }
        if (h->slot[c]->deadline_ns >= t->deadline_ns) {
            break;
        }
        place(h, i, h->slot[c]);
        i = c;
    }
    place(h, i, t);
}

static void remove(struct heap *h, struct timer *t)
{
    unsigned int i = (unsigned int)t->slot;
    struct timer *last = h->slot[--h->nr];

    t->slot = -1;
    if (last == t) {
        return;
    }
    if (last->deadline_ns < t->deadline_ns) {
        sift_up(h, i, last);
    } else {
        sift_down(h, i, last);
    }
}

static void insert(struct heap *h, struct timer *t)
{
    if (h->nr == h->max) {
        panic("more than %u timers on CPU %u", h->max, t->cpu);
    }
    sift_up(h, h->nr++, t);
}

/* The heap of @t, locked; its CPU may change until we hold the lock. */
static struct heap *lock_heap(struct timer *t, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(t->cpu);
        struct heap *h = &per_cpu(heap, cpu);

        *flags = spin_lock_irqsave(&h->lock);
        if (t->cpu == cpu) {
            return h;
        }
        spin_unlock_irqrestore(&h->lock, *flags);
    }
}

void timer_cpu_init(unsigned int cpu, void *array, unsigned int max)
{
    struct heap *h = &per_cpu(heap, cpu);

    spin_lock_init(&h->lock, LOCK_TIMER);
    h->slot = array;
    h->max = max;
    h->armed = ~0ull;
}

void timer_init(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu)
{
    *t = (struct timer){ .fn = fn, .data = data, .cpu = cpu, .slot = -1 };
}

void timer_set(struct timer *t, uint64_t deadline_ns)
{
    unsigned long flags;
    struct heap *h = lock_heap(t, &flags);
    bool first;
    unsigned int cpu = t->cpu;

    if (t->slot >= 0) {
        remove(h, t);
    }
    t->deadline_ns = deadline_ns;
    insert(h, t);
    first = t->slot == 0;
    spin_unlock_irqrestore(&h->lock, flags);
    if (first) {
        softirq_raise_on(cpu, SOFTIRQ_TIMER);
    }
}

void timer_stop(struct timer *t)
{
    unsigned long flags;
    struct heap *h = lock_heap(t, &flags);

    if (t->slot >= 0) {
        remove(h, t);
    }
    spin_unlock_irqrestore(&h->lock, flags);
}

/* Does another CPU run @t's handler?  It may be one that @t has left. */
static bool runs_elsewhere(const struct timer *t)
{
    cpumask_t others = atomic_load(&cpu_online_mask) &
                       ~cpumask_of(smp_processor_id());
    unsigned int cpu;

    for_each_cpu(cpu, others) {
        if (atomic_load_acquire(&per_cpu(heap, cpu).running) == t) {
            return true;
        }
    }
    return false;
}

/* The look comes before the removal: a handler that has ended by then cannot
 * arm @t again after it, and none begins under the lock. */
void timer_kill(struct timer *t)
{
    for (;;) {
        unsigned long flags;
        struct heap *h = lock_heap(t, &flags);
        bool busy = runs_elsewhere(t);

        if (t->slot >= 0) {
            remove(h, t);
        }
        spin_unlock_irqrestore(&h->lock, flags);
        if (!busy) {
            return;
        }
        cpu_relax();
    }
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
    unsigned long flags;
    struct heap *h = lock_heap(t, &flags);
    bool was_armed = t->slot >= 0;

    if (t->cpu == cpu) {
        spin_unlock_irqrestore(&h->lock, flags);
        return;
    }
    if (was_armed) {
        remove(h, t);
    }
    WRITE_ONCE(t->cpu, cpu);
    spin_unlock_irqrestore(&h->lock, flags);
    if (was_armed) {
        timer_set(t, t->deadline_ns);
    }
}

/* SOFTIRQ_TIMER: run what has expired, then arm the hardware. */
void timer_run(void)
{
    struct heap *h = &this_cpu(heap);
    unsigned long flags = spin_lock_irqsave(&h->lock);
    uint64_t next;

    while (h->nr != 0 && h->slot[0]->deadline_ns <= machine.now_ns()) {
        struct timer *t = h->slot[0];
        void (*fn)(void *) = t->fn;
        void *data = t->data;

        remove(h, t);
        atomic_store_relaxed(&h->running, t);
        spin_unlock_irqrestore(&h->lock, flags);
        fn(data);
        flags = spin_lock_irqsave(&h->lock);
        atomic_store_release(&h->running, NULL);
    }
    next = h->nr != 0 ? h->slot[0]->deadline_ns : ~0ull;
    if (next != h->armed) {
        h->armed = next;
        machine.arm_timer(next);
    }
    spin_unlock_irqrestore(&h->lock, flags);
}

/* The hardware deadline passed: nothing is armed any more. */
void timer_interrupt(void)
{
    this_cpu(heap).armed = ~0ull;
    softirq_raise(SOFTIRQ_TIMER);
}
