/* SPDX-License-Identifier: MIT */
/*
 * lib/start.S - the first instruction of a tiny guest, its entry points for
 * traps, events, failsafe and user system calls, and the return path.
 *
 * Owns the register layout of struct trap_frame (lib/trap.h).  What happens
 * on a trap is decided in lib/trap.c.  Covered by every guest.
 */
#include <xen/xen.h>

    .section .text.entry, "ax"
    .globl _start
    /* Keep all that the loader handed over, then run on our own stack. */
_start:
    movq %rax, entry_regs + 0
    movq %rbx, entry_regs + 8
    movq %rcx, entry_regs + 16
    movq %rdx, entry_regs + 24
    movq %rsi, entry_regs + 32
    movq %rdi, entry_regs + 40
    movq %rbp, entry_regs + 48
    movq %rsp, entry_regs + 56
    movq %r8,  entry_regs + 64
    movq %r9,  entry_regs + 72
    movq %r10, entry_regs + 80
    movq %r11, entry_regs + 88
    movq %r12, entry_regs + 96
    movq %r13, entry_regs + 104
    movq %r14, entry_regs + 112
    movq %r15, entry_regs + 120
    pushfq
    popq entry_regs + 128
    movl %cs, %eax
    movq %rax, entry_regs + 136
    movl %ss, %eax
    movq %rax, entry_regs + 144
    movl %ds, %eax
    movq %rax, entry_regs + 152
    movl %es, %eax
    movq %rax, entry_regs + 160
    movl %fs, %eax
    movq %rax, entry_regs + 168
    movl %gs, %eax
    movq %rax, entry_regs + 176
    fnstcw entry_regs + 184
    stmxcsr entry_regs + 192
    movq $boot_stack_end, %rsp
    xorl %ebp, %ebp
    movq %rsi, %rdi
    cld
    call guest_start
1:  jmp 1b

    .text
    /*
     * Trap stubs.  The hypervisor pushes rcx and r11 last; some vectors have
     * an error code below them, for the others a zero takes its place.
     */
    .macro trap_stub vector, has_error
    .balign 32
    popq %rcx
    popq %r11
    .if !\has_error
    pushq $0
    .endif
    pushq $\vector
    jmp trap_common
    .endm

    .globl trap_stubs
    .balign 32
trap_stubs:
    .set vec, 0
    .rept 256
    .if vec == 8 || (vec >= 10 && vec <= 14) || vec == 17
    trap_stub vec, 1
    .else
    trap_stub vec, 0
    .endif
    .set vec, vec + 1
    .endr

    .globl event_entry, failsafe_entry, syscall_entry, iret_here
event_entry:
    popq %rcx
    popq %r11
    pushq $0
    pushq $256
    jmp trap_common

    /* rcx, r11, then the four data selectors before the usual frame. */
failsafe_entry:
    popq %rcx
    popq %r11
    addq $32, %rsp
    pushq $0
    pushq $258
    jmp trap_common

syscall_entry:
    popq %rcx
    popq %r11
    pushq $0
    pushq $257
    /* falls through */

trap_common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    movq %rsp, %rbp
    andq $-16, %rsp
    cld
    call trap_dispatch
    movq %rbp, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    pushq $0
    /* Stack: flags, rip, cs, rflags, rsp, ss. */
iret_here:
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2

    /* int context_save(struct context *): 0 first, else what jump gave. */
    .globl context_save, context_jump
context_save:
    movq %rbx, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    leaq 8(%rsp), %rax
    movq %rax, 48(%rdi)
    movq (%rsp), %rax
    movq %rax, 56(%rdi)
    xorl %eax, %eax
    ret

    /* void context_jump(struct context *, int value) */
context_jump:
    movl %esi, %eax
    movq 0(%rdi), %rbx
    movq 8(%rdi), %rbp
    movq 16(%rdi), %r12
    movq 24(%rdi), %r13
    movq 32(%rdi), %r14
    movq 40(%rdi), %r15
    movq 48(%rdi), %rsp
    jmpq *56(%rdi)

    /* void user_iret(uint64_t *frame): leave through a built iret frame. */
    .globl user_iret
user_iret:
    movq %rdi, %rsp
    movl $__HYPERVISOR_iret, %eax
    syscall
    ud2

    .bss
    .balign 4096
    .globl boot_stack, boot_stack_end
boot_stack:
    .skip 32768
boot_stack_end:
    .globl entry_regs
entry_regs:
    .skip 256
    .section .note.GNU-stack, "", @progbits
