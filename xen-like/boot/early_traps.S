/* SPDX-License-Identifier: MIT */
/*
 * boot/early_traps.S - exceptions before entry/ has set up its own.
 *
 * Owns    early_vectors: 32 entries that build a struct cpu_regs and call
 *         early_trap() (boot/multiboot.c), so that a fault during boot is
 *         recovered by the exception table or shows its registers.
 * Tests   tests/boot, panic_test.
 */
#include <entry/frame.h>

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
    SAVE_GPRS
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call early_trap
    mov %rbx, %rsp
    RESTORE_GPRS
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
