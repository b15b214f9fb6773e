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
#include <arch/regs.h>
#include <offsets.h>

        .text
        .globl svm_enter
        .type svm_enter, @function
        .balign 64
svm_enter:
        push %rbx
        push %rbp
        push %r12
        push %r13
        push %r14
        push %r15
        push %rdx
        push %rsi
        mov %rdi, %rax
        mov REGS_rcx(%rsi), %rcx
        mov REGS_rdx(%rsi), %rdx
        mov REGS_rbx(%rsi), %rbx
        mov REGS_rbp(%rsi), %rbp
        mov REGS_rdi(%rsi), %rdi
        mov REGS_r8(%rsi), %r8
        mov REGS_r9(%rsi), %r9
        mov REGS_r10(%rsi), %r10
        mov REGS_r11(%rsi), %r11
        mov REGS_r12(%rsi), %r12
        mov REGS_r13(%rsi), %r13
        mov REGS_r14(%rsi), %r14
        mov REGS_r15(%rsi), %r15
        mov REGS_rsi(%rsi), %rsi
        clgi
        sti
        vmload %rax
        vmrun %rax
        vmsave %rax
        mov (%rsp), %rax
        mov %rcx, REGS_rcx(%rax)
        mov %rdx, REGS_rdx(%rax)
        mov %rbx, REGS_rbx(%rax)
        mov %rbp, REGS_rbp(%rax)
        mov %rsi, REGS_rsi(%rax)
        mov %rdi, REGS_rdi(%rax)
        mov %r8, REGS_r8(%rax)
        mov %r9, REGS_r9(%rax)
        mov %r10, REGS_r10(%rax)
        mov %r11, REGS_r11(%rax)
        mov %r12, REGS_r12(%rax)
        mov %r13, REGS_r13(%rax)
        mov %r14, REGS_r14(%rax)
        mov %r15, REGS_r15(%rax)
        mov 8(%rsp), %rax
        vmload %rax
        /* No return of ours is predicted from what the guest left. */
        .rept 32
        call 1f
        int3
1:
        .endr
        add $256, %rsp
        /* Nor do its values stay where code not yet run could use them. */
        xor %ecx, %ecx
        xor %edx, %edx
        xor %esi, %esi
        xor %edi, %edi
        xor %r8d, %r8d
        xor %r9d, %r9d
        xor %r10d, %r10d
        xor %r11d, %r11d
        stgi
        add $16, %rsp
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbp
        pop %rbx
        ret

        .section .note.GNU-stack, "", @progbits
