/* SPDX-License-Identifier: MIT */
/*
 * hvm/attacks.h - the part of code.S that tries what a guest could try.
 */
/* ---- what a guest could try, by the thousand ---- */

/* RCX: number.  Read it, write back what was read, all ones, and a bit. */
one_msr:
        lea 1f(%rip), %r15
        xor %eax, %eax
        xor %edx, %edx
        rdmsr
1:      mov %eax, %esi
        mov %edx, %edi
        cmp $0xc0000080, %ecx           /* EFER: only as it was */
        je 3f
        cmp $0xc0000100, %ecx
        je 4f
        cmp $0xc0000101, %ecx
        je 4f
        lea 2f(%rip), %r15
        mov $-1, %eax
        mov $-1, %edx
        wrmsr
2:      lea 3f(%rip), %r15
        mov $0x8000, %eax
        xor %edx, %edx
        wrmsr
3:      lea 4f(%rip), %r15
        mov %esi, %eax
        mov %edi, %edx
        wrmsr
4:      jmp *%rbp

        .macro SWEEP first, count
        mov $\first, %ebx
        mov $\count, %r14d
5:      mov %ebx, %ecx
        lea 6f(%rip), %rbp
        jmp one_msr
6:      inc %ebx
        incq R
        dec %r14d
        jnz 5b
        .endm

        ENTRY attack_msr
        call install
        SWEEP 0, 0x1000
        SWEEP 0x40000000, 0x100
        SWEEP 0xc0000000, 0x200
        SWEEP 0xc0010000, 0x200
        SWEEP 0xfffffff0, 0x10
        movq $1, R + 8
        END_GUEST

        ENTRY attack_cpuid
        xor %r14d, %r14d
1:      mov %r14d, %eax
        shr $10, %eax
        and $3, %eax
        lea tops(%rip), %rbx
        mov (%rbx, %rax, 4), %eax
        mov %r14d, %ecx
        and $7, %ecx
        mov %r14d, %edx
        shr $3, %edx
        and $0x7f, %edx
        add %edx, %eax
        cpuid
        inc %r14d
        cmp $4096, %r14d
        jb 1b
        movq $1, R + 8
        END_GUEST
        .balign 4
tops:   .long 0, 0x40000000, 0x80000000, 0xffffff80

        ENTRY attack_ports
        xor %r14d, %r14d
1:      mov %r14d, %edx
        in %dx, %al
        in %dx, %eax
        cmp $0xe9, %edx
        je 2f
        mov $-1, %eax
        out %al, %dx
        out %eax, %dx
2:      inc %r14d
        cmp $0x1000, %r14d
        jb 1b
        mov $0xfff0, %r14d
3:      mov %r14d, %edx
        in %dx, %eax
        out %eax, %dx
        inc %r14d
        cmp $0x10000, %r14d
        jb 3b
        movq $1, R + 8
        END_GUEST

/* Each bit of CR0 (but PE, PG), CR4, CR8, DR6, DR7 flipped alone. */
        .macro FLIP reg
        mov %\reg, %rsi
        mov $1, %edi
5:      lea 6f(%rip), %r15
        mov %rsi, %rax
        xor %rdi, %rax
        mov %rax, %\reg
6:      lea 7f(%rip), %r15
        mov %rsi, %\reg
7:      incq R
        shl $1, %rdi
        jnz 5b
        .endm

        ENTRY attack_control
        call install
        mov %cr0, %rsi
        mov $2, %edi
1:      lea 2f(%rip), %r15
        mov %rsi, %rax
        xor %rdi, %rax
        bts $31, %rax                   /* PG stays */
        mov %rax, %cr0
2:      lea 3f(%rip), %r15
        mov %rsi, %cr0
3:      incq R
        shl $1, %rdi
        jnz 1b
        FLIP cr4
        FLIP cr8
        FLIP dr6
        FLIP dr7
        movq $1, R + 8
        END_GUEST

/* Memory that is none: each 2 MiB of the first GiB, and the last GiB below
 * 4 GiB, where the APICs are. */
        ENTRY attack_holes
        call install
        movl $0xc0000083, 0x4018
        mov %cr3, %rax
        mov %rax, %cr3
        mov $0x200000, %ebx
        mov $511, %r14d
1:      lea 2f(%rip), %r15
        mov (%rbx), %rax
        movq $-1, 8(%rbx)
        lock incl (%rbx)
        movb $1, 0xfff(%rbx)
        mov 0x1ffffc(%rbx), %rax        /* crosses into the next */
2:      incq R
        add $0x200000, %rbx
        dec %r14d
        jnz 1b
        mov $0xfec00000, %ebx
        mov $0x400, %r14d
3:      lea 4f(%rip), %r15
        mov (%rbx), %eax
        movl $-1, (%rbx)
        mov %rax, 8(%rbx)
4:      incq R
        add $0x1000, %rbx
        dec %r14d
        jnz 3b
        movq $1, R + 8
        END_GUEST
