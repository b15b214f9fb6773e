/* SPDX-License-Identifier: MIT */
/*
 * Code of the guest without long mode, copied to 0x1000 of it.  It leaves
 * long mode and then asks the same of the hypervisor in each of the older
 * modes, its findings in R, 64 bytes a mode, and what it shares with the
 * hypervisor behind them.  Tables: 0xa000 and above.
 */
#include <xen/xen.h>
        .set XENVER_get_features, 6
        .set XENMEM_add_to_physmap, 7
        .set VCPUOP_get_runstate_info, 4
        .set VCPUOP_register_runstate_memory_area, 5
        .set EVTCHNOP_send, 4
        .set EVTCHNOP_bind_ipi, 7
        .set R, 0x2000
        .set STUBS, 0x10000             /* page of calls */
        .set SHARED, 0x11000            /* shared_info */
        .set ARG, 0x12000
        .set STATE, 0x12100             /* runstate */

        .section .rodata
        .balign 16
        .globl hvm32_code, hvm32_code_end, hvm32_entry
hvm32_code:
hvm32_entry:
        lgdt gdtr(%rip)
        lea compat(%rip), %rax
        push $8
        push %rax
        lretq
        .code32
compat: mov $16, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $0x8000, %esp
        mov %cr0, %eax
        and $0x7fffffff, %eax
        mov %eax, %cr0                  /* paging off: long mode ends */
        mov $0xc0000080, %ecx
        xor %eax, %eax
        xor %edx, %edx
        wrmsr
        xor %eax, %eax
        mov %eax, %cr4

        mov $R, %ebp                    /* without paging */
        mov $0xfee00000, %ebx
        mov $0x2800, %esi
        call ask
        call shared

        mov $0xa000, %edi               /* pages of 4 MiB, one of 4 KiB */
        movl $0x83, (%edi)
        movl $0xb003, 4(%edi)
        movl $0xfec00083, 0xfec(%edi)
        movl $0xc003, 0xb004
        mov %edi, %cr3
        mov $0x10, %eax                 /* PSE */
        mov %eax, %cr4
        mov %cr0, %eax
        or $0x80000000, %eax
        mov %eax, %cr0
        mov $R + 64, %ebp
        mov $0xfee00000, %ebx
        mov $0x401800, %esi
        call ask
        mov 0xc804, %eax                /* where the answer went */
        mov %eax, R + 64 + 28

        mov %cr0, %eax                  /* and real mode, by way of 16 bits */
        and $0x7fffffff, %eax
        mov %eax, %cr0
        ljmp $24, $0x1000 + (bits16 - hvm32_code)

/* EBX: the APIC, ESI: where an answer is to go, EBP: findings. */
ask:    mov 0x30(%ebx), %eax
        mov %eax, (%ebp)                /* its version */
        orl $0x40, 0x80(%ebx)
        addl $0x10, 0x80(%ebx)
        mov 0x80(%ebx), %eax
        mov %eax, 4(%ebp)
        movl $0, 0x80(%ebx)
        push %ebx
        push %esi
        push %ebp
        mov $__HYPERVISOR_xen_version, %eax
        xor %ebx, %ebx
        xor %ecx, %ecx
        vmmcall
        pop %ebp
        mov %eax, 8(%ebp)
        mov (%esp), %ecx
        movl $0, (%ecx)
        push %ebp
        mov $__HYPERVISOR_xen_version, %eax
        mov $XENVER_get_features, %ebx
        vmmcall
        pop %ebp
        mov %eax, 12(%ebp)
        mov $0x40000000, %eax
        cpuid
        mov %ebx, 16(%ebp)
        mov $0x346, %edx                /* a string port of nobody */
        lea 20(%ebp), %edi
        mov $2, %ecx
        rep insw
        mov %ecx, 24(%ebp)
        pop %esi
        pop %ebx
        mov 4(%esi), %eax
        mov %eax, 28(%ebp)
        ret

/* STUBS: ARG as the argument of command EBX. */
        .macro do nr
        mov $ARG, %ecx
        mov $STUBS + \nr * 32, %eax
        call *%eax
        .endm

/* Layouts of 32-bit code: events, the clock, the times of a vcpu. */
shared: mov $0x40000000, %ecx
        mov $STUBS, %eax
        xor %edx, %edx
        wrmsr
        movl $DOMID_SELF, ARG
        movl $0, ARG + 4
        movl $0, ARG + 8
        movl $SHARED >> 12, ARG + 12
        mov $XENMEM_add_to_physmap, %ebx
        do __HYPERVISOR_memory_op
        mov %eax, R + 256
        movl $0, ARG
        mov $EVTCHNOP_bind_ipi, %ebx
        do __HYPERVISOR_event_channel_op
        mov %eax, R + 260
        mov ARG + 4, %eax
        mov %eax, R + 264
        mov %eax, ARG
        mov $EVTCHNOP_send, %ebx
        do __HYPERVISOR_event_channel_op
        mov %eax, R + 268
        mov SHARED, %eax
        mov %eax, R + 272
        mov SHARED + 4, %eax            /* its selector */
        mov %eax, R + 276
        mov SHARED + 2048, %eax
        mov %eax, R + 280
        mov SHARED + 2308, %eax         /* seconds */
        mov %eax, R + 284
        movl $0, SHARED                 /* and once more, masked */
        movl $0, SHARED + 4
        movl $0, SHARED + 2048
        movl $~0, SHARED + 2176
        mov $EVTCHNOP_send, %ebx
        do __HYPERVISOR_event_channel_op
        mov SHARED + 4, %eax
        mov %eax, R + 288
        mov SHARED + 2048, %eax
        mov %eax, R + 292
        movl $0x77777777, STATE + 44
        movl $STATE, ARG
        movl $~0, ARG + 4               /* no part of the handle */
        mov $VCPUOP_register_runstate_memory_area, %ebx
        call times
        mov %eax, R + 296
        mov STATE, %eax
        mov %eax, R + 300
        mov STATE + 4, %eax
        or STATE + 8, %eax
        mov %eax, R + 304               /* since when */
        mov STATE + 44, %eax
        mov %eax, R + 308
        movl $0x77777777, ARG + 44
        mov $VCPUOP_get_runstate_info, %ebx
        call times
        mov %eax, R + 312
        mov ARG + 4, %eax
        sub STATE + 4, %eax
        mov %eax, R + 316
        mov ARG + 44, %eax
        mov %eax, R + 320
        ret
times:  mov $ARG, %edx
        xor %ecx, %ecx                  /* vcpu 0 */
        mov $STUBS + __HYPERVISOR_vcpu_op * 32, %eax
        jmp *%eax

        .code16
bits16: mov $32, %ax
        mov %ax, %ds
        mov %ax, %es
        mov %ax, %ss
        mov %cr0, %eax
        and $0xfffffffe, %eax
        mov %eax, %cr0
        ljmp $0, $0x1000 + (real - hvm32_code)
real:   xor %ax, %ax
        mov %ax, %ds
        mov %ax, %es
        mov %ax, %ss
        mov $0x8000, %sp
        mov $__HYPERVISOR_xen_version, %eax
        xor %ebx, %ebx
        xor %ecx, %ecx
        vmmcall
        mov %eax, R + 128 + 8
        mov $0x40000000, %eax
        cpuid
        mov %ebx, R + 128 + 16
        mov $0x346, %dx
        mov $R + 128 + 20, %di
        mov $2, %cx
        cld
        rep insw
        mov %cx, R + 128 + 24
        movl $1, R + 192
        cli
        hlt
        .balign 8
gdtr:   .word 39
        .quad 0x1000 + (gdt - hvm32_code)
        .balign 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff
        .quad 0x00cf93000000ffff
        .quad 0x00009b000000ffff
        .quad 0x000093000000ffff
hvm32_code_end:
        .section .note.GNU-stack, "", @progbits
