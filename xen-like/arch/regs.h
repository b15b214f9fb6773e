/* SPDX-License-Identifier: MIT */
/*
 * arch/regs.h - the register frame every entry to the hypervisor builds.
 *
 * Owns    struct cpu_regs (same order as the first part of the ABI's struct
 *         cpu_user_regs), RFLAGS bits, the flat selectors of the ABI.
 * ABI     xen/arch-x86/xen-x86_64.h (FLAT_RING3_*), SDM vol. 1, 3.4.3.
 * Tests   offsets are generated for .S files by entry/offsets.c.
 */
#ifndef ARCH_REGS_H
#define ARCH_REGS_H

#define X86_EFLAGS_CF   0x00000001
#define X86_EFLAGS_MBS  0x00000002
#define X86_EFLAGS_TF   0x00000100
#define X86_EFLAGS_IF   0x00000200
#define X86_EFLAGS_DF   0x00000400
#define X86_EFLAGS_IOPL 0x00003000
#define X86_EFLAGS_NT   0x00004000
#define X86_EFLAGS_RF   0x00010000
#define X86_EFLAGS_VM   0x00020000
#define X86_EFLAGS_AC   0x00040000
#define X86_EFLAGS_VIF  0x00080000
#define X86_EFLAGS_VIP  0x00100000

/* Selectors in the page of the GDT that the hypervisor owns (entries from
 * 0xe000): the ring-3 ones are fixed by the ABI. */
#define HV_CS64         0xe008
#define HV_DS           0xe010
#define GUEST_CS32      0xe023
#define GUEST_SS        0xe02b
#define GUEST_CS64      0xe033
#define HV_TSS          0xe040
#define HV_LDT          0xe050

#ifndef __ASSEMBLY__
#include <stdint.h>

struct cpu_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
    uint64_t rax, rcx, rdx, rsi, rdi;
    uint32_t error_code;
    uint32_t entry_vector;   /* vector, or the ENTRY_* marks below */
    uint64_t rip;
    uint16_t cs, pad0;
    uint8_t saved_upcall_mask, pad1[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss, pad2[3];
};
_Static_assert(sizeof(struct cpu_regs) == 21 * 8, "frame pushed by entry");

static inline int regs_from_guest(const struct cpu_regs *r)
{
    return (r->cs & 3) == 3;
}
#endif

/* entry_vector bits above the vector number. */
#define ENTRY_SYSCALL   0x100    /* frame came by SYSCALL: sysret may leave */

#endif
