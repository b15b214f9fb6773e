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

/* The local APIC by several instructions: load, store, read-modify-write,
 * string; then string ports of nobody, more elements than one batch. */
        ENTRY emulated
        mov $0xfee00083, %eax
        mov %rax, 0x5c00                /* the 2 MiB at 0x30000000 */
        mov $0x30000000, %ebx
        invlpg (%rbx)
        mov 0x30(%rbx), %eax
        mov %rax, R                     /* version */
        movl $0x1ff, 0xf0(%rbx)
        mov 0xf0(%rbx), %eax
        mov %rax, R + 8
        orl $0x40, 0x80(%rbx)           /* TPR */
        xor %eax, %eax
        addl 0x80(%rbx), %eax
        mov %rax, R + 16
        movzbl 0x30(%rbx), %eax
        mov %rax, R + 24
        movq $0, R + 32
        lea 0x30(%rbx), %rsi
        mov $R + 32, %edi
        cld
        movsl
        mov $0x80, %edx
        mov $R, %esi
        mov $700, %ecx
        rep outsb
        mov %rcx, R + 40
        sub $R, %rsi
        mov %rsi, R + 48
        mov $0x346, %edx
        mov $R + 0x40, %edi
        movq $0, R + 0x48
        mov $5, %ecx
        rep insw
        mov %rdi, R + 56
        END_GUEST

/* XMM registers to and from memory that is none and the local APIC's. */
        ENTRY sse
        mov %cr0, %rax
        and $~0xe, %eax                 /* no emulation, no task switch */
        mov %rax, %cr0
        mov %cr4, %rax
        or $0x200, %eax                 /* OSFXSR */
        mov %rax, %cr4
        mov $0x30000000, %ebx
        movabs $0x1122334455667788, %rax
        movq %rax, %xmm8
        movq %rax, %xmm1
        movups %xmm8, (%rbx)
        movntdq %xmm8, 0x10(%rbx)
        movups 3(%rbx), %xmm9
        movups %xmm9, R
        movss (%rbx), %xmm9
        movups %xmm9, R + 16
        movhps (%rbx), %xmm8
        movups %xmm8, R + 32
        movups %xmm1, R + 48            /* another one stays as it was */
        mov $0xfee00083, %eax
        mov %rax, 0x5c00                /* the 2 MiB at 0x30000000 */
        invlpg (%rbx)
        cmpq $0, R + 160                /* told not to try AVX */
        jne 1f
        mov $1, %eax                    /* AVX, if this CPU has it */
        push %rbx
        cpuid
        pop %rbx
        test $1 << 28, %ecx
        jz 1f
        mov %cr4, %rax
        or $1 << 18, %eax               /* OSXSAVE */
        mov %rax, %cr4
        xor %ecx, %ecx
        xor %edx, %edx
        mov $7, %eax
        xsetbv
        vmovups 0x1000(%rbx), %ymm7
        vmovups %ymm7, 0x1000(%rbx)
        vmovups %ymm7, R + 88
        vmovdqu 0x1000(%rbx), %xmm7
        vmovups %ymm7, R + 120
        movq $1, R + 80
1:      movl $0x1ff, 0xf0(%rbx)
        mov $0x30, %eax
        movd %eax, %xmm15
        movd %xmm15, 0x80(%rbx)         /* TPR */
        mov 0x80(%rbx), %eax
        mov %rax, R + 64
        mov $0x50, %eax
        movnti %eax, 0x80(%rbx)
        movd 0x80(%rbx), %xmm2
        movd %xmm2, R + 72
        END_GUEST

/* The time-stamp counter goes on from what was written. */
        ENTRY tsc
        mov $0x10, %ecx
        mov $0x12345678, %eax
        mov $0x9abc, %edx
        wrmsr
        rdtsc
        mov %eax, R
        mov %edx, R + 4
        mov $0x10, %ecx
        rdmsr
        mov %eax, R + 8
        mov %edx, R + 12
        rdtsc
        mov %eax, R + 16
        mov %edx, R + 20
        END_GUEST

/* ---- with an IDT: gates for vectors 6, 13, 14 and 0x40 ---- */

install:
        lea trap_stub_2(%rip), %rax
        mov $2, %ecx
        call gate
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
trap_stub_2:
        incq R + 0x40
        movq $2, R + 0xf00
        jmp *%r14
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

        ENTRY poll                      /* interrupts off, an event pending */
        mov $__HYPERVISOR_sched_op, %eax
        mov $3, %edi                    /* SCHEDOP_poll */
        mov $R + 64, %esi
        vmmcall
        mov %rax, R
        END_GUEST

/* x2APIC on; the guest of the next two entries sends interrupts to itself. */
x2apic: mov $0x1b, %ecx
        rdmsr
        or $0xc00, %eax
        wrmsr
        mov $0x80f, %ecx
        mov $0x1ff, %eax
        xor %edx, %edx
        wrmsr
        ret

        ENTRY tpr                       /* CR8 holds vector 0x40 back */
        call install
        call x2apic
        mov $5, %eax
        mov %rax, %cr8
        mov $0x83f, %ecx
        mov $0x40, %eax
        wrmsr
        lea 2f(%rip), %r15
        sti
        mov $1000, %ecx
1:      dec %ecx
        jnz 1b
        mov R + 0xf00, %rax
        mov %rax, R                     /* still nothing */
        lea 3f(%rip), %r15
        xor %eax, %eax
        mov %rax, %cr8
        mov $100000, %ecx               /* and nothing here that exits */
1:      dec %ecx
        jnz 1b
        jmp 4f
2:      movq $1, R + 16                 /* too early */
3:      mov R + 0xf00, %rax
        mov %rax, R + 8
4:      cli
        END_GUEST

        ENTRY nmi                       /* one NMI at a time, until IRET */
        call install
        call x2apic
        lea 1f(%rip), %r14
        mov $0x830, %ecx
        mov $0x4400, %eax               /* to the APIC with id 0 */
        xor %edx, %edx
        wrmsr
        mov $1000, %r13d
5:      xor %eax, %eax                  /* the next one needs an exit */
        cpuid
        dec %r13d
        jnz 5b
        END_GUEST
1:      lea 2f(%rip), %r14
        mov $0x830, %ecx
        mov $0x4400, %eax
        xor %edx, %edx
        wrmsr                           /* another one, in its handler */
        mov $1000, %ecx
6:      dec %ecx
        jnz 6b
        mov R + 0x40, %rax
        mov %rax, R                     /* has not come */
        iretq
2:      mov R + 0x40, %rax              /* now it has */
        mov %rax, R + 8
        iretq

#include "attacks.h"

/* ---- a second CPU: INIT, SIPI to 0x9000, by x2APIC ---- */

        ENTRY smp
        lea ap_code(%rip), %rsi
        mov $0x9000, %edi
        mov $ap_end - ap_code, %ecx
        rep movsb
        mov $0x1b, %ecx
        rdmsr
        or $0xc00, %eax
        wrmsr
        mov $0x830, %ecx
        mov $2, %edx                    /* APIC id of vcpu 1 */
        mov $0x4500, %eax
        wrmsr
        mov $2, %edx
        mov $0x4609, %eax
        wrmsr
        mov $2, %edx
        wrmsr                           /* the second one means nothing */
1:      pause
        cmpq $0x55, R + 16
        jne 1b
        mov R + 24, %rax
        mov %rax, R
        movq $1, R + 8
        END_GUEST
        .code16
ap_code:
        mov %cs, %ax
        mov %ax, 0x2018
        movw $0x55, 0x2010
        cli
        hlt
ap_end:
        .code64
hvm_code_end:
        .section .note.GNU-stack, "", @progbits
