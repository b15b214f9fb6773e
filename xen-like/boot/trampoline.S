/* SPDX-License-Identifier: MIT */
/*
 * boot/trampoline.S - another CPU's way from real mode to C.
 *
 * Owns    code copied below 1 MiB by init/cpu_up.c; position independent (CS
 *         tells where it runs).  Uses the boot page tables for the switch,
 *         then idle_l4, then the stack in ap_stack, and calls
 *         cpu_up_secondary().  One CPU at a time.
 */
#include <arch/paging.h>

    .section .boot.data, "aw", @progbits
    .balign 16
    .globl trampoline_start, trampoline_end, trampoline_cr3
    .hidden trampoline_start, trampoline_end, trampoline_cr3
#define OFF(x) ((x) - trampoline_start)
    .code16
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    xor %ebx, %ebx
    mov %cs, %bx
    shl $4, %ebx
    lea OFF(ap_gdt)(%ebx), %eax
    mov %eax, OFF(ap_gdt_ptr) + 2
    lea OFF(ap32)(%ebx), %eax
    mov %eax, OFF(ap_far)
    movw $0x08, OFF(ap_far) + 4                 /* the CPU before left 0x18 */
    lgdtl OFF(ap_gdt_ptr)
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmpl *OFF(ap_far)

    .code32
ap32:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %ss
    mov $0x20, %eax                             /* PAE */
    mov %eax, %cr4
    mov OFF(trampoline_cr3)(%ebx), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx                       /* EFER: SCE LME NXE */
    rdmsr
    or $0x901, %eax
    wrmsr
    mov $0x80010033, %eax
    mov %eax, %cr0
    lea OFF(ap64)(%ebx), %eax
    mov %eax, OFF(ap_far)(%ebx)
    movw $0x18, OFF(ap_far) + 4(%ebx)
    ljmp *OFF(ap_far)(%ebx)

    .code64
ap64:
    movabs $ap_high, %rax
    jmp *%rax

    .balign 8
ap_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff                    /* 0x08 code, 32-bit */
    .quad 0x00cf93000000ffff                    /* 0x10 data */
    .quad 0x00af9b000000ffff                    /* 0x18 code, 64-bit */
ap_gdt_ptr:
    .short . - ap_gdt - 1
    .long 0
ap_far:
    .long 0
    .short 0x08
    .balign 4
trampoline_cr3:
    .long 0                                     /* boot_l4 */
trampoline_end:

    .balign 8
    .globl ap_stack, ap_cr3
    .hidden ap_stack, ap_cr3
ap_stack: .quad 0                               /* the CPU's cpu_info */
ap_cr3:   .quad 0                               /* idle_l4 */

    .section .boot.text, "ax", @progbits
    .code64
ap_high:
    mov ap_cr3(%rip), %rax
    mov %rax, %cr3
    mov ap_stack(%rip), %rsp
    xor %ebp, %ebp
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    jmp cpu_up_secondary
    ud2
    .section .note.GNU-stack, "", @progbits
