/* SPDX-License-Identifier: MIT */
/*
 * bench/entries.S - the shortest possible guest side of each measured path:
 * hypercall stubs, trap and event handlers, loops in guest user mode.
 */
#include <xen/xen.h>


    .text
    .globl bench_stubs
    .balign 4096
bench_stubs:
    .set nr, 0
    .rept 56
    .balign 32
    .if nr == __HYPERVISOR_iret
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $nr, %eax
    syscall
    .else
    pushq %rcx
    pushq %r11
    movl $nr, %eax
    syscall
    popq %r11
    popq %rcx
    ret
    .endif
    .set nr, nr + 1
    .endr
    .set iret_stub, bench_stubs + 32 * __HYPERVISOR_iret

    .balign 64
    .globl bench_error_to_rbx, bench_error_native, bench_trap_to_rbx
    .globl bench_trap_return, bench_syscall, bench_upcall, bench_upcall_tsc
    .globl bench_demand
    /* With an error code: go on at rbx. */
bench_error_to_rbx:
    popq %rcx
    popq %r11
    addq $8, %rsp
    movq %rbx, (%rsp)
    pushq $0
    jmp iret_stub

    /* The same, leaving by the processor's own iretq. */
bench_error_native:
    popq %rcx
    popq %r11
    addq $8, %rsp
    movq %rbx, (%rsp)
    movq $FLAT_KERNEL_CS, 8(%rsp)
    iretq

bench_trap_to_rbx:
    popq %rcx
    popq %r11
    movq %rbx, (%rsp)
    pushq $0
    jmp iret_stub

bench_trap_return:
    popq %rcx
    popq %r11
    pushq $0
    jmp iret_stub

bench_syscall:
    popq %rcx
    popq %r11
    pushq $VGCF_in_syscall
    jmp iret_stub

    /* #PF: map bench_demand_pte at bench_demand_va, then retry. */
bench_demand:
    popq %rcx
    popq %r11
    addq $8, %rsp
    pushq %rax
    movq bench_demand_va, %rdi
    movq bench_demand_pte, %rsi
    xorl %edx, %edx
    call bench_stubs + 32 * __HYPERVISOR_update_va_mapping
    popq %rax
    pushq $0
    jmp iret_stub

    /* Upcall: take the one port of word 0 and return. */
bench_upcall_tsc:
    pushq %rax
    pushq %rdx
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, bench_tsc
    popq %rdx
    popq %rax
bench_upcall:
    popq %rcx
    popq %r11
    movb $0, shared_page
    movq $0, shared_page + 8
    movq $0, shared_page + 0x800
    incq bench_upcalls
    pushq $0
    jmp iret_stub

    /* FIFO: the one queued word is taken and its queue left empty. */
    .globl bench_upcall_fifo
bench_upcall_fifo:
    popq %rcx
    popq %r11
    movb $0, shared_page
    pushq %rax
    movq bench_fifo_control, %rax
    movl $0, (%rax)
    movq bench_fifo_word, %rax
    movl $0, (%rax)
    popq %rax
    incq bench_upcalls
    pushq $0
    jmp iret_stub

    /*
     * Guest user mode: rounds in bench_user_n, ticks to bench_user_ticks,
     * then int3 ends the run.
     */
    .macro user_loop name, insn
    .globl \name
    .balign 64
\name:
    movq bench_user_n, %r12
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, %r13
1:  \insn
2:  decq %r12
    jnz 1b
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    subq %r13, %rax
    movq %rax, bench_user_ticks
    int3
    .endm

    user_loop bench_user_syscall, syscall
    user_loop bench_user_int80, "int $0x80"
    user_loop bench_user_pf, "leaq 2f(%rip), %rbx; movq %rax, 0x123000"

    .data
    .balign 8
    .globl bench_user_n, bench_user_ticks, bench_upcalls, bench_tsc
    .globl bench_demand_va, bench_demand_pte
    .globl bench_fifo_control, bench_fifo_word
bench_user_n:     .quad 0
bench_user_ticks: .quad 0
bench_upcalls:    .quad 0
bench_tsc:        .quad 0
bench_fifo_control: .quad 0
bench_fifo_word:  .quad 0
bench_demand_va:  .quad 0
bench_demand_pte: .quad 0
    .section .note.GNU-stack, "", @progbits
