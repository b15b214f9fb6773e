/* SPDX-License-Identifier: MIT */
/*
 * privop/main.c - instructions that only a real kernel may execute: the
 * hypervisor carries out or refuses them for a PV kernel.  ABI: CPUID by the
 * forced prefix (xen/arch-x86/xen.h, XEN_EMULATE_PREFIX), xen/physdev.h.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "privop.h"

struct regs {
    uint32_t a, b, c, d;
};

static struct regs forced_cpuid(uint32_t leaf, uint32_t sub)
{
    struct regs r;

    __asm__ volatile("ud2; .ascii \"xen\"; cpuid"
                     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "a"(leaf), "c"(sub));
    return r;
}

static void cpuid_hypervisor_leaves(void)
{
    struct regs r = forced_cpuid(0x40000000, 0);

    EXPECT(r.a >= 0x40000001 && r.a < 0x40000100);
    EXPECT_EQ(r.b, 0x566e6558); /* "XenVMMXenVMM" */
    EXPECT_EQ(r.c, 0x65584d4d);
    EXPECT_EQ(r.d, 0x4d4d566e);
    r = forced_cpuid(0x40000001, 0);
    EXPECT_EQ(r.a, hc_version(XENVER_version, NULL));
    EXPECT_EQ(r.a >> 16, 4);
}

static void cpuid_no_second_hypervisor(void)
{
    uint32_t base;

    for (base = 0x40000100; base < 0x40010000; base += 0x100) {
        struct regs r = forced_cpuid(base, 0);

        EXPECT(r.b != 0x566e6558);
    }
}

static void cpuid_policy_for_pv(void)
{
    struct regs r = forced_cpuid(1, 0);

    EXPECT_EQ(r.c >> 31, 1);                 /* hypervisor present */
    EXPECT_EQ(r.c & (1u << 3), 0);           /* no MONITOR */
    EXPECT_EQ(r.d & (1u << 3 | 1u << 13 | 1u << 17), 0); /* PSE PGE PSE36 */
    EXPECT_EQ(r.d >> 24 & 1, 1);             /* FXSR */
    r = forced_cpuid(7, 0);
    EXPECT_EQ(r.b & (1u << 7 | 1u << 20), 0); /* no SMEP, SMAP */
    EXPECT_EQ(r.c & (1u << 2 | 1u << 3), 0);  /* no UMIP, PKU */
    r = forced_cpuid(0x80000001, 0);
    EXPECT_EQ(r.c & (1u << 2), 0);           /* no SVM */
    EXPECT_EQ(r.d & (1u << 26), 0);          /* no 1 GiB pages */
    EXPECT_EQ(r.d & (1u << 29 | 1u << 20 | 1u << 11),
              1u << 29 | 1u << 20 | 1u << 11); /* LM NX SYSCALL */
}

static void osxsave_can_be_switched_on(void)
{
    uint64_t cr4;

    if (!(forced_cpuid(1, 0).c & (1u << 26))) {
        SKIP("no XSAVE");
    }
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4 | 0x40000));
    EXPECT_EQ(forced_cpuid(1, 0).c >> 27 & 1, 1);
    TRY_INSN("xgetbv", "c"(0), "a"(0), "d"(0));
    EXPECT_TRAP(TRAP_NONE);
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4));
}

static void cpuid_prefix_must_be_exact(void)
{
    TRY_INSN("ud2; .ascii \"xem\"; cpuid", "a"(0));
    EXPECT_TRAP(TRAP_UD);
}

static void msr_efer_reads(void)
{
    uint32_t lo, hi;

    TRY_OUT("rdmsr", ("=a"(lo), "=d"(hi)), "c"(0xc0000080u));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(lo & 0x501, 0x501); /* LMA LME SCE */
}

static long write_msr(uint32_t msr, uint64_t value)
{
    TRY_INSN("wrmsr", "c"(msr), "a"((uint32_t)value),
             "d"((uint32_t)(value >> 32)));
    return trap_last.vector;
}

static void msr_segment_bases_work(void)
{
    static uint64_t there = 0xbeef;
    uint64_t got;
    uint32_t lo, hi;

    EXPECT_EQ(write_msr(0xc0000100, (uint64_t)&there), TRAP_NONE);
    __asm__ volatile("movq %%fs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xbeef);
    TRY_OUT("rdmsr", ("=a"(lo), "=d"(hi)), "c"(0xc0000100u));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(lo | (uint64_t)hi << 32, &there);
    EXPECT_EQ(write_msr(0xc0000101, (uint64_t)&there), TRAP_NONE);
    __asm__ volatile("movq %%gs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xbeef);
    EXPECT_EQ(write_msr(0xc0000101, 0), TRAP_NONE);
    EXPECT_EQ(write_msr(0xc0000102, 0x1234), TRAP_NONE);
    TRY_OUT("rdmsr", ("=a"(lo), "=d"(hi)), "c"(0xc0000102u));
    EXPECT_EQ(lo, 0x1234);
}

static void msr_non_canonical_base_refused(void)
{
    EXPECT_EQ(write_msr(0xc0000100, 1ul << 63), TRAP_GP);
    EXPECT_EQ(write_msr(0xc0000101, 1ul << 62), TRAP_GP);
    EXPECT_EQ(write_msr(0xc0000102, 1ul << 47), TRAP_GP);
}

static void msr_pat_reads_the_abi_layout(void)
{
    uint32_t lo, hi;

    TRY_OUT("rdmsr", ("=a"(lo), "=d"(hi)), "c"(0x277u));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(lo | (uint64_t)hi << 32, 0x050100070406ul);
}

static void msr_unknown_is_gp(void)
{
    static const uint32_t unknown[] = { 0x40001fff, 0xdeadbeef, 0xc0011fff };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(unknown); i++) {
        TRY_INSN("rdmsr", "c"(unknown[i]), "a"(0), "d"(0));
        EXPECT_TRAP(TRAP_GP);
        EXPECT_EQ(trap_last.error, 0);
    }
}

static void msr_star_family_is_not_given_away(void)
{
    uint64_t evil = (uint64_t)syscall_entry;

    write_msr(0xc0000082, evil); /* LSTAR: refused or ignored */
    EXPECT(hc_version(XENVER_version, NULL) > 0);
}

static void cr0_reads_protected_paged(void)
{
    uint64_t cr0;

    TRY_OUT("movq %%cr0, %0", ("=r"(cr0)), "r"(0));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(cr0 & 0x80000001, 0x80000001);
}

static void clts_clears_ts(void)
{
    EXPECT_EQ(hcall1(__HYPERVISOR_fpu_taskswitch, 1), 0);
    TRY_INSN("clts", "r"(0));
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("fld1; fstp %%st(0)", "r"(0));
    EXPECT_TRAP(TRAP_NONE);
}

static void cr2_reads_the_last_fault(void)
{
    uint64_t cr2;

    TRY_INSN("movq (%0), %%r10", "r"(0x123456789000ul));
    EXPECT_TRAP(TRAP_PF);
    TRY_OUT("movq %%cr2, %0", ("=r"(cr2)), "r"(0));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(cr2, 0x123456789000ul);
}

static void cr3_reads_the_guest_root(void)
{
    uint64_t cr3;

    TRY_OUT("movq %%cr3, %0", ("=r"(cr3)), "r"(0));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(cr3, mfn_of((void *)start_info->pt_base) * PAGE_SIZE);
}

static void cli_and_sti_never_reach_hardware(void)
{
    struct physdev_set_iopl op = { .iopl = 1 };

    EXPECT_EQ(hc_physdev(PHYSDEVOP_set_iopl, &op), 0);
    TRY_INSN("cli; sti", "r"(0));
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("pushfq; popq %%r10; testl $0x200, %%r10d; jnz 2f; ud2; 2:",
             "r"(0));
    EXPECT_TRAP(TRAP_NONE); /* IF was never really cleared */
}

static void privileged_instructions_not_offered_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = { 0, 0 };

    TRY_INSN("lgdt %0", "m"(table));
    EXPECT_TRAP(TRAP_GP);
    TRY_INSN("lidt %0", "m"(table));
    EXPECT_TRAP(TRAP_GP);
    TRY_INSN("ltr %w0", "r"(0));
    EXPECT_TRAP(TRAP_GP);
    TRY_INSN("movq %0, %%cr8", "r"(0ul));
    EXPECT_TRAP(TRAP_GP);
    TRY_INSN("movq %0, %%cr3", "r"(0x1000ul));
    EXPECT(trap_last.vector == TRAP_GP || trap_last.vector == TRAP_UD);
}

static const struct fact facts[] = {
    FACT(cpuid_hypervisor_leaves),
    FACT(cpuid_no_second_hypervisor),
    FACT(cpuid_policy_for_pv),
    FACT(osxsave_can_be_switched_on),
    FACT(cpuid_prefix_must_be_exact),
    FACT(msr_efer_reads),
    FACT(msr_segment_bases_work),
    FACT(msr_non_canonical_base_refused),
    FACT(msr_pat_reads_the_abi_layout),
    FACT(msr_unknown_is_gp),
    FACT(msr_star_family_is_not_given_away),
    FACT(cr0_reads_protected_paged),
    FACT(clts_clears_ts),
    FACT(cr2_reads_the_last_fault),
    FACT(cr3_reads_the_guest_root),
    FACT(cli_and_sti_never_reach_hardware),
    FACT(privileged_instructions_not_offered_fault),
};

void guest_main(void)
{
    report_run(facts, ARRAY_SIZE(facts));
    run_ports();
    run_descriptors();
    report_end();
}
