/* SPDX-License-Identifier: MIT */
/*
 * hvm/hvm_policy.h - what a hardware-assisted guest sees of the processor.
 *
 * Owns    CPUID from the domain's policy and what depends on the vcpu's
 *         state; MSRs by table: default deny (#GP).
 * Source  SDM vol. 4, APM vol. 2 appendix A; xen/arch-x86/cpuid.h.
 * Tests   tests/guests/hvm/
 */
#ifndef HVM_HVM_POLICY_H
#define HVM_HVM_POLICY_H

#include <arch/cpu.h>
#include <arch/msr.h>
#include <domain/domain.h>

void hvm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
/* Bits of EFER that a guest may have: Intel's entry refuses what the CPU has
 * not, AMD's does so for some. */
static inline uint64_t hvm_efer_known(void)
{
    return EFER_SCE | EFER_LME | EFER_LMA |
           (has_cpu(X86_FEATURE_NX) ? EFER_NXE : 0) |
           (has_cpu(X86_FEATURE_FFXSR) ? EFER_FFXSR : 0);
}
/* false: #GP */
bool must_check hvm_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *val);
bool must_check hvm_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val);

#endif
