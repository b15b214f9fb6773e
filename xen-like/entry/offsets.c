/* SPDX-License-Identifier: MIT */
/*
 * Offsets for the .S files of entry/: compiled to assembly, from which the makefile takes
 * the marked lines into build/hv/entry/offsets.h.
 */
#include <core/percpu.h>
#include <domain/domain.h>
#include <pv/pv_domain.h>

#define OFFSET(name, type, member) \
    __asm__ volatile("\n#OFFSET " #name " %0" :: "i"(offsetof(type, member)))

void offsets(void);
void offsets(void)
{
    OFFSET(REGS_r15, struct cpu_info, regs.r15);
    OFFSET(REGS_r14, struct cpu_info, regs.r14);
    OFFSET(REGS_r13, struct cpu_info, regs.r13);
    OFFSET(REGS_r12, struct cpu_info, regs.r12);
    OFFSET(REGS_rbp, struct cpu_info, regs.rbp);
    OFFSET(REGS_rbx, struct cpu_info, regs.rbx);
    OFFSET(REGS_r11, struct cpu_info, regs.r11);
    OFFSET(REGS_r10, struct cpu_info, regs.r10);
    OFFSET(REGS_r9, struct cpu_info, regs.r9);
    OFFSET(REGS_r8, struct cpu_info, regs.r8);
    OFFSET(REGS_rax, struct cpu_info, regs.rax);
    OFFSET(REGS_rcx, struct cpu_info, regs.rcx);
    OFFSET(REGS_rdx, struct cpu_info, regs.rdx);
    OFFSET(REGS_rsi, struct cpu_info, regs.rsi);
    OFFSET(REGS_rdi, struct cpu_info, regs.rdi);
    OFFSET(REGS_entry_vector, struct cpu_info, regs.entry_vector);
    OFFSET(REGS_rip, struct cpu_info, regs.rip);
    OFFSET(REGS_cs, struct cpu_info, regs.cs);
    OFFSET(REGS_rflags, struct cpu_info, regs.rflags);
    OFFSET(REGS_rsp, struct cpu_info, regs.rsp);
    OFFSET(INFO_current, struct cpu_info, current_vcpu);
    OFFSET(INFO_softirq_pending, struct cpu_info, softirq_pending);
    OFFSET(INFO_syscall_rsp, struct cpu_info, syscall_rsp);
    OFFSET(VCPU_info, struct vcpu, info);
    OFFSET(VCPU_pv, struct vcpu, pv);
    OFFSET(PV_in_kernel, struct pv_vcpu, in_kernel);
    __asm__ volatile("\n#OFFSET CPU_INFO_SIZE %0" :: "i"(sizeof(struct cpu_info)));
}
