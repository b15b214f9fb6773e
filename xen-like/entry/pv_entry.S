/* SPDX-License-Identifier: MIT */
/*
 * PV guests in and out.  One stack per CPU; its top is struct cpu_info, whose
 * first part is the guest's frame, so while no function runs RSP is the
 * address of everything the CPU needs: frame, current vcpu, pending work.
 *
 *   in    syscall_entry (hypercall, or the guest's own system call),
 *         syscall_compat_entry, sysenter_entry; exceptions.S for the rest
 *   out   exit_to_guest: softirqs, then a deliverable event, then SYSRET or
 *         IRET.  Interrupts are off from the last look to the instruction.
 */
#include <arch/extable.h>
#include <arch/regs.h>
#include <arch/smap.h>
#include <entry/frame.h>
#include <offsets.h>

        .text

/* In: RCX, R11 the guest's RIP, RFLAGS; RSP = end of cpu_info.regs. */
        .globl syscall_entry
        .type syscall_entry, @function
        .balign 64
syscall_entry:
        push $GUEST_SS
        push (INFO_syscall_rsp - REGS_rsp - 8)(%rsp)
        push %r11
        push $GUEST_CS64
        push %rcx
        push $0
        movl $ENTRY_SYSCALL, 4(%rsp)
        SAVE_GPRS
        mov INFO_current(%rsp), %rbx
        mov VCPU_pv(%rbx), %rbp
        cmpb $0, PV_in_kernel(%rbp)
        je guest_syscall
        sti

        /* Hypercall RAX with arguments RDI RSI RDX R10 R8 R9. */
        .globl hypercall_dispatch
hypercall_dispatch:
        cmp $64, %rax
        jae bad_hypercall
        sbb %rcx, %rcx                  /* all ones: also when mispredicted */
        and %rcx, %rax
        lea hypercall_table(%rip), %rcx
        mov (%rcx, %rax, 8), %rax
        mov %r10, %rcx
        call __x86_indirect_thunk_rax
        mov %rax, REGS_rax(%rsp)

/* Out: RBX = current vcpu, RSP = cpu_info. */
        .globl exit_to_guest
exit_to_guest:
        cli
        cmpl $0, INFO_softirq_pending(%rsp)
        jne exit_softirq
        mov VCPU_info(%rbx), %rax
        movzwl (%rax), %eax             /* pending, and mask above it */
        dec %eax
        cmp $0xff, %eax
        jb exit_event                   /* pending != 0 and mask == 0 */
restore_guest:
        testl $ENTRY_SYSCALL, REGS_entry_vector(%rsp)
        jz restore_by_iret
        mov REGS_rip(%rsp), %rcx
        mov %rcx, %rax
        sar $47, %rax
        inc %eax
        cmp $1, %eax
        ja restore_by_iret              /* SYSRET to a non-canonical address
                                           would fault in ring 0 */
        cmpw $GUEST_CS64, REGS_cs(%rsp)
        jne restore_by_iret
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbp
        pop %rbx
        pop %r11                        /* replaced below */
        pop %r10
        pop %r9
        pop %r8
        pop %rax
        pop %rdx                        /* RCX: replaced already */
        pop %rdx
        pop %rsi
        pop %rdi
        mov 24(%rsp), %r11              /* error code, RIP, CS, RFLAGS */
        mov 32(%rsp), %rsp
        sysretq

restore_by_iret:
        RESTORE_GPRS
        add $8, %rsp
        .globl pv_iretq
pv_iretq:
        iretq

bad_hypercall:
        movq $-38, REGS_rax(%rsp)       /* -ENOSYS */
        jmp exit_to_guest

exit_softirq:
        sti
        call softirq_run                /* may switch and not return */
        mov INFO_current(%rsp), %rbx
        jmp exit_to_guest

exit_event:
        mov %rsp, %rdi
        call pv_deliver_event
        jmp exit_to_guest               /* it masked events, or crashed */

        .globl pv_resume
        .type pv_resume, @function
pv_resume:
        mov INFO_current(%rsp), %rbx
        jmp exit_to_guest

/* A system call of the guest's user mode. */
guest_syscall:
        mov $2, %esi                    /* PV_CB_SYSCALL */
        jmp guest_bounce

        .globl syscall_compat_entry
        .type syscall_compat_entry, @function
syscall_compat_entry:
        push $GUEST_SS
        push (INFO_syscall_rsp - REGS_rsp - 8)(%rsp)
        push %r11
        push $GUEST_CS32
        push %rcx
        push $0
        movl $ENTRY_SYSCALL, 4(%rsp)
        SAVE_GPRS
        mov INFO_current(%rsp), %rbx
        mov VCPU_pv(%rbx), %rbp
        mov $3, %esi                    /* PV_CB_SYSCALL32 */
        jmp guest_bounce

/* SYSENTER saves nothing: the guest's kernel knows where to go on. */
        .globl sysenter_entry
        .type sysenter_entry, @function
sysenter_entry:
        push $GUEST_SS
        push $0
        pushfq
        push $3
        push $0
        push $0
        SAVE_GPRS
        CLAC
        andl $~(X86_EFLAGS_NT | X86_EFLAGS_TF | X86_EFLAGS_IOPL), REGS_rflags(%rsp)
        orl $X86_EFLAGS_IF, REGS_rflags(%rsp)
        push $2
        popfq
        mov INFO_current(%rsp), %rbx
        mov $4, %esi                    /* PV_CB_SYSENTER */
guest_bounce:
        sti
        mov %rsp, %rdi
        call pv_guest_syscall
        jmp exit_to_guest

        .section .note.GNU-stack, "", @progbits
