/* SPDX-License-Identifier: MIT */
/*
 * fake-arch/arch/cpu.h - what mechanisms above arch/ use of the CPU, on the
 * host: the interrupt flag is a variable, waiting gives up the test's CPU.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

extern bool fake_irqs_on;
void fake_cpu_relax(void);

static inline void local_irq_disable(void) { fake_irqs_on = false; }
static inline void local_irq_enable(void) { fake_irqs_on = true; }
static inline bool local_irqs_enabled(void) { return fake_irqs_on; }

static inline unsigned long local_irq_save(void)
{
    unsigned long flags = fake_irqs_on;

    fake_irqs_on = false;
    return flags;
}

static inline void local_irq_restore(unsigned long flags)
{
    fake_irqs_on = flags != 0;
}

static inline void cpu_relax(void) { fake_cpu_relax(); }
static inline _Noreturn void cpu_halt_forever(void) { __builtin_trap(); }
static inline void cpu_sti_hlt(void) { fake_irqs_on = true; }

/* Of a guest's registers. */
#define X86_CR0_WP  0x00010000ul
#define X86_CR0_PG  0x80000000ul
#define X86_CR4_PAE 0x00000020ul

/* Features the tests switch on and off. */
enum cpu_feature { X86_FEATURE_NRIPS };
extern bool fake_has_nrips;
static inline bool has_cpu(enum cpu_feature f) { return fake_has_nrips; }

#endif
