/* SPDX-License-Identifier: MIT */
/*
 * bench/traps.c - exceptions bounced to the guest kernel, user mode round
 * trips, and privileged instructions carried out by the hypervisor.
 */
#include <lib/trap.h>

#include "bench.h"

#define UNMAPPED 0x7f0000000000ul

extern const char bench_error_to_rbx[], bench_error_native[];
extern const char bench_trap_to_rbx[], bench_trap_return[], bench_syscall[];
extern uint64_t bench_user_n, bench_user_ticks;
void bench_user_syscall(void);
void bench_user_int80(void);
void bench_user_pf(void);

static struct trap_info table[257];

static void set_handler(unsigned int vector, uint8_t dpl, const char *entry)
{
    table[vector].flags = dpl;
    table[vector].address = (unsigned long)entry;
}

static void load(void)
{
    bench_check(hcall1(__HYPERVISOR_set_trap_table, table) == 0, "table");
}

#define BOUNCE(insn) \
    __asm__ volatile("leaq 1f(%%rip), %%rbx\n\t" insn "\n1:" \
                     : \
                     : "r"(UNMAPPED) \
                     : "rbx", "rcx", "r11", "memory", "cc")

static void kernel_bounces(void)
{
    trap_table_fill(table, 0);
    set_handler(TRAP_PF, 0, bench_error_to_rbx);
    set_handler(TRAP_GP, 0, bench_error_to_rbx);
    set_handler(TRAP_UD, 0, bench_trap_to_rbx);
    set_handler(TRAP_BP, 3, bench_trap_return);
    set_handler(0x21, 0, bench_trap_return);
    set_handler(0x42, 0, bench_trap_return);
    set_handler(0x41, 3, bench_trap_return);
    set_handler(0x82, 3, bench_trap_return);
    load();
    BENCH("pf_bounce_hciret", 200, BOUNCE("movq %%rax, (%0)"));
    BENCH("ud_bounce", 200, BOUNCE("ud2"));
    BENCH("gp_bounce(int$0x21)", 200, BOUNCE("int $0x21"));
    BENCH("int41_kern_bounce", 200, BOUNCE("int $0x41"));
    BENCH("int3_kern_bounce", 200, BOUNCE("int3"));
    set_handler(TRAP_PF, 0, bench_error_native);
    load();
    BENCH("pf_bounce_native_iretq", 200, BOUNCE("movq %%rax, (%0)"));
}

static void user_round_trip(const char *name, void (*fn)(void))
{
    struct user_exit out;
    int b;

    bench_user_n = 200;
    bench_start(name);
    bench_mark_start(name);
    for (b = -WARM_UP; b < BATCHES; b++) {
        user_run(fn, 0x202, &out);
        bench_check(out.vector == TRAP_BP, name);
        if (b >= 0) {
            bench_batch(bench_user_ticks, 200);
        }
    }
    bench_mark_stop(name);
    bench_stop();
}

static void user_round_trips(void)
{
    struct callback_register cb = { CALLBACKTYPE_syscall, 0,
                                    (unsigned long)bench_syscall };
    static uint8_t stack[4096] __attribute__((aligned(16)));

    hcall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, stack + sizeof(stack));
    trap_table_fill(table, 0);
    set_handler(TRAP_PF, 0, bench_error_to_rbx);
    set_handler(0x80, 3, bench_trap_return);
    load();
    bench_check(hc_callback(CALLBACKOP_register, &cb) == 0, "syscall entry");
    user_round_trip("user_syscall_roundtrip", bench_user_syscall);
    user_round_trip("user_int80_roundtrip", bench_user_int80);
    user_round_trip("user_pf_roundtrip", bench_user_pf);
}

static void emulated_instructions(void)
{
    struct physdev_set_iopl iopl = { 1 };
    uint64_t cr4;

    trap_table_fill(table, 0);
    load();
    bench_check(hc_physdev(PHYSDEVOP_set_iopl, &iopl) == 0, "set_iopl");
    BENCH("emul_rdmsr_efer", 200,
          __asm__ volatile("rdmsr" ::"c"(0xc0000080u) : "rax", "rdx"));
    BENCH("emul_wrmsr_fsbase", 200,
          __asm__ volatile("wrmsr" ::"c"(0xc0000100u), "a"(0), "d"(0)));
    BENCH("emul_cpuid_fep", 200,
          __asm__ volatile("ud2; .ascii \"xen\"; cpuid" ::"a"(1)
                           : "rbx", "rcx", "rdx"));
    BENCH("native_cpuid", 200,
          __asm__ volatile("cpuid" ::"a"(0) : "rbx", "rcx", "rdx"));
    BENCH("emul_out_0x80", 100, __asm__ volatile("outb %%al, $0x80" ::"a"(0)));
    BENCH("emul_in_0x80", 100, __asm__ volatile("inb $0x80, %%al" ::: "rax"));
    BENCH("emul_in_0x61", 100, __asm__ volatile("inb $0x61, %%al" ::: "rax"));
    BENCH("emul_rd_cr0", 100, __asm__ volatile("movq %%cr0, %%rax" ::: "rax"));
    BENCH("emul_rd_cr4", 100, __asm__ volatile("movq %%cr4, %%rax" ::: "rax"));
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    BENCH("emul_wr_cr4", 100, __asm__ volatile("movq %0, %%cr4" ::"r"(cr4)));
    BENCH("emul_clts", 100, __asm__ volatile("clts"));
    BENCH("emul_cli", 100, __asm__ volatile("cli"));
}

void bench_traps(void)
{
    kernel_bounces();
    user_round_trips();
    emulated_instructions();
}
