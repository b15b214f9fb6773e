/* SPDX-License-Identifier: MIT */
/*
 * Into a guest and back: int vmx_enter(regs, launched).
 *
 * RIP, RSP and RFLAGS travel in the VMCS, the other registers here.  The CPU
 * comes back at vmx_leave with our stack, segments and control registers, its
 * interrupts off; one that ended the guest's turn is still pending and taken
 * by our own vectors as soon as the caller allows it (SDM vol. 3C, 28.5).
 */
#include <hvm/guest_regs.h>
#include <vmx/vmcs.h>

        .text
        .globl vmx_enter
        .type vmx_enter, @function
        .balign 64
vmx_enter:
        KEEP_C_REGS
        push %rdi
        mov $VMCS_HOST_RSP, %eax
        vmwrite %rsp, %rax
        test %sil, %sil
        mov REGS_rax(%rdi), %rax        /* flags stay */
        GUEST_REGS_IN(%rdi)
        mov REGS_rsi(%rdi), %rsi
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
        GUEST_REGS_OUT(%rdi)
        mov %rsi, REGS_rsi(%rdi)
        pop REGS_rdi(%rdi)
        STUFF_RETURNS
        xor %eax, %eax
3:      SCRUB_REGS
        add $8, %rsp
        RESTORE_C_REGS
        ret

        .section .note.GNU-stack, "", @progbits
