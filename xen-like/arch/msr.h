/* SPDX-License-Identifier: MIT */
/*
 * arch/msr.h - model-specific registers; the _safe forms survive a #GP.
 *
 * Source  SDM vol. 4; APM vol. 2, appendix A.
 */
#ifndef ARCH_MSR_H
#define ARCH_MSR_H

#include <arch/extable.h>
#include <hv/errno.h>
#include <hv/types.h>

#define MSR_TSC                0x00000010u
#define MSR_APIC_BASE          0x0000001bu
#define MSR_FEATURE_CONTROL    0x0000003au
#define MSR_MTRRCAP            0x000000feu
#define MSR_SYSENTER_CS        0x00000174u
#define MSR_SYSENTER_ESP       0x00000175u
#define MSR_SYSENTER_EIP       0x00000176u
#define MSR_DEBUGCTL           0x000001d9u
#define MSR_PAT                0x00000277u
#define MSR_MTRR_DEF_TYPE      0x000002ffu
#define MSR_TSC_DEADLINE       0x000006e0u
#define MSR_X2APIC_FIRST       0x00000800u
#define MSR_EFER               0xc0000080u
#define MSR_STAR               0xc0000081u
#define MSR_LSTAR              0xc0000082u
#define MSR_CSTAR              0xc0000083u
#define MSR_SFMASK             0xc0000084u
#define MSR_FS_BASE            0xc0000100u
#define MSR_GS_BASE            0xc0000101u
#define MSR_KERNEL_GS_BASE     0xc0000102u
#define MSR_TSC_AUX            0xc0000103u
#define MSR_SYSCFG             0xc0010010u
#define MSR_VM_CR              0xc0010114u
#define MSR_VM_HSAVE_PA        0xc0010117u

#define EFER_SCE   0x0001ul
#define EFER_LME   0x0100ul
#define EFER_LMA   0x0400ul
#define EFER_NXE   0x0800ul
#define EFER_SVME  0x1000ul
#define EFER_FFXSR 0x4000ul

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((uint64_t)hi << 32) | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" :: "c"(msr), "a"((uint32_t)v),
                     "d"((uint32_t)(v >> 32)) : "memory");
}

/* 0, or -EFAULT: the CPU refused; *@v is 0 then. */
static inline int must_check rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo, hi;
    int rc;

    __asm__ volatile("1: rdmsr\n"
                     "   xor %k[rc], %k[rc]\n"
                     "2:\n"
                     ".pushsection .text.fixup, \"ax\"\n"
                     "3: mov %[err], %k[rc]\n"
                     "   xor %%eax, %%eax\n"
                     "   xor %%edx, %%edx\n"
                     "   jmp 2b\n"
                     ".popsection\n"
                     EXTABLE(1b, 3b)
                     : "=a"(lo), "=d"(hi), [rc] "=&r"(rc)
                     : "c"(msr), [err] "i"(-EFAULT));
    *v = ((uint64_t)hi << 32) | lo;
    return rc;
}

#endif
