/* SPDX-License-Identifier: MIT */
/*
 * The guest that measures its own exits.  Operation R12 (an index) is timed
 * 256 times by RDTSC, which does not exit; the least and the loop without an
 * operation are left at 0x2000.  Copied to 0x1000.
 */
#include <xen/xen.h>

        .set R, 0x2000
        .set ROUNDS, 256
        .section .rodata
        .balign 16
        .globl bench_code, bench_code_end, bench_entry
bench_code:
bench_entry:
        mov $0xfee00083, %eax           /* the APIC, at 0x30200000 */
        mov %rax, 0x5c08
        mov %cr3, %rax
        mov %rax, %cr3
        movl $0x1ff, 0x302000f0
        xor %r12d, %r12d
next:   cmp $(x2apic - ops) / 4, %r12d
        jne 1f
        mov $0x1b, %ecx                 /* from here on by MSRs */
        rdmsr
        or $0xc00, %eax
        wrmsr
1:      mov $-1, %r13
        mov $ROUNDS, %r14d
again:  lea ops(%rip), %rbx
        movslq (%rbx, %r12, 4), %rax
        add %rax, %rbx
        rdtsc
        shl $32, %rdx
        or %rdx, %rax
        mov %rax, %r15
        call *%rbx
        rdtsc
        shl $32, %rdx
        or %rdx, %rax
        sub %r15, %rax
        cmp %r13, %rax
        cmovb %rax, %r13
        dec %r14d
        jnz again
        mov %r13, R(, %r12, 8)
        inc %r12d
        cmp $(ops_end - ops) / 4, %r12d
        jb next
        movq $1, R + 0xff8
        cli
        hlt

        .macro OP name
\name:
        .endm
        OP op_none
        ret
        OP op_cpuid
        push %rbx
        mov $1, %eax
        cpuid
        pop %rbx
        ret
        OP op_cpuid_hv
        push %rbx
        mov $0x40000000, %eax
        cpuid
        pop %rbx
        ret
        OP op_vmmcall
        mov $__HYPERVISOR_xen_version, %eax
        xor %edi, %edi
        xor %esi, %esi
        vmmcall
        ret
        OP op_vmmcall_arg
        mov $__HYPERVISOR_xen_version, %eax
        mov $6, %edi
        mov $R + 0xf00, %esi
        vmmcall
        ret
        OP op_rdmsr
        mov $0xc0000080, %ecx
        rdmsr
        ret
        OP op_wrmsr_eoi
        mov $0x80b, %ecx
        xor %eax, %eax
        xor %edx, %edx
        wrmsr
        ret
        OP op_rdmsr_x2apic
        mov $0x802, %ecx
        rdmsr
        ret
        OP op_in
        mov $0x345, %edx
        in %dx, %al
        ret
        OP op_out
        mov $0x345, %edx
        out %al, %dx
        ret
        OP op_mmio
        mov 0x30000000, %eax
        ret
        OP op_apic_read
        mov 0x30200030, %eax
        ret
        OP op_apic_write
        mov %eax, 0x302000b0            /* end of interrupt */
        ret

        .balign 4
        .macro ENTRY name
        .long \name - ops
        .endm
ops:
        ENTRY op_none
        ENTRY op_cpuid
        ENTRY op_cpuid_hv
        ENTRY op_vmmcall
        ENTRY op_vmmcall_arg
        ENTRY op_rdmsr
        ENTRY op_in
        ENTRY op_out
        ENTRY op_mmio
        ENTRY op_apic_read
        ENTRY op_apic_write
x2apic: ENTRY op_wrmsr_eoi
        ENTRY op_rdmsr_x2apic
ops_end:
bench_code_end:
        .section .note.GNU-stack, "", @progbits
