/* SPDX-License-Identifier: MIT */
/*
 * core/lock.h - spin locks and their order.
 *
 * Owns    spinlock_t, and the classes of docs/locking.md.
 * Locks   classes are taken in ascending order; two of one class in the
 *         order their file states (lower domid first).  Debug builds check
 *         the order per CPU (core/lock.c).
 *         _irqsave forms are for locks that interrupt handlers take too.
 * Tests   tests/unit/core/test_lock.c
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <arch/cpu.h>
#include <hv/types.h>

enum lock_class {
    LOCK_DOMLIST = 1, LOCK_DOMCTL, LOCK_P2M, LOCK_PAGETABLE, LOCK_GRANT,
    LOCK_MAPTRACK, LOCK_IOREQ, LOCK_EVTCHN, LOCK_PORT, LOCK_PIRQ, LOCK_IRQDESC, LOCK_VDEV,
    LOCK_SCHED, LOCK_TIMER, LOCK_HEAP, LOCK_FLUSH, LOCK_CONSOLE, LOCK_LEAF,
};

typedef struct {
    uint8_t held;            /* [a] */
    uint8_t klass;           /* [I] enum lock_class, 0: not checked */
    uint16_t cpu;            /* [L] holder, for lock_held() */
} spinlock_t;

#define SPINLOCK_INIT(k) { 0, (k), 0xffff }

static inline void spin_lock_init(spinlock_t *l, enum lock_class k)
{
    *l = (spinlock_t)SPINLOCK_INIT(k);
}

#if defined(NDEBUG) && !defined(HOST_TEST)
/* Without the order checker a lock is an exchange, in place. */
void spin_lock_wait(spinlock_t *l);

static inline void spin_lock(spinlock_t *l)
{
    if (unlikely(__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) != 0)) {
        spin_lock_wait(l);
    }
}

static inline void spin_unlock(spinlock_t *l)
{
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

static inline bool must_check spin_trylock(spinlock_t *l)
{
    return __atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline unsigned long must_check spin_lock_irqsave(spinlock_t *l)
{
    unsigned long flags = local_irq_save();

    spin_lock(l);
    return flags;
}

static inline void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
    spin_unlock(l);
    local_irq_restore(flags);
}
#else
void spin_lock(spinlock_t *l);
void spin_unlock(spinlock_t *l);
bool must_check spin_trylock(spinlock_t *l);
unsigned long must_check spin_lock_irqsave(spinlock_t *l);
void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags);
bool lock_held(const spinlock_t *l);     /* for assertions only */
#endif

/* An interrupt handler's locks are ordered among themselves: what was held
 * when it came is put aside until it ends. */
uint32_t lock_irq_enter(void);
void lock_irq_exit(uint32_t held);

/* Take two locks of one class in the order of their addresses' keys. */
static inline void spin_lock_pair(spinlock_t *first, spinlock_t *second)
{
    spin_lock(first);
    if (second != first) {
        spin_lock(second);
    }
}

static inline void spin_unlock_pair(spinlock_t *first, spinlock_t *second)
{
    if (second != first) {
        spin_unlock(second);
    }
    spin_unlock(first);
}

#endif
