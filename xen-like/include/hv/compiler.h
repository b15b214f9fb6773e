/* SPDX-License-Identifier: MIT */
/*
 * hv/compiler.h - names for what the compiler can check or be told.
 *
 * Owns    attribute shorthands, likely(), container_of(), READ/WRITE_ONCE.
 * Tests   every unit test includes it.
 */
#ifndef HV_COMPILER_H
#define HV_COMPILER_H

#include <stddef.h>
#include <stdint.h>

/* An array that is filled before use, for as far as it is used: the compiler
 * need not clear it.  Only on paths where the clearing was measured. */
#define no_auto_init    __attribute__((uninitialized))
#define must_check      __attribute__((warn_unused_result))
#define noreturn        __attribute__((noreturn))
#define packed          __attribute__((packed))
#define aligned(n)      __attribute__((aligned(n)))
#define noinline        __attribute__((noinline))
#define always_inline   inline __attribute__((always_inline))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define used            __attribute__((used))

/* Code and data that is freed once the first domain runs. */
#ifdef HOST_TEST
#define boot_text
#define boot_data
#else
#define boot_text       __attribute__((section(".boot.text"), __noinline__))
#define boot_data       __attribute__((section(".boot.data")))
#endif

#define likely(x)       __builtin_expect(!!(x), 1)
#define unlikely(x)     __builtin_expect(!!(x), 0)
#define barrier()       __asm__ __volatile__("" ::: "memory")

#define READ_ONCE(x)    (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define container_of(p, type, member) \
    ((type *)((char *)(p) - offsetof(type, member)))
#define ARRAY_SIZE(a)   (sizeof(a) / sizeof((a)[0]))

#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
                     a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
                     a_ > b_ ? a_ : b_; })
#define ROUND_UP(x, n)   (((x) + (n) - 1) & ~((__typeof__(x))(n) - 1))
#define ROUND_DOWN(x, n) ((x) & ~((__typeof__(x))(n) - 1))

/* Checked arithmetic for numbers from guests: true means overflow. */
#define ckd_add(r, a, b) __builtin_add_overflow((a), (b), (r))

#endif
