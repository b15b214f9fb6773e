/* SPDX-License-Identifier: MIT */
/*
 * arch/retpoline.S - the thunks behind -mindirect-branch=thunk-extern.
 *
 * Owns    __x86_indirect_thunk_<reg>: an indirect branch that is predicted
 *         into a harmless loop (Spectre variant 2).
 */
    .macro THUNK reg
    .section .text.hot, "ax", @progbits
    .balign 32
    .globl __x86_indirect_thunk_\reg
    .hidden __x86_indirect_thunk_\reg
    .type __x86_indirect_thunk_\reg, @function
__x86_indirect_thunk_\reg:
    call 2f
1:  pause
    lfence
    jmp 1b
2:  mov %\reg, (%rsp)
    ret
    .endm
    .irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    THUNK \reg
    .endr
    .section .note.GNU-stack, "", @progbits
