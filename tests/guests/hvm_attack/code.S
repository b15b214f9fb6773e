/* SPDX-License-Identifier: MIT */
/*
 * What a hostile guest does in its CPU, copied to 0x1000 of it.  Each entry
 * counts its steps in R and sets R + 8 when it came to its end.  Any
 * exception goes on at the address in R15, counted in R + 16.
 */
#include <xen/xen.h>
        .set XENVER_get_features, 6
        .set R, 0x2000

        .section .rodata
        .balign 16
        .globl attack_code, attack_code_end
attack_code:

        .macro ENTRY name
        .globl attack_\name
        .balign 16
attack_\name:
        .endm
        .macro END_GUEST
        movq $1, R + 8
        cli
        hlt
        .endm

/* An IDT of 32 equal gates. */
install:
        lea trap(%rip), %rax
        xor %ecx, %ecx
1:      mov %ecx, %edx
        shl $4, %edx
        add $0x6000, %edx
        mov %ax, (%rdx)
        movw $8, 2(%rdx)
        movw $0x8e00, 4(%rdx)
        movw $0, 6(%rdx)
        movq $0, 8(%rdx)
        inc %ecx
        cmp $32, %ecx
        jb 1b
        lidt idtr(%rip)
        lgdt gdtr(%rip)
        ret
idtr:   .word 0xfff
        .quad 0x6000
gdtr:   .word 39
        .quad 0x1000 + (gdt - attack_code)
        .balign 8
gdt:    .quad 0
        .quad 0x00af9b000000ffff
        .quad 0x00cf93000000ffff
        .quad 0x00affb000000ffff
        .quad 0x00cff3000000ffff
trap:   incq R + 16
        mov (%rsp), %rax
        mov %rax, R + 40
        mov $0x8000, %esp
        jmp *%r15

/* Each bit of EFER flipped alone. */
        ENTRY efer
        call install
        mov $0xc0000080, %ecx
        rdmsr
        mov %eax, %esi
        mov %edx, %edi
        mov $1, %ebx
        mov $64, %r14d
1:      lea 2f(%rip), %r15
        mov %esi, %eax
        xor %ebx, %eax
        mov %edi, %edx
        cmp $32, %r14d
        ja 3f
        mov %esi, %eax
        mov %ebx, %edx
3:      wrmsr
2:      lea 4f(%rip), %r15
        mov %esi, %eax
        mov %edi, %edx
        wrmsr
4:      incq R
        rol $1, %ebx
        dec %r14d
        jnz 1b
        END_GUEST

/* Addresses that are none: data, code, stack, tables, bases, arguments. */
        .macro TRY insn:vararg
        lea 9f(%rip), %r15
        \insn
9:      incq R
        .endm
        ENTRY canonical
        call install
        movabs $0x0000800000000000, %rbx
        movabs $0xffff7fffffffffff, %rbp
        TRY mov (%rbx), %rax
        TRY mov %rax, (%rbp)
        TRY mov -4(%rbx), %rax
        TRY lock incq 0x10(%rbx)
        TRY jmp *%rbx
        TRY call *%rbp
        TRY invlpg (%rbx)
        TRY prefetcht0 (%rbx)
        mov $0x40000000, %ecx           /* the hypercall page */
        mov %ebx, %eax
        mov $0x8000, %edx
        TRY wrmsr
        mov $0x30000000, %esi           /* from a hole, to nowhere */
        mov %rbx, %rdi
        mov $4, %ecx
        TRY rep movsl
        mov $0x346, %edx
        mov %rbx, %rdi
        mov $4, %ecx
        TRY rep insl
        mov %rbp, %rsi
        mov $4, %ecx
        TRY rep outsb
        lea 5f(%rip), %r14
        lea addresses(%rip), %r13
        lea addresses_end(%rip), %r12
6:      mov (%r13), %rsi                /* as a hypercall's argument */
        mov $__HYPERVISOR_xen_version, %eax
        mov $XENVER_get_features, %edi
        vmmcall
        cmp $-14, %rax
        jne 7f
        incq R + 24
7:      incq R
        add $8, %r13
        cmp %r12, %r13
        jb 6b
5:      END_GUEST
        .balign 8
addresses:
        .quad 0x0000800000000000, 0xffff7fffffffffff, 0x7ffffffffffc
        .quad 0xfffffffffffffffc, 0xffff830000000000, 0xffff82d040000000
        .quad 0x8000000000000000, 0x40000000
addresses_end:

/* The last instruction below the hole of addresses: RIP behind it is none. */
        ENTRY edge
        call install
        movq $0xa003, 0x37f8            /* L4 slot 255, and down */
        movq $0xb003, 0xaff8
        movq $0xc003, 0xbff8
        movq $0xd003, 0xcff8
        mov $0xd000, %edi
        mov $0x90909090, %eax
        mov $1024, %ecx
        rep stosl
        mov %cr3, %rax
        mov %rax, %cr3
        lea edges(%rip), %r12
        mov $(edges_end - edges) / 4, %r13d
1:      mov (%r12), %eax                /* three bytes of an instruction */
        mov %ax, 0xdffd
        shr $16, %eax
        mov %al, 0xdfff
        lea 2f(%rip), %r15
        movabs $0x7ffffffffffd, %rbx
        mov $0x40000000, %eax
        mov $0x10, %ecx
        mov $0x346, %edx
        jmp *%rbx
2:      incq R
        add $4, %r12
        dec %r13d
        jnz 1b
        END_GUEST
        .balign 4
edges:  .byte 0x0f, 0x01, 0xd9, 0      /* vmmcall */
        .byte 0x90, 0x0f, 0xa2, 0      /* cpuid */
        .byte 0x90, 0x0f, 0x32, 0      /* rdmsr */
        .byte 0x90, 0x90, 0xed, 0      /* in (%dx), %eax */
        .byte 0x90, 0x90, 0x6c, 0      /* insb */
        .byte 0x0f, 0x01, 0xd1, 0      /* xsetbv */
        .byte 0x0f, 0x01, 0xd8, 0      /* vmrun */
        .byte 0x90, 0x90, 0xf1, 0      /* int1 */
        .byte 0x90, 0x90, 0x8b, 0      /* the rest is not there */
edges_end:

/* Hypercalls from user mode, whose pages all of them are. */
        ENTRY user
        call install
        movq $0x8000, 4                 /* RSP0 of the TSS at 0 */
        lea 2f(%rip), %r15
        lea 1f(%rip), %rax
        push $0x23
        push $0x7800
        push $2
        push $0x1b
        push %rax
        iretq
1:      mov $__HYPERVISOR_xen_version, %eax
        xor %edi, %edi
        xor %esi, %esi
        vmmcall
        mov %rax, R + 24
        mov $__HYPERVISOR_sched_op, %eax
        mov $2, %edi                    /* SCHEDOP_shutdown */
        mov $R, %esi
        vmmcall
        mov %rax, R + 32
        incq R
        hlt                             /* not the user's either */
2:      incq R
        END_GUEST

/* Exits as fast as they come, until somebody writes to R + 32. */
        ENTRY storm
1:      xor %eax, %eax
        cpuid
        mov $0x345, %edx
        out %al, %dx
        in %dx, %eax
        mov $0xc0000080, %ecx
        rdmsr
        mov 0x30000000, %eax
        mov $__HYPERVISOR_sched_op, %eax
        xor %edi, %edi
        xor %esi, %esi
        incq R
        cmpq $0, R + 32
        je 1b
        END_GUEST

/* Single steps over instructions that leave the guest, each in the shadow of
 * MOV SS or STI. */
        .macro STEP before:req, insn:vararg
        lea 9f(%rip), %r15
        mov $0xc0000080, %ecx
        mov $0x346, %edx
        mov $0x30000000, %ebx
        mov $R + 0x400, %edi
        mov $__HYPERVISOR_xen_version, %eax
        push $0x102
        popfq
        \before
        \insn
        nop
        nop
9:      incq R
        .endm
        ENTRY steps
        call install
        mov $16, %r14d
        .irp before, "mov %r14d, %ss", sti, nop
        STEP "\before", cpuid
        STEP "\before", rdmsr
        STEP "\before", in %dx, %al
        STEP "\before", insb
        STEP "\before", mov (%rbx), %eax
        STEP "\before", incl (%rbx)
        STEP "\before", vmmcall
        STEP "\before", int3
        STEP "\before", int $0x1e
        STEP "\before", ud2
        STEP "\before", int1
        STEP "\before", wbinvd
        STEP "\before", mov %cr0, %rax
        .endr
        lea 2f(%rip), %r15
        lea 1f(%rip), %rcx
        int1
1:      nop
2:      cmp %rcx, R + 40                /* it comes back behind the INT1 */
        jne 3f
        incq R + 24
3:
        END_GUEST

/* Two CPUs: one runs an instruction that leaves the guest, the other writes
 * other instructions over it. */
        ENTRY changing
        call install
        lea ap_code(%rip), %rsi
        mov $0x9000, %edi
        mov $ap_end - ap_code, %ecx
        rep movsb
        mov $0xfee00083, %eax
        mov %rax, 0x5c08                /* the APIC, at 0x30200000 */
        mov %cr3, %rax
        mov %rax, %cr3
        movb $0xc3, 0xa804              /* ret, behind the four bytes */
        mov $0x1b, %ecx
        rdmsr
        or $0xc00, %eax
        wrmsr
        mov $0x830, %ecx
        mov $2, %edx
        mov $0x4500, %eax
        wrmsr
        mov $2, %edx
        mov $0x4609, %eax
        wrmsr
        mov $2000, %r14d
3:      pause
        cmpl $0, 0xa800                 /* the other one has begun */
        je 3b
1:      lea 2f(%rip), %r15
        mov $0x30000000, %ebx
        mov $0x345, %edx
        mov $R + 0x400, %edi
        mov $R + 0x400, %esi
        mov $1, %ecx
        xor %eax, %eax
        mov $0xa800, %ebp
        call *%rbp
2:      mov $0x8000, %esp
        incq R
        dec %r14d
        jnz 1b
        END_GUEST
        .code16
ap_code:
        mov %cs, %ax                    /* 0x900: its data are its code */
        mov %ax, %ds
        xor %ax, %ax
        mov %ax, %es
1:      xor %si, %si
2:      cmpb $0, %es:(R + 8)            /* the other CPU is through */
        jne 3f
        mov changes - ap_code(%si), %eax
        mov %eax, 0x1800
        mov $5000, %cx
        loop .
        add $4, %si
        cmp $changes_end - changes, %si
        jb 2b
        jmp 1b
3:      cli
        hlt
        .balign 4
changes:
        .byte 0x8b, 0x03, 0x90, 0x90   /* mov (%rbx), %eax */
        .byte 0xed, 0x90, 0x90, 0x90   /* in (%dx), %eax */
        .byte 0xf3, 0x6c, 0x90, 0x90   /* rep insb */
        .byte 0x89, 0x03, 0x90, 0x90   /* mov %eax, (%rbx) */
        .byte 0x0f, 0xa2, 0x90, 0x90   /* cpuid */
        .byte 0xf3, 0x6e, 0x90, 0x90   /* rep outsb */
        .byte 0xf0, 0xff, 0x03, 0x90   /* lock incl (%rbx) */
        .byte 0x87, 0x03, 0x90, 0x90   /* xchg */
        .byte 0x66, 0xef, 0x90, 0x90   /* out %ax */
        .byte 0x0f, 0x0b, 0x90, 0x90   /* ud2 */
changes_end:
ap_end:
        .code64

attack_code_end:
        .section .note.GNU-stack, "", @progbits
