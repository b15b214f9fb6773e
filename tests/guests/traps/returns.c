/* SPDX-License-Identifier: MIT */
/*
 * traps/returns.c - the iret hypercall: what it restores, what it refuses to
 * restore, a return that fails; and the debug registers.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "traps.h"

#define FLAGS_ARITH 0x8d5ul
#define FLAG_TF 0x100ul
#define FLAG_IF 0x200ul
#define FLAG_IOPL 0x3000ul

static struct context back;

/* Return through iret to the next line with these flags; gives the flags. */
static uint64_t iret_with(uint64_t rflags, uint64_t cs, uint64_t ss)
{
    uint64_t got;

    __asm__ volatile("movq %%rsp, %%r10\n\t"
                     "pushq %[ss]\n\tpushq %%r10\n\tpushq %[fl]\n\t"
                     "pushq %[cs]\n\tpushq $1f\n\t"
                     "pushq $0\n\tpushq $0\n\tpushq $0\n\tpushq $0\n\t"
                     "movl %[nr], %%eax\n\tsyscall\n"
                     "1:\tpushfq\n\tpopq %[got]"
                     : [got] "=&r"(got)
                     : [ss] "r"(ss), [fl] "r"(rflags), [cs] "r"(cs),
                       [nr] "i"(__HYPERVISOR_iret)
                     : "rax", "rcx", "r10", "r11", "memory", "cc");
    return got;
}

static void iret_restores_arithmetic_flags(void)
{
    EXPECT_EQ(iret_with(FLAG_IF | FLAGS_ARITH, FLAT_KERNEL_CS & ~3,
                        FLAT_KERNEL_SS) & FLAGS_ARITH, FLAGS_ARITH);
    EXPECT_EQ(iret_with(FLAG_IF, FLAT_KERNEL_CS & ~3,
                        FLAT_KERNEL_SS) & FLAGS_ARITH, 0);
}

static void iret_if_sets_upcall_mask(void)
{
    iret_with(0, FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_mask, 1);
    iret_with(FLAG_IF, FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_mask, 0);
}

static void iret_never_clears_hardware_if(void)
{
    EXPECT_EQ(iret_with(0, FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS) & FLAG_IF,
              FLAG_IF);
}

static void iret_drops_iopl(void)
{
    EXPECT_EQ(iret_with(FLAG_IF | FLAG_IOPL, FLAT_KERNEL_CS & ~3,
                        FLAT_KERNEL_SS) & FLAG_IOPL, 0);
}

static void iret_delivers_pending_event(void)
{
    evtchn_port_t a, b;
    unsigned int before = event_upcalls;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_unmask(a);
    event_clear(a);
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(event_upcalls, before);
    iret_with(FLAG_IF, FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS);
    EXPECT_EQ(event_upcalls, before + 1);
    event_close(a);
    event_close(b);
}

static bool on_debug(struct trap_frame *f)
{
    trap_last.vector = (int)f->vector;
    trap_last.rip = f->rip;
    trap_last.rflags = f->rflags;
    trap_last.count++;
    f->rflags &= ~FLAG_TF;
    return true;
}

extern const char after_step[];

/* One instruction runs, then #DB; the handler itself is not stepped. */
static void iret_with_tf_steps_once(void)
{
    trap_last.vector = TRAP_NONE;
    trap_last.count = 0;
    trap_handlers[TRAP_DB] = on_debug;
    __asm__ volatile("movq %%rsp, %%r10\n\t"
                     "pushq %[ss]\n\tpushq %%r10\n\tpushq $0x302\n\t"
                     "pushq %[cs]\n\tpushq $1f\n\t"
                     "pushq $0\n\tpushq $0\n\tpushq $0\n\tpushq $0\n\t"
                     "movl %[nr], %%eax\n\tsyscall\n"
                     "1:\tnop\n\t"
                     ".globl after_step\nafter_step:\tnop\n\tnop"
                     :
                     : [ss] "r"((uint64_t)FLAT_KERNEL_SS),
                       [cs] "r"((uint64_t)FLAT_KERNEL_CS & ~3ul),
                       [nr] "i"(__HYPERVISOR_iret)
                     : "rax", "rcx", "r10", "r11", "memory", "cc");
    EXPECT_TRAP(TRAP_DB);
    EXPECT_EQ(trap_last.count, 1);
    EXPECT_EQ(trap_last.rip, after_step);
    EXPECT_EQ(trap_last.rflags & FLAG_TF, FLAG_TF);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 6) & 0x4000, 0x4000);
    hcall2(__HYPERVISOR_set_debugreg, 6, 0);
}

static bool on_bad_return(struct trap_frame *f)
{
    trap_last.vector = (int)f->vector;
    trap_last.error = f->error;
    context_jump(&back, 1);
}

/* The return fails in hardware and is the guest's own #GP or failsafe. */
static void iret_to_bad_stack_selector_is_reported(void)
{
    trap_handlers[VECTOR_FAILSAFE] = on_bad_return;
    trap_handlers[TRAP_GP] = on_bad_return;
    if (context_save(&back) == 0) {
        iret_with(FLAG_IF, FLAT_KERNEL_CS & ~3, 0x3ff3);
    }
    EXPECT(trap_last.vector == TRAP_GP || trap_last.vector == VECTOR_FAILSAFE);
    report_note("%s error %lx", trap_name(trap_last.vector), trap_last.error);
}

static void all_registers_survive_a_trap(void)
{
    uint64_t sum;

    trap_last.vector = TRAP_NONE;
    __asm__ volatile(
        "movq $1f, trap_resume\n\tpushq %%rbp\n\t"
        "movl $1, %%eax\n\tmovl $2, %%ebx\n\tmovl $4, %%ecx\n\t"
        "movl $8, %%edx\n\tmovl $16, %%esi\n\tmovl $32, %%edi\n\t"
        "movl $64, %%ebp\n\tmovl $128, %%r8d\n\tmovl $256, %%r9d\n\t"
        "movl $512, %%r10d\n\tmovl $1024, %%r11d\n\tmovl $2048, %%r12d\n\t"
        "movl $4096, %%r13d\n\tmovl $8192, %%r14d\n\tmovl $16384, %%r15d\n\t"
        "ud2\n1:\t"
        "addq %%rbx, %%rax\n\taddq %%rcx, %%rax\n\taddq %%rdx, %%rax\n\t"
        "addq %%rsi, %%rax\n\taddq %%rdi, %%rax\n\taddq %%rbp, %%rax\n\t"
        "addq %%r8, %%rax\n\taddq %%r9, %%rax\n\taddq %%r10, %%rax\n\t"
        "addq %%r11, %%rax\n\taddq %%r12, %%rax\n\taddq %%r13, %%rax\n\t"
        "addq %%r14, %%rax\n\taddq %%r15, %%rax\n\tpopq %%rbp"
        : "=a"(sum)
        :
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15", "memory", "cc");
    EXPECT_TRAP(TRAP_UD);
    EXPECT_EQ(sum, 32767);
}

static void hypercall_keeps_other_registers(void)
{
    uint64_t sum;

    __asm__ volatile(
        "pushq %%rbp\n\tmovl $17, %%eax\n\tmovl $2, %%ebx\n\t"
        "movl $64, %%ebp\n\tmovl $256, %%r9d\n\tmovl $2048, %%r12d\n\t"
        "movl $4096, %%r13d\n\tmovl $8192, %%r14d\n\tmovl $16384, %%r15d\n\t"
        "xorl %%edi, %%edi\n\txorl %%esi, %%esi\n\tsyscall\n\t"
        "movq %%rbx, %%rax\n\taddq %%rbp, %%rax\n\taddq %%r9, %%rax\n\t"
        "addq %%r12, %%rax\n\taddq %%r13, %%rax\n\taddq %%r14, %%rax\n\t"
        "addq %%r15, %%rax\n\tpopq %%rbp"
        : "=a"(sum)
        :
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15", "memory", "cc");
    EXPECT_EQ(sum, 2 + 64 + 256 + 2048 + 4096 + 8192 + 16384);
}

static long set_dr(unsigned int nr, uint64_t value)
{
    return hcall2(__HYPERVISOR_set_debugreg, nr, value);
}

static void debugreg_reads_back(void)
{
    EXPECT_EQ(set_dr(0, (uint64_t)&back), 0);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 0), (long)&back);
    EXPECT_EQ(set_dr(0, 0), 0);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 0), 0);
}

static void debugreg_hypervisor_address_refused(void)
{
    EXPECT_EQ(set_dr(1, 0xffff830000000000ul), -EPERM);
    EXPECT_EQ(set_dr(1, 0x8000000000000000ul), -EPERM);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 1), 0);
}

/* General detect would stop the hypervisor's own accesses. */
static void debugreg_general_detect_refused(void)
{
    EXPECT_EQ(set_dr(7, 0x2000), -EPERM);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 7) & 0x2000, 0);
}

static void debugreg_bad_number_refused(void)
{
    EXPECT_EQ(set_dr(8, 0), -ENODEV);
    EXPECT_EQ(set_dr(~0u, 0), -ENODEV);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 8), -ENODEV);
}

static void data_breakpoint_raises_db(void)
{
    static volatile uint64_t watched;

    EXPECT_EQ(set_dr(0, (uint64_t)&watched), 0);
    EXPECT_EQ(set_dr(7, 0x2ul | 1ul << 16 | 3ul << 18), 0); /* write, 8 bytes */
    TRY_INSN("movq $5, (%0); nop", "r"(&watched));
    set_dr(7, 0);
    set_dr(0, 0);
    EXPECT_TRAP(TRAP_DB);
    EXPECT_EQ(hcall1(__HYPERVISOR_get_debugreg, 6) & 1, 1);
    set_dr(6, 0);
    EXPECT_EQ(watched, 5);
}

static void callback_bad_arguments_refused(void)
{
    struct callback_register cb = { CALLBACKTYPE_event, 0,
                                    0x8000000000000000ul };

    EXPECT_EQ(hc_callback(CALLBACKOP_register, &cb), -EINVAL);
    cb.type = 99;
    cb.address = (unsigned long)event_entry;
    EXPECT_EQ(hc_callback(CALLBACKOP_register, &cb), -ENOSYS);
    EXPECT_EQ(hc_callback(99, &cb), -ENOSYS);
    EXPECT_EQ(hc_callback(CALLBACKOP_register, 8), -EFAULT);
}

static const struct fact facts[] = {
    FACT(iret_restores_arithmetic_flags),
    FACT(iret_if_sets_upcall_mask),
    FACT(iret_never_clears_hardware_if),
    FACT(iret_drops_iopl),
    FACT(iret_delivers_pending_event),
    FACT(iret_with_tf_steps_once),
    FACT(iret_to_bad_stack_selector_is_reported),
    FACT(all_registers_survive_a_trap),
    FACT(hypercall_keeps_other_registers),
    FACT(debugreg_reads_back),
    FACT(debugreg_hypervisor_address_refused),
    FACT(debugreg_general_detect_refused),
    FACT(debugreg_bad_number_refused),
    FACT(data_breakpoint_raises_db),
    FACT(callback_bad_arguments_refused),
};

void run_returns(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
