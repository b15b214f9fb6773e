/* SPDX-License-Identifier: MIT */
/*
 * Into a guest and back: void svm_enter(vmcb, regs, host_vmcb).
 *
 * RAX, RIP, RSP and RFLAGS travel in the VMCB, the other registers here.
 * VMSAVE and VMLOAD exchange FS, GS, TR, LDTR and the system-call MSRs, so
 * that exceptions find our TSS again before GIF is set.  With V_INTR_MASKING
 * the host's IF decides whether interrupts leave the guest: it is set where
 * GIF still holds them off (APM vol. 2, 15.5.1, 15.17, 15.21.1).
 */
#include <hvm/guest_regs.h>

        .text
        .globl svm_enter
        .type svm_enter, @function
        .balign 64
svm_enter:
        KEEP_C_REGS
        push %rdx
        push %rsi
        mov %rdi, %rax
        GUEST_REGS_IN(%rsi)
        mov REGS_rdi(%rsi), %rdi
        mov REGS_rsi(%rsi), %rsi
        clgi
        sti
        vmload %rax
        vmrun %rax
        vmsave %rax
        mov (%rsp), %rax
        GUEST_REGS_OUT(%rax)
        mov %rsi, REGS_rsi(%rax)
        mov %rdi, REGS_rdi(%rax)
        mov 8(%rsp), %rax
        vmload %rax
        STUFF_RETURNS
        SCRUB_REGS
        stgi
        add $16, %rsp
        RESTORE_C_REGS
        ret

        .section .note.GNU-stack, "", @progbits
