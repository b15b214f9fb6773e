/* SPDX-License-Identifier: MIT */
/*
 * hvm/guest_regs.h - assembler macros around an entry to a guest: general
 * registers in and out, and what must not be left of the guest's.
 *
 * RAX is the caller's: it travels in a control block or is a pointer.
 */
#ifndef HVM_GUEST_REGS_H
#define HVM_GUEST_REGS_H

#ifdef __ASSEMBLY__
#include <arch/regs.h>
#include <offsets.h>

/* From and to struct cpu_regs at @at, all but RAX, RSI and RDI: the pointer
 * is one of them.  Names of fields are macros: so these are. */
#define GUEST_REGS_IN(at) \
    mov REGS_rcx(at), %rcx; mov REGS_rdx(at), %rdx; \
    mov REGS_rbx(at), %rbx; mov REGS_rbp(at), %rbp; \
    mov REGS_r8(at), %r8; mov REGS_r9(at), %r9; \
    mov REGS_r10(at), %r10; mov REGS_r11(at), %r11; \
    mov REGS_r12(at), %r12; mov REGS_r13(at), %r13; \
    mov REGS_r14(at), %r14; mov REGS_r15(at), %r15
#define GUEST_REGS_OUT(at) \
    mov %rcx, REGS_rcx(at); mov %rdx, REGS_rdx(at); \
    mov %rbx, REGS_rbx(at); mov %rbp, REGS_rbp(at); \
    mov %r8, REGS_r8(at); mov %r9, REGS_r9(at); \
    mov %r10, REGS_r10(at); mov %r11, REGS_r11(at); \
    mov %r12, REGS_r12(at); mov %r13, REGS_r13(at); \
    mov %r14, REGS_r14(at); mov %r15, REGS_r15(at)

/* No return of ours is predicted from what the guest left. */
.macro STUFF_RETURNS
    .rept 32
    call 771f
    int3
771:
    .endr
    add $256, %rsp
.endm

/* Nor do its values stay where code not yet run could use them.  RAX and the
 * registers that C keeps are overwritten by who uses this. */
.macro SCRUB_REGS
    .irp r, ecx, edx, esi, edi, r8d, r9d, r10d, r11d
    xor %\r, %\r
    .endr
.endm

/* The registers that C keeps over a call. */
.macro KEEP_C_REGS
    .irp r, rbx, rbp, r12, r13, r14, r15
    push %\r
    .endr
.endm
.macro RESTORE_C_REGS
    .irp r, r15, r14, r13, r12, rbp, rbx
    pop %\r
    .endr
.endm
#endif
#endif
