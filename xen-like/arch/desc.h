/* SPDX-License-Identifier: MIT */
/*
 * arch/desc.h - GDT, TSS and IDT of each CPU, and the SYSCALL MSRs.
 *
 * Owns    the page of the GDT with the hypervisor's and the ABI's flat
 *         selectors (entries 0xe000-0xefff, arch/regs.h).  While no vCPU is
 *         loaded GDTR.base is that page - 0xe000; pv/ maps the page as the
 *         15th frame of each vCPU's GDT in the per-domain slot and loads
 *         that with desc_load_gdt().  Limit is always 0xefff.
 * Shapes  IST: 1 #DF, 2 NMI, 3 #MC, 4 #DB (stack pages, core/percpu.h).
 *         SYSCALL: code per CPU stores RSP to cpu_info.syscall_rsp, loads
 *         RSP with the end of cpu_info.regs, and jumps to syscall_entry (64
 *         bit) or syscall_compat_entry (32 bit); only RSP is changed, RCX
 *         and R11 hold the guest's RIP and RFLAGS.  SYSENTER arrives at
 *         sysenter_entry with RSP = end of cpu_info.regs.  SFMASK clears IF,
 *         DF, TF, NT, AC, IOPL, VM, RF.
 */
#ifndef ARCH_DESC_H
#define ARCH_DESC_H

#include <arch/paging.h>
#include <hv/types.h>

#define GDT_LIMIT 0xefffu

/* Defined by entry/: 256 addresses for the IDT, and the SYSCALL targets. */
extern const uint64_t entry_vectors[256];
void syscall_entry(void);
void syscall_compat_entry(void);
void sysenter_entry(void);

/* Boot CPU, first thing: GDT and IDT with gates of boot/, no TSS. */
void desc_init_early(void);
void desc_set_boot_gate(unsigned int vector, uint64_t addr);
/* All gates to entry_vectors, once the boot CPU has its real stack. */
void desc_init_idt(void);
/* Give @cpu its GDT page (zeroed, 4 KiB aligned); the boot CPU has one. */
void desc_set_page(unsigned int cpu, void *gdt_page, mfn_t mfn);

struct desc_stack {
    uint64_t base;               /* lowest address of the STACK_SIZE stack */
    uint64_t regs_end;           /* end of cpu_info.regs: rsp0 */
    uint64_t syscall_rsp;        /* address of cpu_info.syscall_rsp */
};
/* On the CPU itself: load GDT, TSS, IDT; SYSCALL and SYSENTER MSRs. */
void desc_init_cpu(unsigned int cpu, const struct desc_stack *stack);

mfn_t desc_gdt_page_mfn(unsigned int cpu);
/* GDTR base of @cpu while no vCPU is loaded. */
uint64_t desc_gdt_base(unsigned int cpu);
/* For vmx/, whose CPU loads them itself. */
uint64_t desc_tss_base(unsigned int cpu);
uint64_t desc_idt_base(void);
void desc_load_gdt(uint64_t base);
/* Load the LDT of @entries descriptors at @base; 0 entries: none.  Writes
 * the LDT descriptor of @cpu's GDT page; @cpu is this CPU. */
void desc_load_ldt(unsigned int cpu, uint64_t base, unsigned int entries);
/* May an interrupt gate of ours be called by INT n from a guest?  (DPL 3) */
void desc_set_gate_dpl(unsigned int vector, unsigned int dpl);

#endif
