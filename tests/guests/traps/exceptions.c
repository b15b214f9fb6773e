/* SPDX-License-Identifier: MIT */
/*
 * traps/exceptions.c - what a PV kernel sees when one of its instructions
 * faults: vector, error code, CR2, frame and upcall mask.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "traps.h"

#define UNMAPPED 0x7f0000000000ul

static struct trap_info table[257];

static void load_table(uint8_t flags, uint8_t dpl_mask)
{
    unsigned int i;

    trap_table_fill(table, flags);
    for (i = 0; i < 256; i++) {
        table[i].flags &= (uint8_t)(dpl_mask | 4);
    }
    EXPECT_EQ(hcall1(__HYPERVISOR_set_trap_table, table), 0);
}

static void pf_read_unmapped(void)
{
    TRY_INSN("movq (%0), %%r10", "r"(UNMAPPED + 0x123));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(trap_last.error, 0);
    EXPECT_EQ(trap_last.cr2, UNMAPPED + 0x123);
}

static void pf_write_unmapped(void)
{
    TRY_INSN("movq $1, (%0)", "r"(UNMAPPED));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(trap_last.error, 2);
}

static void pf_write_read_only(void)
{
    void *page = page_alloc();

    EXPECT_EQ(page_protect(page, false), 0);
    TRY_INSN("movq $1, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(trap_last.error, 3);
    EXPECT_EQ(trap_last.cr2, page);
    EXPECT_EQ(page_protect(page, true), 0);
    TRY_INSN("movq $1, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_NONE);
}

static void pf_execute_nx(void)
{
    uint8_t *page = page_alloc();

    page[0] = 0xc3;
    EXPECT_EQ(page_map(page, mfn_of(page), PTE_KERNEL | PTE_NX), 0);
    TRY_INSN("jmpq *%0", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(trap_last.error, 0x11);
    EXPECT_EQ(trap_last.rip, page);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void gp_non_canonical_load(void)
{
    TRY_INSN("movq (%0), %%r10", "r"(0x8000000000000000ul));
    EXPECT_TRAP(TRAP_GP);
    EXPECT_EQ(trap_last.error, 0);
}

static void gp_null_selector_call(void)
{
    TRY_INSN("movw %w0, %%ss", "r"(0));
    EXPECT_TRAP(TRAP_GP);
    EXPECT_EQ(trap_last.error, 0);
}

static void ud_on_ud2(void)
{
    TRY_INSN("ud2");
    EXPECT_TRAP(TRAP_UD);
    EXPECT_EQ(*(const uint8_t *)trap_last.rip, 0x0f);
}

static void de_on_division_by_zero(void)
{
    TRY_INSN("xorl %%r10d, %%r10d; movl $1, %%eax; cltd; divl %%r10d",
             "a"(0), "d"(0));
    EXPECT_TRAP(TRAP_DE);
}

static void bp_on_int3_has_next_rip(void)
{
    TRY_INSN("int3");
    EXPECT_TRAP(TRAP_BP);
    EXPECT_EQ(*(const uint8_t *)(trap_last.rip - 1), 0xcc);
}

static void int_80_reaches_its_row(void)
{
    TRY_INSN("int $0x80");
    EXPECT_TRAP(0x80);
    EXPECT_EQ(*(const uint16_t *)(trap_last.rip - 2), 0x80cd);
}

/*
 * QEMU 7.2 pushes n*16+2 for a refused software interrupt; a hypervisor that
 * trusts it delivers 2n.  Both count as delivery here.
 */
static void int_n_with_dpl3_is_delivered(void)
{
    TRY_INSN("int $0x41");
    EXPECT(trap_last.vector == 0x41 || trap_last.vector == 0x82);
    EXPECT_EQ(*(const uint16_t *)(trap_last.rip - 2), 0x41cd);
    report_note("vector 0x%x", (unsigned int)trap_last.vector);
}

static void int_n_with_dpl0_is_refused(void)
{
    load_table(0, 0);
    TRY_INSN("int $0x21");
    load_table(0, 3);
    EXPECT_TRAP(TRAP_GP);
    EXPECT(trap_last.error == 0x21 * 8 + 2 ||
           trap_last.error == 0x21 * 16 + 2);
    EXPECT_EQ(*(const uint16_t *)trap_last.rip, 0x21cd);
}

static void nm_after_taskswitch_once(void)
{
    EXPECT_EQ(hcall1(__HYPERVISOR_fpu_taskswitch, 1), 0);
    TRY_INSN("fld1; fstp %%st(0)", "a"(0));
    EXPECT_TRAP(TRAP_NM);
    TRY_INSN("fld1; fstp %%st(0)", "a"(0));
    EXPECT_TRAP(TRAP_NONE);
}

static void taskswitch_zero_clears_ts(void)
{
    EXPECT_EQ(hcall1(__HYPERVISOR_fpu_taskswitch, 1), 0);
    EXPECT_EQ(hcall1(__HYPERVISOR_fpu_taskswitch, 0), 0);
    TRY_INSN("fld1; fstp %%st(0)", "a"(0));
    EXPECT_TRAP(TRAP_NONE);
}

static void mf_on_unmasked_x87_error(void)
{
    uint16_t cw = 0x37b; /* divide by zero unmasked */

    TRY_INSN("fninit; fldcw %0; fld1; fldz; fdivrp; fwait; nop", "m"(cw));
    __asm__ volatile("fnclex; fninit");
    EXPECT_TRAP(TRAP_MF);
}

static void frame_cs_has_kernel_rpl(void)
{
    TRY_INSN("ud2");
    EXPECT_EQ(trap_last.cs & 0xffff, FLAT_KERNEL_CS & ~3);
    EXPECT_EQ(trap_last.ss & 0xffff, FLAT_KERNEL_SS);
}

static void frame_cs_keeps_the_upcall_mask(void)
{
    this_vcpu_info()->evtchn_upcall_mask = 1;
    TRY_INSN("ud2");
    EXPECT_EQ((trap_last.cs >> 32) & 0xff, 1);
    this_vcpu_info()->evtchn_upcall_mask = 0;
    TRY_INSN("ud2");
    EXPECT_EQ((trap_last.cs >> 32) & 0xff, 0);
}

static void frame_if_is_inverse_of_upcall_mask(void)
{
    this_vcpu_info()->evtchn_upcall_mask = 1;
    TRY_INSN("ud2");
    EXPECT_EQ(trap_last.rflags & 0x200, 0);
    this_vcpu_info()->evtchn_upcall_mask = 0;
    TRY_INSN("ud2");
    EXPECT_EQ(trap_last.rflags & 0x200, 0x200);
}

static void frame_iopl_is_not_real(void)
{
    TRY_INSN("ud2");
    EXPECT_EQ(trap_last.rflags & 0x3000, 0);
}

static void plain_row_leaves_upcall_mask(void)
{
    this_vcpu_info()->evtchn_upcall_mask = 0;
    TRY_INSN("ud2");
    EXPECT_EQ(trap_last.upcall_mask, 0);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_mask, 0);
}

static void masking_row_masks_and_iret_restores(void)
{
    load_table(4, 3);
    this_vcpu_info()->evtchn_upcall_mask = 0;
    TRY_INSN("ud2");
    load_table(0, 3);
    EXPECT_TRAP(TRAP_UD);
    EXPECT_EQ(trap_last.upcall_mask, 1);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_mask, 0);
}

static void trap_keeps_stack_pointer_and_aligns(void)
{
    uint64_t rsp;

    trap_last.vector = TRAP_NONE;
    __asm__ volatile("movq $1f, trap_resume\n\t"
                     "pushq $0\n\tmovq %%rsp, %0\n\tud2\n1:\taddq $8, %%rsp"
                     : "=r"(rsp)
                     :
                     : "memory");
    EXPECT_TRAP(TRAP_UD);
    EXPECT_EQ(trap_last.rsp, rsp);
}

static void trap_rcx_r11_are_the_interrupted_ones(void)
{
    trap_last.vector = TRAP_NONE;
    __asm__ volatile("movq $1f, trap_resume\n\t"
                     "movl $0x1234, %%ecx\n\tmovl $0x5678, %%r11d\n\tud2\n1:"
                     :
                     :
                     : "memory", "rcx", "r11");
    EXPECT_EQ(trap_last.rcx, 0x1234);
    EXPECT_EQ(trap_last.r11, 0x5678);
}

static void set_trap_table_bad_pointer(void)
{
    EXPECT_EQ(hcall1(__HYPERVISOR_set_trap_table, UNMAPPED), -EFAULT);
    TRY_INSN("ud2");
    EXPECT_TRAP(TRAP_UD);
}

static void set_trap_table_hypervisor_pointer(void)
{
    EXPECT_EQ(hcall1(__HYPERVISOR_set_trap_table, 0xffff830000000000ul),
              -EFAULT);
    TRY_INSN("ud2");
    EXPECT_TRAP(TRAP_UD);
}

static void set_trap_table_stops_at_empty_row(void)
{
    static const struct trap_info two[3] = {
        { 0x90, 3, FLAT_KERNEL_CS, 1 }, { 0x91, 0, 0, 0 },
        { TRAP_UD, 0, FLAT_KERNEL_CS, 1 },
    };

    EXPECT_EQ(hcall1(__HYPERVISOR_set_trap_table, two), 0);
    TRY_INSN("ud2"); /* row 6 was behind the end: unchanged */
    EXPECT_TRAP(TRAP_UD);
    load_table(0, 3);
}

static const struct fact facts[] = {
    FACT(pf_read_unmapped),
    FACT(pf_write_unmapped),
    FACT(pf_write_read_only),
    FACT(pf_execute_nx),
    FACT(gp_non_canonical_load),
    FACT(gp_null_selector_call),
    FACT(ud_on_ud2),
    FACT(de_on_division_by_zero),
    FACT(bp_on_int3_has_next_rip),
    FACT(int_80_reaches_its_row),
    FACT(int_n_with_dpl3_is_delivered),
    FACT(int_n_with_dpl0_is_refused),
    FACT(nm_after_taskswitch_once),
    FACT(taskswitch_zero_clears_ts),
    FACT(mf_on_unmasked_x87_error),
    FACT(frame_cs_has_kernel_rpl),
    FACT(frame_cs_keeps_the_upcall_mask),
    FACT(frame_if_is_inverse_of_upcall_mask),
    FACT(frame_iopl_is_not_real),
    FACT(plain_row_leaves_upcall_mask),
    FACT(masking_row_masks_and_iret_restores),
    FACT(trap_keeps_stack_pointer_and_aligns),
    FACT(trap_rcx_r11_are_the_interrupted_ones),
    FACT(set_trap_table_bad_pointer),
    FACT(set_trap_table_hypervisor_pointer),
    FACT(set_trap_table_stops_at_empty_row),
};

void run_exceptions(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
