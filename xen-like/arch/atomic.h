/* SPDX-License-Identifier: MIT */
/*
 * arch/atomic.h - compare-and-swap, barriers and bit operations.
 *
 * Thin names over the compiler's __atomic builtins, so that host tests and
 * the hypervisor use the same code.  All operations are sequentially
 * consistent unless the name ends in _relaxed, _acquire or _release.
 */
#ifndef ARCH_ATOMIC_H
#define ARCH_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define atomic_load(p)            __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_acquire(p)    __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store(p, v)        __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define atomic_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v)          __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_sub(p, v)          __atomic_sub_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_or(p, v)           __atomic_or_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_and(p, v)          __atomic_and_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_xchg(p, v)         __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
/* On failure *old takes the value found. */
#define atomic_cmpxchg(p, old, new) \
    __atomic_compare_exchange_n((p), (old), (new), false, \
                                __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

#define smp_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Bit @nr of the bitmap at @p (64-bit words). */
static inline bool test_bit(unsigned int nr, const uint64_t *p)
{
    return (__atomic_load_n(p + nr / 64, __ATOMIC_RELAXED) >> (nr % 64)) & 1;
}

static inline void set_bit(unsigned int nr, uint64_t *p)
{
    __atomic_fetch_or(p + nr / 64, 1ull << (nr % 64), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(unsigned int nr, uint64_t *p)
{
    __atomic_fetch_and(p + nr / 64, ~(1ull << (nr % 64)), __ATOMIC_SEQ_CST);
}

static inline bool test_and_set_bit(unsigned int nr, uint64_t *p)
{
    uint64_t m = 1ull << (nr % 64);

    return (__atomic_fetch_or(p + nr / 64, m, __ATOMIC_SEQ_CST) & m) != 0;
}

static inline bool test_and_set_bit32(unsigned int nr, uint32_t *p)
{
    uint32_t m = 1u << (nr % 32);

    return (__atomic_fetch_or(p + nr / 32, m, __ATOMIC_SEQ_CST) & m) != 0;
}

static inline bool test_and_clear_bit(unsigned int nr, uint64_t *p)
{
    uint64_t m = 1ull << (nr % 64);

    return (__atomic_fetch_and(p + nr / 64, ~m, __ATOMIC_SEQ_CST) & m) != 0;
}

#endif
