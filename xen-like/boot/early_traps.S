/* SPDX-License-Identifier: MIT */
/*
 * boot/early_traps.S - exceptions before entry/ has set up its own.
 *
 * Owns    early_vectors: 32 entries that build a struct cpu_regs and call
 *         early_trap() (boot/multiboot.c), so that a fault during boot is
 *         recovered by the exception table or shows its registers.
 * Tests   tests/boot, panic_test.
 */
    .section .boot.text, "ax", @progbits
    .macro ENTRY nr
    .balign 16
early_\nr:
    .if (\nr == 8) || (\nr >= 10 && \nr <= 14) || (\nr == 17) || (\nr == 21)
    .else
    push $0
    .endif
    movl $\nr, 4(%rsp)
    jmp early_common
    .endm

    .altmacro
    .set nr, 0
    .rept 32
    ENTRY %nr
    .set nr, nr + 1
    .endr

early_common:
    cld
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
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call early_trap
    mov %rbx, %rsp
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
    add $8, %rsp
    iretq

    .section .boot.data, "aw", @progbits
    .balign 8
    .globl early_vectors
    .hidden early_vectors
early_vectors:
    .macro POINTER nr
    .quad early_\nr
    .endm
    .set nr, 0
    .rept 32
    POINTER %nr
    .set nr, nr + 1
    .endr
    .section .note.GNU-stack, "", @progbits
