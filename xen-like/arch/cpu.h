/* SPDX-License-Identifier: MIT */
/*
 * arch/cpu.h - one instruction each: flags, control registers, CPUID, TSC.
 *
 * Owns    feature words read once at boot (has_cpu()), CPU identity, and
 *         cpu_init(): the control registers and MSRs every CPU runs with.
 * Source  SDM vol. 2A CPUID; APM vol. 3, appendix E.
 * Tests   tests/fake-arch/arch/cpu.h replaces it on the host.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/regs.h>
#include <hv/types.h>

#define X86_CR0_PE 0x00000001ul
#define X86_CR0_MP 0x00000002ul
#define X86_CR0_EM 0x00000004ul
#define X86_CR0_TS 0x00000008ul
#define X86_CR0_ET 0x00000010ul
#define X86_CR0_NE 0x00000020ul
#define X86_CR0_WP 0x00010000ul
#define X86_CR0_AM 0x00040000ul
#define X86_CR0_NW 0x20000000ul
#define X86_CR0_CD 0x40000000ul
#define X86_CR0_PG 0x80000000ul

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

/* CPUID words kept in cpu_features[]. */
enum cpu_word {
    CPUW_1_EDX, CPUW_1_ECX, CPUW_E1_EDX, CPUW_E1_ECX, CPUW_7_EBX, CPUW_7_ECX,
    CPUW_7_EDX, CPUW_D1_EAX, CPUW_E7_EDX, CPUW_E8_EBX, CPUW_EA_EDX, CPUW_6_EAX,
    NR_CPUW
};

/* A feature: word * 32 + bit. */
enum cpu_feature {
    X86_FEATURE_PSE        = CPUW_1_EDX * 32 + 3,
    X86_FEATURE_MCE        = CPUW_1_EDX * 32 + 7,
    X86_FEATURE_APIC       = CPUW_1_EDX * 32 + 9,
    X86_FEATURE_SEP        = CPUW_1_EDX * 32 + 11,
    X86_FEATURE_PGE        = CPUW_1_EDX * 32 + 13,
    X86_FEATURE_MCA        = CPUW_1_EDX * 32 + 14,
    X86_FEATURE_PAT        = CPUW_1_EDX * 32 + 16,
    X86_FEATURE_MONITOR    = CPUW_1_ECX * 32 + 3,
    X86_FEATURE_VMX        = CPUW_1_ECX * 32 + 5,
    X86_FEATURE_PCID       = CPUW_1_ECX * 32 + 17,
    X86_FEATURE_X2APIC     = CPUW_1_ECX * 32 + 21,
    X86_FEATURE_TSC_DEADLINE = CPUW_1_ECX * 32 + 24,
    X86_FEATURE_XSAVE      = CPUW_1_ECX * 32 + 26,
    X86_FEATURE_OSXSAVE    = CPUW_1_ECX * 32 + 27,
    X86_FEATURE_RDRAND     = CPUW_1_ECX * 32 + 30,
    X86_FEATURE_HYPERVISOR = CPUW_1_ECX * 32 + 31,
    X86_FEATURE_SYSCALL    = CPUW_E1_EDX * 32 + 11,
    X86_FEATURE_NX         = CPUW_E1_EDX * 32 + 20,
    X86_FEATURE_FFXSR      = CPUW_E1_EDX * 32 + 25,
    X86_FEATURE_PAGE1GB    = CPUW_E1_EDX * 32 + 26,
    X86_FEATURE_RDTSCP     = CPUW_E1_EDX * 32 + 27,
    X86_FEATURE_LM         = CPUW_E1_EDX * 32 + 29,
    X86_FEATURE_SVM        = CPUW_E1_ECX * 32 + 2,
    X86_FEATURE_FSGSBASE   = CPUW_7_EBX * 32 + 0,
    X86_FEATURE_SMEP       = CPUW_7_EBX * 32 + 7,
    X86_FEATURE_ERMS       = CPUW_7_EBX * 32 + 9,
    X86_FEATURE_INVPCID    = CPUW_7_EBX * 32 + 10,
    X86_FEATURE_SMAP       = CPUW_7_EBX * 32 + 20,
    X86_FEATURE_UMIP       = CPUW_7_ECX * 32 + 2,
    X86_FEATURE_PKU        = CPUW_7_ECX * 32 + 3,
    X86_FEATURE_RDPID      = CPUW_7_ECX * 32 + 22,
    X86_FEATURE_IBRSB      = CPUW_7_EDX * 32 + 26,
    X86_FEATURE_XSAVEOPT   = CPUW_D1_EAX * 32 + 0,
    X86_FEATURE_XSAVEC     = CPUW_D1_EAX * 32 + 1,
    X86_FEATURE_XSAVES     = CPUW_D1_EAX * 32 + 3,
    X86_FEATURE_ITSC       = CPUW_E7_EDX * 32 + 8,
    X86_FEATURE_NPT        = CPUW_EA_EDX * 32 + 0,
    X86_FEATURE_NRIPS      = CPUW_EA_EDX * 32 + 3,
    X86_FEATURE_ARAT       = CPUW_6_EAX * 32 + 2,
};

enum cpu_vendor { CPU_VENDOR_OTHER, CPU_VENDOR_INTEL, CPU_VENDOR_AMD };

struct cpu_ident {
    enum cpu_vendor vendor;
    unsigned int family, model, stepping;
    uint32_t max_leaf, max_ext_leaf;
    unsigned int phys_addr_bits;
    char name[49];
};

extern uint32_t cpu_features[NR_CPUW];       /* [I] after boot */
extern struct cpu_ident cpu_ident;           /* [I] */
extern unsigned long cpu_cr4;                /* [I] CR4 the hypervisor uses */

static inline bool has_cpu(enum cpu_feature f)
{
    return (cpu_features[f / 32] >> (f % 32)) & 1;
}

void cpu_identify(void);     /* boot CPU, first of all */
/* PAT as the ABI's guests expect it: WB WT UC- UC WC WP UC UC. */
#define PAT_VALUE 0x050100070406ul
void cpu_init(void);         /* every CPU: CR0, CR4, EFER, PAT, XCR0 */
/* A fresh guard value; the caller never returns through an old one. */
void cpu_set_stack_guard(void);
extern uintptr_t __stack_chk_guard;

struct cpuid_regs {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline unsigned long local_save_flags(void)
{
    unsigned long flags;

    __asm__ volatile("pushfq; popq %0" : "=r"(flags) :: "memory");
    return flags;
}

static inline void local_irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline void local_irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline bool local_irqs_enabled(void)
{
    return (local_save_flags() & X86_EFLAGS_IF) != 0;
}

static inline unsigned long local_irq_save(void)
{
    unsigned long flags = local_save_flags();

    local_irq_disable();
    return flags;
}

static inline void local_irq_restore(unsigned long flags)
{
    if (flags & X86_EFLAGS_IF) {
        local_irq_enable();
    } else {
        local_irq_disable();
    }
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

/* Sleep until an interrupt; sti takes effect after hlt has begun. */
static inline void cpu_sti_hlt(void)
{
    __asm__ volatile("sti; hlt" ::: "memory");
}

static inline noreturn void cpu_halt_forever(void)
{
    for (;;) {
        __asm__ volatile("cli; hlt" ::: "memory");
    }
}

static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((uint64_t)hi << 32) | lo;
}

/* Not before earlier loads have completed. */
static inline uint64_t rdtsc_ordered(void)
{
    __asm__ volatile("lfence" ::: "memory");
    return rdtsc();
}

static inline unsigned long read_cr0(void)
{
    unsigned long v;

    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
    return v;
}

static inline void write_cr0(unsigned long v)
{
    __asm__ volatile("mov %0, %%cr0" :: "r"(v) : "memory");
}

static inline unsigned long read_cr2(void)
{
    unsigned long v;

    __asm__ volatile("mov %%cr2, %0" : "=r"(v));
    return v;
}

static inline void write_cr2(unsigned long v)
{
    __asm__ volatile("mov %0, %%cr2" :: "r"(v));
}

static inline unsigned long read_cr3(void)
{
    unsigned long v;

    __asm__ volatile("mov %%cr3, %0" : "=r"(v) :: "memory");
    return v;
}

/* mm/tlb_flush accounts; others use tlb_write_cr3(). */
static inline void write_cr3(unsigned long v)
{
    __asm__ volatile("mov %0, %%cr3" :: "r"(v) : "memory");
}

static inline unsigned long read_cr4(void)
{
    unsigned long v;

    __asm__ volatile("mov %%cr4, %0" : "=r"(v));
    return v;
}

static inline void write_cr4(unsigned long v)
{
    __asm__ volatile("mov %0, %%cr4" :: "r"(v) : "memory");
}

static inline void load_cr8(unsigned long v)
{
    __asm__ volatile("mov %0, %%cr8" :: "r"(v) : "memory");
}

static inline void invlpg(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" :: "r"(va) : "memory");
}

static inline void clts(void)
{
    __asm__ volatile("clts");
}

static inline uint64_t xgetbv(uint32_t index)
{
    uint32_t lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
    return ((uint64_t)hi << 32) | lo;
}

static inline void xsetbv(uint32_t index, uint64_t v)
{
    __asm__ volatile("xsetbv" :: "c"(index), "a"((uint32_t)v),
                     "d"((uint32_t)(v >> 32)) : "memory");
}

static inline void wbinvd(void)
{
    __asm__ volatile("wbinvd" ::: "memory");
}

#define DEFINE_DR(n) \
    static inline unsigned long read_dr##n(void) \
    { \
        unsigned long v; \
        __asm__ volatile("mov %%db" #n ", %0" : "=r"(v)); \
        return v; \
    } \
    static inline void write_dr##n(unsigned long v) \
    { \
        __asm__ volatile("mov %0, %%db" #n :: "r"(v)); \
    }
DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)
#undef DEFINE_DR

/* Segment registers a guest owns; loads of bad selectors are recovered by
 * their callers through arch/extable.h. */
#define DEFINE_READ_SEG(s) \
    static inline uint16_t read_##s(void) \
    { \
        uint16_t v; \
        __asm__ volatile("mov %%" #s ", %0" : "=r"(v)); \
        return v; \
    }
DEFINE_READ_SEG(ds)
DEFINE_READ_SEG(es)
DEFINE_READ_SEG(fs)
DEFINE_READ_SEG(gs)
#undef DEFINE_READ_SEG

static inline void load_ldt(uint16_t sel)
{
    __asm__ volatile("lldt %0" :: "r"(sel) : "memory");
}

static inline void swapgs(void)
{
    __asm__ volatile("swapgs" ::: "memory");
}

#endif
