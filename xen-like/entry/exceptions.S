/* SPDX-License-Identifier: MIT */
/*
 * The 256 vectors: push what the CPU did not, save, and call handle_vector().
 * A frame from a guest lies in cpu_info.regs (rsp0 points behind it) and
 * leaves through exit_to_guest; one from the hypervisor, or on an IST stack,
 * returns to where it came from.  #DB from a guest is moved from its IST
 * stack to the frame in cpu_info first.
 */
#include <arch/extable.h>
#include <arch/regs.h>
#include <arch/smap.h>
#include <core/percpu.h>
#include <entry/frame.h>
#include <offsets.h>

        .text
        .balign 16
vector_stubs:
        vector = 0
        .rept 256
        .balign 16
        .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
        .else
        push $0
        .endif
        movl $vector, 4(%rsp)
        .if (vector == 1) || (vector == 2) || (vector == 8) || (vector == 18)
        jmp ist_common
        .else
        jmp common
        .endif
        vector = vector + 1
        .endr

common:
        SAVE_GPRS
        cld
        CLAC
        mov %rsp, %rdi
        testb $3, REGS_cs(%rsp)
        jz from_hypervisor
        mov INFO_current(%rsp), %rbx
        call handle_vector
        jmp exit_to_guest

from_hypervisor:
        call handle_vector
        RESTORE_GPRS
        add $8, %rsp
        iretq

/* On its own stack; cpu_info is at the top of the same STACK_SIZE block. */
ist_common:
        SAVE_GPRS
        cld
        CLAC
        mov %rsp, %rdi
        testb $3, REGS_cs(%rsp)
        jz from_hypervisor
        cmpb $1, REGS_entry_vector(%rsp)
        jne from_hypervisor             /* NMI, #MC: look and go back */
        mov %rsp, %rsi
        mov %rsp, %rdi
        or $(STACK_SIZE - 1), %rdi
        sub $(CPU_INFO_SIZE - 1), %rdi
        mov %rdi, %rdx
        mov $21, %ecx
        rep movsq
        mov %rdx, %rsp
        mov %rsp, %rdi
        mov INFO_current(%rsp), %rbx
        call handle_vector
        jmp exit_to_guest

        .section .rodata
        .globl entry_vectors
        .balign 8
entry_vectors:
        vector = 0
        .rept 256
        .quad vector_stubs + vector * 16
        vector = vector + 1
        .endr

        .section .note.GNU-stack, "", @progbits
