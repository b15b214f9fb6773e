/* SPDX-License-Identifier: MIT */
/*
 * attack/cpu.c - MSRs, selectors, vectors, debug registers, flags and returns
 * that the hypervisor must survive.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "attack.h"

static uint64_t trapped, passed;

static void read_msrs(uint32_t from, uint32_t n)
{
    uint32_t msr;

    for (msr = from; msr < from + n; msr++) {
        TRY_INSN("rdmsr", "c"(msr), "a"(0), "d"(0));
        if (trap_last.vector == TRAP_NONE) {
            passed++;
        } else {
            EXPECT_TRAP(TRAP_GP);
            trapped++;
        }
    }
}

static void every_msr_read(void)
{
    trapped = passed = 0;
    read_msrs(0, 0x2000);
    read_msrs(0x40000000, 0x400);
    read_msrs(0xc0000000, 0x2000);
    read_msrs(0xc0010000, 0x2000);
    read_msrs(0x80000000, 0x100);
    report_note("%lu answered, %lu refused", passed, trapped);
    expect_alive();
}

static void write_msrs(uint32_t from, uint32_t n, uint64_t value)
{
    uint32_t msr;

    for (msr = from; msr < from + n; msr++) {
        TRY_INSN("wrmsr", "c"(msr), "a"((uint32_t)value),
                 "d"((uint32_t)(value >> 32)));
        if (trap_last.vector != TRAP_NONE) {
            EXPECT_TRAP(TRAP_GP);
        }
    }
}

static void every_msr_written(void)
{
    static const uint64_t values[] = { 0, ~0ul, 0x5555aaaa5555aaaaul };
    unsigned int i;

    if (guest_privileged()) {
        SKIP("dom0 may own some of them");
    }
    for (i = 0; i < ARRAY_SIZE(values); i++) {
        write_msrs(0, 0x1000, values[i]);
        write_msrs(0xc0000000, 0x200, values[i]);
        write_msrs(0xc0010000, 0x200, values[i]);
        write_msrs(0x40000000, 0x200, values[i]);
    }
    hcall2(__HYPERVISOR_set_segment_base, SEGBASE_FS, 0);
    hcall2(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, 0);
    expect_alive();
}

static void every_selector(void)
{
    uint32_t sel, loaded = 0;

    for (sel = 0; sel < 0x10000; sel++) {
        TRY_INSN("movl %0, %%es", "r"(sel));
        loaded += trap_last.vector == TRAP_NONE;
        if (trap_last.vector != TRAP_NONE) {
            EXPECT(trap_last.vector == TRAP_GP ||
                   trap_last.vector == TRAP_NP ||
                   trap_last.vector == TRAP_PF);
        }
    }
    TRY_INSN("movl %0, %%es", "r"(0));
    report_note("%u loadable", loaded);
    expect_alive();
}

static void every_vector_by_int(void)
{
    /* int n; jmp *%r10 */
    static uint8_t code[5] ALIGNED_PAGE = { 0xcd, 0, 0x41, 0xff, 0xe2 };
    unsigned int v;

    for (v = 0; v < 256; v++) {
        code[1] = (uint8_t)v;
        TRY_INSN("leaq 2f(%%rip), %%r10\n\tjmpq *%0\n2:", "r"(code));
        EXPECT(trap_last.vector != TRAP_NONE);
    }
    expect_alive();
}

static struct context back;

static bool on_trap(struct trap_frame *f)
{
    trap_last.vector = (int)f->vector;
    context_jump(&back, 1);
}

/* An iret hypercall with any frame; ends in a trap or at the next line. */
static int iret_to(uint64_t rip, uint64_t cs, uint64_t flags, uint64_t rsp,
                   uint64_t ss)
{
    uint64_t frame[9] = { [4] = rip, [5] = cs, [6] = flags, [7] = rsp,
                          [8] = ss };
    int v;

    for (v = 0; v < 20; v++) {
        trap_handlers[v] = on_trap;
    }
    trap_handlers[VECTOR_FAILSAFE] = on_trap;
    trap_last.vector = TRAP_NONE;
    if (context_save(&back) == 0) {
        user_iret(frame);
    }
    for (v = 0; v < 20; v++) {
        trap_handlers[v] = NULL;
    }
    trap_handlers[VECTOR_FAILSAFE] = NULL;
    return trap_last.vector;
}

extern const char land_here[];
__asm__(".text\nland_here: ud2\n");

static void returns_to_odd_addresses(void)
{
    static const uint64_t rips[] = {
        NON_CANONICAL, 1ul << 47, 0x800000000000ul, 0x7ffffffffffful,
        HV_POINTER, 0xffff82d040200000ul, 0, ~0ul,
    };
    uint64_t rsp;
    unsigned int i;

    __asm__ volatile("movq %%rsp, %0" : "=r"(rsp));
    rsp -= 2048;
    for (i = 0; i < ARRAY_SIZE(rips); i++) {
        int v = iret_to(rips[i], FLAT_KERNEL_CS & ~3ul, 0x202, rsp,
                        FLAT_KERNEL_SS);

        EXPECT(v == TRAP_GP || v == TRAP_PF || v == VECTOR_FAILSAFE ||
               v == TRAP_SS || v == TRAP_UD);
    }
    expect_alive();
}

static void returns_with_odd_flags(void)
{
    uint64_t rsp;
    unsigned int i;

    __asm__ volatile("movq %%rsp, %0" : "=r"(rsp));
    rsp -= 2048;
    for (i = 0; i < 64; i++) {
        uint64_t flags = 0x202 | (i == 8 ? 0 : 1ul << i);
        int v = iret_to((uint64_t)land_here, FLAT_KERNEL_CS & ~3ul, flags,
                        rsp, FLAT_KERNEL_SS);

        EXPECT(v != TRAP_NONE);
    }
    __asm__ volatile("pushq $0x202; popfq" ::: "cc", "memory");
    expect_alive();
}

/* Not among them: 0xe020, the 32-bit code selector, which is legal. */
static void returns_with_odd_selectors(void)
{
    static const uint16_t sels[] = {
        0xe008, 0xe010, 0xe018, 0xe028, 0xe038, 0xe040,
        0xe048, 0x8, 0x10, 0xfff8, 0xe00b, 0xe013, 0,
    };
    uint64_t rsp;
    unsigned int i;

    __asm__ volatile("movq %%rsp, %0" : "=r"(rsp));
    rsp -= 2048;
    for (i = 0; i < ARRAY_SIZE(sels); i++) {
        EXPECT(iret_to((uint64_t)land_here, sels[i] & ~3u, 0x202, rsp,
                       FLAT_KERNEL_SS) != TRAP_NONE);
        EXPECT(iret_to((uint64_t)land_here, FLAT_KERNEL_CS & ~3ul, 0x202,
                       rsp, sels[i]) != TRAP_NONE);
    }
    expect_alive();
}

static void debug_registers_over_the_hypervisor(void)
{
    unsigned int slot, i;

    for (slot = 256; slot < 272; slot++) {
        uint64_t va = 0xffff000000000000ul | (uint64_t)slot << 39;

        for (i = 0; i < 4; i++) {
            EXPECT(hcall2(__HYPERVISOR_set_debugreg, i, va) < 0);
            EXPECT(hcall2(__HYPERVISOR_set_debugreg, i,
                          va + (1ul << 38)) < 0);
        }
    }
    for (i = 0; i < 64; i++) {
        hcall2(__HYPERVISOR_set_debugreg, 7, 1ul << i);
        hcall2(__HYPERVISOR_set_debugreg, 6, 1ul << i);
    }
    hcall2(__HYPERVISOR_set_debugreg, 7, 0);
    hcall2(__HYPERVISOR_set_debugreg, 6, 0);
    expect_alive();
}

static void control_registers_take_no_harm(void)
{
    unsigned int bit;

    for (bit = 0; bit < 64; bit++) {
        uint64_t cr4;

        __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
        TRY_INSN("movq %0, %%cr4", "r"(cr4 ^ 1ul << bit));
        TRY_INSN("movq %0, %%cr4", "r"(cr4));
        TRY_INSN("movq %0, %%cr0", "r"(0x80050033ul ^ 1ul << bit));
        TRY_INSN("movq %0, %%cr0", "r"(0x80050033ul));
    }
    expect_alive();
}

static void extended_state_sweep(void)
{
    static const uint64_t values[] = { 0, 1, 2, 4, 5, 6, 0xff, ~0ul, 7 };
    uint64_t cr4;
    unsigned int i;

    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    TRY_INSN("movq %0, %%cr4", "r"(cr4 | 0x40000));
    for (i = 0; i < ARRAY_SIZE(values); i++) {
        TRY_INSN("xsetbv", "c"(0), "a"((uint32_t)values[i]),
                 "d"((uint32_t)(values[i] >> 32)));
        TRY_INSN("xsetbv", "c"(1), "a"((uint32_t)values[i]), "d"(0));
    }
    TRY_INSN("movq %0, %%cr4", "r"(cr4));
    expect_alive();
}

static const struct fact facts[] = {
    FACT(every_msr_read),
    FACT(every_msr_written),
    FACT(every_selector),
    FACT(every_vector_by_int),
    FACT(returns_to_odd_addresses),
    FACT(returns_with_odd_flags),
    FACT(returns_with_odd_selectors),
    FACT(debug_registers_over_the_hypervisor),
    FACT(control_registers_take_no_harm),
    FACT(extended_state_sweep),
};

void run_cpu(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
