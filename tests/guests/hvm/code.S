/* SPDX-License-Identifier: MIT */
/*
 * Code of the little hardware-assisted guests, copied to 0x1000 of them.
 * Each entry leaves what it found at 0x2000 and halts with interrupts off.
 * Exceptions and interrupts store their vector at 0x2f00 and go to the
 * address that R15 holds.
 */
#include <xen/xen.h>
        .set XENVER_get_features, 6

        .set R, 0x2000
        .section .rodata
        .balign 16
        .globl hvm_code, hvm_code_end
hvm_code:

        .macro ENTRY name
        .globl hvm_\name
        .balign 16
hvm_\name:
        .endm
        .macro END_GUEST
        cli
        hlt
        .endm

        ENTRY halt
        movq $0x1234, R
        END_GUEST

        ENTRY spin
1:      pause
        jmp 1b

        ENTRY triple
        ud2                             /* no IDT entry is present */

        ENTRY cpuid
        mov $0x40000000, %eax
        cpuid
        mov %eax, R
        mov %ebx, R + 8
        mov %ecx, R + 16
        mov %edx, R + 24
        mov $0x40000004, %eax
        xor %ecx, %ecx
        cpuid
        mov %eax, R + 32
        mov %ebx, R + 40
        mov %ecx, R + 48
        mov $0x80000001, %eax
        cpuid
        mov %ecx, R + 56
        mov $1, %eax
        cpuid
        mov %ecx, R + 64
        END_GUEST

        ENTRY prefixed
        rex64 cpuid                     /* three bytes: RIP must know */
        movq $1, R
        .byte 0x66, 0xf4 ^ 0xf4 ^ 0x90  /* 66 90 */
        movq $2, R + 8
        END_GUEST

        ENTRY hypercall
        mov $__HYPERVISOR_xen_version, %eax
        xor %edi, %edi
        xor %esi, %esi
        vmmcall
        mov %rax, R
        mov $__HYPERVISOR_xen_version, %eax
        mov $XENVER_get_features, %edi
        mov $R + 0x100, %esi
        movl $0, R + 0x100
        vmmcall
        mov %rax, R + 8
        mov $__HYPERVISOR_mmu_update, %eax
        vmmcall
        mov %rax, R + 16
        mov $__HYPERVISOR_domctl, %eax
        mov $R + 0x200, %edi
        vmmcall
        mov %rax, R + 24
        mov $63, %eax
        vmmcall
        mov %rax, R + 32
        mov $__HYPERVISOR_xen_version, %eax
        mov $XENVER_get_features, %edi
        mov $0x40000000, %esi           /* beyond what is mapped */
        vmmcall
        mov %rax, R + 40
        END_GUEST

        ENTRY hypercall_page
        mov $0x40000000, %ecx
        mov $0x9000, %eax
        xor %edx, %edx
        wrmsr
        xor %edi, %edi
        xor %esi, %esi
        mov $0x9000 + 32 * __HYPERVISOR_xen_version, %eax
        call *%rax
        mov %rax, R
        END_GUEST

        ENTRY ports
        mov $0xe9, %edx
        mov $'h', %al
        out %al, %dx
        mov $10, %al
        out %al, %dx
        xor %eax, %eax
        in %dx, %al
        mov %rax, R
        mov $0x345, %edx
        movabs $0x1122334455667788, %rax
        in %dx, %al
        mov %rax, R + 8
        movabs $0x1122334455667788, %rax
        in %dx, %ax
        mov %rax, R + 16
        movabs $0x1122334455667788, %rax
        in %dx, %eax
        mov %rax, R + 24
        END_GUEST

        ENTRY mmio
        movl $0x30000000, %ebx          /* mapped by its tables, no memory */
        movl $7, (%rbx)
        mov (%rbx), %eax
        mov %rax, R
        movzbl 1(%rbx), %ecx
        mov %rcx, R + 8
        movq $1, R + 16
        END_GUEST

/* ---- with an IDT: gates for vectors 6, 13, 14 and 0x40 ---- */

install:
        lea trap_stub_6(%rip), %rax
        mov $6, %ecx
        call gate
        lea trap_stub_13(%rip), %rax
        mov $13, %ecx
        call gate
        lea trap_stub_14(%rip), %rax
        mov $14, %ecx
        call gate
        lea trap_stub_64(%rip), %rax
        mov $0x40, %ecx
        call gate
        lidt idtr(%rip)
        lgdt gdtr(%rip)
        ret
gate:
        mov %ecx, %edx
        shl $4, %edx
        add $0x6000, %edx
        mov %ax, (%rdx)
        movw $8, 2(%rdx)
        movw $0x8e00, 4(%rdx)
        movw $0, 6(%rdx)
        movq $0, 8(%rdx)
        ret
idtr:   .word 0xfff
        .quad 0x6000
gdtr:   .word 23
        .quad 0x1000 + (gdt - hvm_code)
        .balign 8
gdt:    .quad 0
        .quad 0x00af9b000000ffff
        .quad 0x00cf93000000ffff
trap_stub_6:
        movq $6, R + 0xf00
        jmp trap
trap_stub_13:
        movq $13, R + 0xf00
        jmp trap
trap_stub_14:
        movq $14, R + 0xf00
        jmp trap
trap_stub_64:
        movq $0x40, R + 0xf00
trap:   mov $0x8000, %esp
        jmp *%r15

        ENTRY bad_msr
        call install
        lea 1f(%rip), %r15
        mov $0x12345678, %ecx
        rdmsr
1:      mov R + 0xf00, %rax
        mov %rax, R
        movq $0, R + 0xf00
        lea 2f(%rip), %r15
        mov $0xc0000080, %ecx
        mov $0x80001500, %eax           /* EFER with SVME and a stray bit */
        xor %edx, %edx
        wrmsr
2:      mov R + 0xf00, %rax
        mov %rax, R + 8
        movq $0, R + 0xf00
        lea 3f(%rip), %r15
        mov $0x1000, %eax
        vmrun %rax
3:      mov R + 0xf00, %rax
        mov %rax, R + 16
        mov $0xc0000080, %ecx
        rdmsr
        mov %eax, R + 24
        END_GUEST

        ENTRY event                     /* the callback vector is 0x40 */
        call install
        lea 1f(%rip), %r15
        movq $1, R + 8                  /* ready */
        sti
2:      hlt
        jmp 2b
1:      mov R + 0xf00, %rax
        mov %rax, R
        END_GUEST
hvm_code_end:
        .section .note.GNU-stack, "", @progbits
