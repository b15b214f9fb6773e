/* SPDX-License-Identifier: MIT */
/*
 * core/percpu.h - what each physical CPU has of its own.
 *
 * Owns    struct cpu_info at the top of each CPU's stack (reached by masking
 *         the stack pointer, so no segment base of a guest is ever trusted),
 *         and per-CPU variables in section .percpu, one copy per CPU.
 * Shapes  a stack is STACK_SIZE bytes, STACK_SIZE-aligned; page numbers in
 *         it: 1 #DF, 3 NMI, 5 #MC, 7 #DB stacks, 9-15 the main stack, the
 *         even ones and 0 are guard pages (not mapped).
 * Tests   on the host the CPU in use is a variable (tests/fake-arch/fake.c).
 */
#ifndef CORE_PERCPU_H
#define CORE_PERCPU_H

#define STACK_ORDER 4
#define STACK_SIZE  (4096 << STACK_ORDER)

#ifndef __ASSEMBLY__
#include <arch/regs.h>
#include <hv/limits.h>
#include <hv/types.h>

struct vcpu;

/*
 * The last bytes of the stack.  @regs is the frame of the guest that runs
 * here: TSS.rsp0 points just behind it, so it must end 16-byte aligned.
 */
struct cpu_info {
    struct cpu_regs regs;
    uint64_t translated;         /* [C] @regs are of a guest with a p2m */
    struct vcpu *current_vcpu;   /* [C] never NULL once scheduling started */
    uint64_t percpu_offset;      /* [I] */
    uint32_t cpu;                /* [I] */
    uint32_t softirq_pending;    /* [a] one bit per softirq; see core/softirq */
    uint64_t syscall_rsp;        /* [C] scratch of the syscall entry */
    uint64_t scratch;            /* [C] scratch of entry code */
};

#ifdef HOST_TEST
extern __thread struct cpu_info host_cpu_info;
static always_inline struct cpu_info *get_cpu_info(void)
{
    struct cpu_info *ci = &host_cpu_info;

    /* The linker turns the address's add into a lea, which sets no flags;
     * gcc 12's null check would test them. */
    __asm__("" : "+r"(ci));
    return ci;
}
#else
static always_inline struct cpu_info *get_cpu_info(void)
{
    unsigned long sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_SIZE - 1)) + 1) - 1;
}
#endif

#define current              (get_cpu_info()->current_vcpu)
#define smp_processor_id()   (get_cpu_info()->cpu)
#define guest_cpu_regs()     (&get_cpu_info()->regs)

extern uint64_t percpu_offsets[NR_CPUS];
extern struct cpu_info *cpu_infos[NR_CPUS];  /* NULL: CPU never started */

#ifdef HOST_TEST
#define DEFINE_PER_CPU(type, name) __typeof__(type) percpu_##name[NR_CPUS]
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) percpu_##name[NR_CPUS]
#define per_cpu(name, cpu)   (percpu_##name[cpu])
#define this_cpu(name)       (percpu_##name[smp_processor_id()])
#else
#define DEFINE_PER_CPU(type, name) \
    __attribute__((section(".percpu"))) __typeof__(type) percpu_##name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) percpu_##name
#define percpu_at(name, off) \
    (*(__typeof__(percpu_##name) *)((char *)&percpu_##name + (off)))
#define per_cpu(name, cpu)   percpu_at(name, percpu_offsets[cpu])
#define this_cpu(name)       percpu_at(name, get_cpu_info()->percpu_offset)
#endif

extern cpumask_t cpu_online_mask;            /* [a] */
extern unsigned int nr_cpus_online;
extern unsigned int nr_cpu_ids;       /* [I] that were to come online */
#define for_each_cpu(cpu, mask) \
    for (cpumask_t m_##cpu = (mask); \
         m_##cpu != 0 && ((cpu) = __builtin_ctzll(m_##cpu), 1); \
         m_##cpu &= m_##cpu - 1)
#define cpumask_of(cpu)      ((cpumask_t)1 << (cpu))

#endif
#endif
