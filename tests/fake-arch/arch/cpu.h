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
#define X86_CR0_NE  0x00000020ul
#define X86_CR0_WP  0x00010000ul
#define X86_CR0_NW  0x20000000ul
#define X86_CR0_CD  0x40000000ul
#define X86_CR0_PG  0x80000000ul
#define X86_CR4_VME        0x00000001ul
#define X86_CR4_PVI        0x00000002ul
#define X86_CR4_TSD        0x00000004ul
#define X86_CR4_DE         0x00000008ul
#define X86_CR4_PSE        0x00000010ul
#define X86_CR4_PAE        0x00000020ul
#define X86_CR4_MCE        0x00000040ul
#define X86_CR4_PGE        0x00000080ul
#define X86_CR4_PCE        0x00000100ul
#define X86_CR4_OSFXSR     0x00000200ul
#define X86_CR4_OSXMMEXCPT 0x00000400ul
#define X86_CR4_UMIP       0x00000800ul
#define X86_CR4_VMXE       0x00002000ul
#define X86_CR4_FSGSBASE   0x00010000ul
#define X86_CR4_PCIDE      0x00020000ul
#define X86_CR4_OSXSAVE    0x00040000ul
#define X86_CR4_SMEP       0x00100000ul
#define X86_CR4_SMAP       0x00200000ul

/* Features the tests switch on and off. */
enum cpu_feature {
    X86_FEATURE_NRIPS, X86_FEATURE_NX, X86_FEATURE_FFXSR, X86_FEATURE_PAGE1GB
};
extern uint32_t fake_features;
static inline bool has_cpu(enum cpu_feature f)
{
    return (fake_features >> f) & 1;
}

/* A clock that stands, a CPU that says nothing of itself. */
struct cpuid_regs {
    uint32_t eax, ebx, ecx, edx;
};
static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t sub)
{
    return (struct cpuid_regs){ 0 };
}
static inline uint64_t rdtsc(void) { return 0; }
static inline void write_cr3(uint64_t cr3) { (void)cr3; }

#endif
