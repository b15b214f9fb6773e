/* SPDX-License-Identifier: MIT */
/*
 * lib/tinydom_code.S - the kernel of the six-page domain: block, and answer
 * each event.  Copied to 0x400000 of that domain; 0x401000 holds its port
 * number and stack, 0x402000 its shared_info.
 */
#include <xen/xen.h>

    .set SEND, 4             /* EVTCHNOP_send */
    .set BLOCK, 1            /* SCHEDOP_block */
    .set DATA, 0x401000
    .set SHARED, 0x402000

    .section .rodata
    .globl tinydom_code, tinydom_code_end, tinydom_entry, tinydom_event
    .balign 16
tinydom_code:
tinydom_entry:
    movl $__HYPERVISOR_event_channel_op, %eax
    movl $SEND, %edi
    movl $DATA, %esi
    syscall
1:  movl $__HYPERVISOR_sched_op, %eax
    movl $BLOCK, %edi
    xorl %esi, %esi
    syscall
    jmp 1b

tinydom_event:
    popq %rcx
    popq %r11
    movb $0, SHARED
    movq $0, SHARED + 8
    movq $0, SHARED + 0x800
    movl $__HYPERVISOR_event_channel_op, %eax
    movl $SEND, %edi
    movl $DATA, %esi
    syscall
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall
tinydom_code_end:
    .section .note.GNU-stack, "", @progbits
