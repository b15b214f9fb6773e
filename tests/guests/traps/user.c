/* SPDX-License-Identifier: MIT */
/*
 * traps/user.c - guest user mode: entered by iret with RPL 3, left by system
 * calls, faults and software interrupts on the kernel stack.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "traps.h"

#define FLAG_IF 0x200ul

/* Code that runs in guest user mode; one label per function. */
void user_syscall(void);
void user_pf_read(void);
void user_pf_write(void);
void user_ud(void);
void user_hlt(void);
void user_cli(void);
void user_rdmsr(void);
void user_inb(void);
void user_cr0(void);
void user_int80(void);
void user_int3(void);
void user_int21(void);
void user_hypervisor(void);
void user_m2p(void);

__asm__(".text\n"
        "user_syscall: movl $0x1234, %eax; syscall; 1: jmp 1b\n"
        "user_pf_read: movl $0x123000, %eax; movq (%rax), %rax\n"
        "user_pf_write: movl $0x123000, %eax; movq %rax, (%rax)\n"
        "user_ud: ud2\n"
        "user_hlt: hlt\n"
        "user_cli: cli\n"
        "user_rdmsr: movl $0xc0000080, %ecx; rdmsr\n"
        "user_inb: inb $0x80, %al\n"
        "user_cr0: movq %cr0, %rax\n"
        "user_int80: int $0x80\n"
        "user_int3: int3\n"
        "user_int21: int $0x21\n"
        "user_hypervisor: movabsq $0xffff830000000000, %rax\n"
        "movq (%rax), %rax\n"
        "user_m2p: movabsq $0xffff800000000000, %rax\n"
        "movq %rax, (%rax)\n");

static struct user_exit run(void (*fn)(void), uint64_t rflags)
{
    struct user_exit out;

    user_run(fn, rflags, &out);
    trap_last.vector = out.vector;
    return out;
}

static void user_syscall_arrives(void)
{
    struct user_exit x = run(user_syscall, FLAG_IF);

    EXPECT_TRAP(VECTOR_SYSCALL);
    EXPECT_EQ(x.rax, 0x1234);
    EXPECT_EQ(*(const uint16_t *)(x.rip - 2), 0x050f);
    EXPECT_EQ(x.cs & 3, 3);
    EXPECT_EQ(x.rflags & FLAG_IF, FLAG_IF);
}

static void user_syscall_rcx_is_rip(void)
{
    struct user_exit x = run(user_syscall, FLAG_IF);

    EXPECT_EQ(x.rcx, x.rip);
    EXPECT_EQ(x.r11 & 0xcd5, x.rflags & 0xcd5);
}

static void user_syscall_masks_when_asked(void)
{
    struct user_exit x = run(user_syscall, FLAG_IF);

    EXPECT_EQ(x.upcall_mask, 1);
    EXPECT_EQ((x.cs >> 32) & 0xff, 0);
}

static void user_syscall_does_not_mask_otherwise(void)
{
    struct callback_register cb = { CALLBACKTYPE_syscall, 0,
                                    (unsigned long)syscall_entry };
    struct user_exit x;

    EXPECT_EQ(hc_callback(CALLBACKOP_register, &cb), 0);
    x = run(user_syscall, FLAG_IF);
    cb.flags = CALLBACKF_mask_events;
    EXPECT_EQ(hc_callback(CALLBACKOP_register, &cb), 0);
    EXPECT_EQ(x.upcall_mask, 0);
}

static void user_trap_uses_kernel_stack(void)
{
    static uint8_t stack[4096] __attribute__((aligned(16)));
    struct user_exit x;

    EXPECT_EQ(hcall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
                     stack + sizeof(stack)), 0);
    x = run(user_ud, FLAG_IF);
    /* rip, cs, rflags, rsp, ss lie at the very top. */
    EXPECT_EQ(x.entry_rsp, stack + sizeof(stack));
}

static void stack_switch_refuses_hypervisor_selector(void)
{
    EXPECT(hcall2(__HYPERVISOR_stack_switch, 0xe008, 0x1000) != 0 ||
           hcall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, 0x1000) == 0);
    hcall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
           (uint64_t)page_alloc() + PAGE_SIZE);
}

static void user_page_fault_error_codes(void)
{
    struct user_exit x = run(user_pf_read, FLAG_IF);

    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(x.error, 4);
    EXPECT_EQ(this_vcpu_info()->arch.cr2, 0x123000);
    x = run(user_pf_write, FLAG_IF);
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(x.error, 6);
}

static void user_cannot_read_hypervisor(void)
{
    run(user_hypervisor, FLAG_IF);
    EXPECT_TRAP(TRAP_PF);
}

static void user_cannot_write_m2p(void)
{
    run(user_m2p, FLAG_IF);
    EXPECT_TRAP(TRAP_PF);
}

static void user_invalid_opcode(void)
{
    struct user_exit x = run(user_ud, FLAG_IF);

    EXPECT_TRAP(TRAP_UD);
    EXPECT_EQ(x.rip, user_ud);
}

static void user_privileged_instructions_fault(void)
{
    static void (*const fns[])(void) = {
        user_hlt, user_cli, user_rdmsr, user_inb, user_cr0,
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(fns); i++) {
        struct user_exit x = run(fns[i], FLAG_IF);

        EXPECT_TRAP(TRAP_GP);
        EXPECT_EQ(x.error, 0);
    }
}

static void user_int80_and_int3_arrive(void)
{
    struct user_exit x = run(user_int80, FLAG_IF);

    EXPECT_TRAP(0x80);
    EXPECT_EQ(x.rip, (uint64_t)user_int80 + 2);
    x = run(user_int3, FLAG_IF);
    EXPECT_TRAP(TRAP_BP);
    EXPECT_EQ(x.rip, (uint64_t)user_int3 + 1);
}

static void user_int_n_with_dpl0_is_refused(void)
{
    static struct trap_info table[257];

    trap_table_fill(table, 0);
    table[0x42].flags = 0;
    EXPECT_EQ(hcall1(__HYPERVISOR_set_trap_table, table), 0);
    run(user_int21, FLAG_IF);
    EXPECT_TRAP(TRAP_GP);
    table[0x42].flags = 3;
    EXPECT_EQ(hcall1(__HYPERVISOR_set_trap_table, table), 0);
}

static void user_entered_with_if_clear_is_masked(void)
{
    struct user_exit x = run(user_ud, 0);

    EXPECT_EQ((x.cs >> 32) & 0xff, 1);
    EXPECT_EQ(x.rflags & FLAG_IF, 0);
}

static void user_mode_needs_the_user_base(void)
{
    /* A second switch of the user tables to the same root is accepted. */
    uint64_t l4 = mfn_of((void *)start_info->pt_base);

    EXPECT_EQ(mmuext1(MMUEXT_NEW_USER_BASEPTR, l4), 0);
    run(user_ud, FLAG_IF);
    EXPECT_TRAP(TRAP_UD);
}

static const struct fact facts[] = {
    FACT(user_syscall_arrives),
    FACT(user_syscall_rcx_is_rip),
    FACT(user_syscall_masks_when_asked),
    FACT(user_syscall_does_not_mask_otherwise),
    FACT(user_trap_uses_kernel_stack),
    FACT(stack_switch_refuses_hypervisor_selector),
    FACT(user_page_fault_error_codes),
    FACT(user_cannot_read_hypervisor),
    FACT(user_cannot_write_m2p),
    FACT(user_invalid_opcode),
    FACT(user_privileged_instructions_fault),
    FACT(user_int80_and_int3_arrive),
    FACT(user_int_n_with_dpl0_is_refused),
    FACT(user_entered_with_if_clear_is_masked),
    FACT(user_mode_needs_the_user_base),
};

void run_user(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
