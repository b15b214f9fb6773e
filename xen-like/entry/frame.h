/* SPDX-License-Identifier: MIT */
/*
 * entry/frame.h - assembler macros for struct cpu_regs.
 *
 * SAVE_GPRS runs with the error code and vector already pushed and leaves
 * RSP at the frame; registers are cleared of guest values that C code does
 * not overwrite anyway only where speculation could use them (none is an
 * address for us before it is checked).
 */
#ifndef ENTRY_FRAME_H
#define ENTRY_FRAME_H

#ifdef __ASSEMBLY__

.macro SAVE_GPRS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro RESTORE_GPRS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
.endm

#endif
#endif
