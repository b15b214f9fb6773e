/* SPDX-License-Identifier: MIT */
/*
 * core/panic.h - the end of the road: our own faults.
 *
 * Owns    panic() (stops all CPUs, prints a symbolised backtrace on serial
 *         and VGA, then reboots or halts as noreboot says), BUG_ON (every
 *         build), assert (debug builds; documents, replaces no check).
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <hv/compiler.h>

struct cpu_regs;

noreturn void panic(const char *fmt, ...) printf_like(1, 2);
/* The same, for a fault: @regs is the frame of the hypervisor's fault. */
noreturn void panic_regs(const struct cpu_regs *regs, const char *fmt, ...)
    printf_like(2, 3);

#define BUG_ON(c) do { \
        if (unlikely(c)) { \
            panic("BUG at %s:%d: %s", __FILE__, __LINE__, #c); \
        } \
    } while (0)
#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)

#ifndef HOST_TEST
#ifdef NDEBUG
#define assert(c) ((void)0)
#else
#define assert(c) BUG_ON(!(c))
#endif
#else
#include <assert.h>
#endif

#endif
