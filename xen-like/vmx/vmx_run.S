/* SPDX-License-Identifier: MIT */
/*
 * Into a guest and back: int vmx_enter(regs, launched).
 *
 * RIP, RSP and RFLAGS travel in the VMCS, the other registers here.  The CPU
 * comes back at vmx_leave with our stack, segments and control registers, its
 * interrupts off; one that ended the guest's turn is still pending and taken
 * by our own vectors as soon as the caller allows it (SDM vol. 3C, 28.5).
 */
#include <arch/regs.h>
#include <offsets.h>
#include <vmx/vmcs.h>

        .text
        .globl vmx_enter
        .type vmx_enter, @function
        .balign 64
vmx_enter:
        push %rbx
        push %rbp
        push %r12
        push %r13
        push %r14
        push %r15
        push %rdi
        mov $VMCS_HOST_RSP, %eax
        vmwrite %rsp, %rax
        test %sil, %sil
        mov REGS_rax(%rdi), %rax        /* flags stay */
        mov REGS_rcx(%rdi), %rcx
        mov REGS_rdx(%rdi), %rdx
        mov REGS_rbx(%rdi), %rbx
        mov REGS_rbp(%rdi), %rbp
        mov REGS_rsi(%rdi), %rsi
        mov REGS_r8(%rdi), %r8
        mov REGS_r9(%rdi), %r9
        mov REGS_r10(%rdi), %r10
        mov REGS_r11(%rdi), %r11
        mov REGS_r12(%rdi), %r12
        mov REGS_r13(%rdi), %r13
        mov REGS_r14(%rdi), %r14
        mov REGS_r15(%rdi), %r15
        mov REGS_rdi(%rdi), %rdi
        jz 1f
        vmresume
        jmp 2f
1:      vmlaunch
2:      mov $1, %eax                    /* refused: still here */
        jmp 3f

        .globl vmx_leave
        .balign 16
vmx_leave:
        push %rdi
        mov 8(%rsp), %rdi
        mov %rax, REGS_rax(%rdi)
        mov %rcx, REGS_rcx(%rdi)
        mov %rdx, REGS_rdx(%rdi)
        mov %rbx, REGS_rbx(%rdi)
        mov %rbp, REGS_rbp(%rdi)
        mov %rsi, REGS_rsi(%rdi)
        mov %r8, REGS_r8(%rdi)
        mov %r9, REGS_r9(%rdi)
        mov %r10, REGS_r10(%rdi)
        mov %r11, REGS_r11(%rdi)
        mov %r12, REGS_r12(%rdi)
        mov %r13, REGS_r13(%rdi)
        mov %r14, REGS_r14(%rdi)
        mov %r15, REGS_r15(%rdi)
        pop REGS_rdi(%rdi)
        /* No return of ours is predicted from what the guest left. */
        .rept 32
        call 4f
        int3
4:
        .endr
        add $256, %rsp
        xor %eax, %eax
        /* Nor do its values stay where code not yet run could use them. */
3:      xor %ecx, %ecx
        xor %edx, %edx
        xor %esi, %esi
        xor %edi, %edi
        xor %r8d, %r8d
        xor %r9d, %r9d
        xor %r10d, %r10d
        xor %r11d, %r11d
        add $8, %rsp
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbp
        pop %rbx
        ret

        .section .note.GNU-stack, "", @progbits
