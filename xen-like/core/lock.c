/* SPDX-License-Identifier: MIT */
/*
 * core/lock.c - test-and-set locks that spin on a plain read.
 *
 * Owns    the order checker of debug builds: each CPU counts the locks it
 *         holds per class; taking a class below one held is a bug.
 * Tests   tests/unit/core/test_lock.c
 */
#include <core/lock.h>

#include <arch/atomic.h>
#include <arch/cpu.h>

#include <core/panic.h>
#include <core/percpu.h>

#define NOBODY 0xffff

#ifdef NDEBUG
#define order_taking(k)   ((void)0)
#define order_taken(k)    ((void)0)
#define order_released(k) ((void)0)

uint32_t lock_irq_enter(void)
{
    return 0;
}

void lock_irq_exit(uint32_t held)
{
}
#else
struct held {
    uint8_t of_class[LOCK_LEAF + 1];
};
static DEFINE_PER_CPU(struct held, held);
static DEFINE_PER_CPU(uint32_t, classes_held);

static void order_taking(unsigned int klass)
{
    uint32_t above = this_cpu(classes_held) >> klass >> 1;

    if (klass != 0 && above != 0) {
        panic("lock class %u taken while %u is held", klass,
              klass + 1 + (unsigned int)__builtin_ctz(above));
    }
}

static void order_taken(unsigned int klass)
{
    if (klass != 0 && this_cpu(held).of_class[klass]++ == 0) {
        this_cpu(classes_held) |= 1u << klass;
    }
}

static void order_released(unsigned int klass)
{
    if (klass != 0 && --this_cpu(held).of_class[klass] == 0) {
        this_cpu(classes_held) &= ~(1u << klass);
    }
}

uint32_t lock_irq_enter(void)
{
    uint32_t held = this_cpu(classes_held);

    this_cpu(classes_held) = 0;
    return held;
}

void lock_irq_exit(uint32_t held)
{
    this_cpu(classes_held) = held;
}
#endif

#if defined(NDEBUG) && !defined(HOST_TEST)
void spin_lock_wait(spinlock_t *l)
{
    do {
        while (atomic_load(&l->held)) {
            cpu_relax();
        }
    } while (!spin_trylock(l));
}
#else
static bool try(spinlock_t *l)
{
    return __atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) == 0;
}

void spin_lock(spinlock_t *l)
{
    order_taking(l->klass);
    while (!try(l)) {
        while (atomic_load(&l->held)) {
            cpu_relax();
        }
    }
    l->cpu = (uint16_t)smp_processor_id();
    order_taken(l->klass);
}

void spin_unlock(spinlock_t *l)
{
    order_released(l->klass);
    l->cpu = NOBODY;
    atomic_store_release(&l->held, 0);
}

bool spin_trylock(spinlock_t *l)
{
    if (!try(l)) {
        return false;
    }
    l->cpu = (uint16_t)smp_processor_id();
    order_taken(l->klass);
    return true;
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
    unsigned long flags = local_irq_save();

    spin_lock(l);
    return flags;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
    spin_unlock(l);
    local_irq_restore(flags);
}

bool lock_held(const spinlock_t *l)
{
    return atomic_load(&l->held) && l->cpu == smp_processor_id();
}
#endif
