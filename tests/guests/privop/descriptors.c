/* SPDX-License-Identifier: MIT */
/*
 * privop/descriptors.c - GDT, LDT, segment bases: what a guest may load and
 * what is rewritten or refused.  ABI: xen/xen.h (set_gdt, update_descriptor,
 * MMUEXT_SET_LDT, set_segment_base).
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "privop.h"

#define DATA32 0x00cff3000000ffffull     /* present, DPL 3, writable data */
#define DATA32_DPL0 0x00cf93000000ffffull
#define NOT_PRESENT 0x00cf73000000ffffull
#define TSS_BUSY 0x00008b0000000067ull
#define CODE64_DPL0 0x00af9b000000ffffull

static uint64_t *gdt;

static uint64_t slot(unsigned int i)
{
    return maddr_of(gdt) + 8 * i;
}

static long set_slot(unsigned int i, uint64_t desc)
{
    return hcall2(__HYPERVISOR_update_descriptor, slot(i), desc);
}

static void set_gdt_loads_own_descriptors(void)
{
    unsigned long frame;

    gdt = page_alloc();
    frame = mfn_of(gdt);
    gdt[5] = DATA32;
    EXPECT_EQ(page_protect(gdt, false), 0);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_gdt, &frame, 512), 0);
    TRY_INSN("movl %0, %%ds", "r"(5 << 3 | 3));
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("movl %0, %%ds", "r"(0));
}

static void gdt_page_is_never_writable(void)
{
    EXPECT_EQ(page_protect(gdt, true), -EBUSY);
    TRY_INSN("movq $0, (%0)", "r"(gdt + 5));
    EXPECT_TRAP(TRAP_PF);
}

static void set_gdt_argument_errors(void)
{
    unsigned long frame = mfn_of((void *)start_info->pt_base);

    EXPECT(hcall2(__HYPERVISOR_set_gdt, &frame, 512) < 0); /* a page table */
    frame = 1ul << 40;
    EXPECT(hcall2(__HYPERVISOR_set_gdt, &frame, 512) < 0);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_gdt, &frame, 9000), -EINVAL);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_gdt, 8, 512), -EFAULT);
    TRY_INSN("movl %0, %%ds", "r"(5 << 3 | 3)); /* the old one is in force */
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("movl %0, %%ds", "r"(0));
}

static void set_gdt_refuses_system_descriptors(void)
{
    uint64_t *bad = page_alloc();
    unsigned long frame = mfn_of(bad);

    bad[5] = TSS_BUSY;
    EXPECT_EQ(page_protect(bad, false), 0);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_gdt, &frame, 512), -EINVAL);
    EXPECT_EQ(page_protect(bad, true), 0);
}

static void descriptor_update_takes_effect(void)
{
    EXPECT_EQ(set_slot(6, DATA32), 0);
    EXPECT_EQ(gdt[6], DATA32);
    TRY_INSN("movl %0, %%es", "r"(6 << 3 | 3));
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("movl %0, %%es", "r"(0));
    EXPECT_EQ(set_slot(6, 0), 0);
    TRY_INSN("movl %0, %%es", "r"(6 << 3 | 3));
    EXPECT_TRAP(TRAP_GP);
    EXPECT_EQ(trap_last.error, 6 << 3);
}

static void descriptor_dpl0_is_raised(void)
{
    EXPECT_EQ(set_slot(6, DATA32_DPL0), 0);
    EXPECT_EQ(gdt[6] >> 45 & 3, 3);
    EXPECT_EQ(set_slot(7, CODE64_DPL0), 0);
    EXPECT_EQ(gdt[7] >> 45 & 3, 3);
}

static void descriptor_system_types_refused(void)
{
    unsigned int type;

    for (type = 1; type < 16; type++) {
        uint64_t desc = 0x0000e00000330000ull | (uint64_t)type << 40;

        /* A 64-bit hypervisor may or may not allow type 12, a call gate. */
        EXPECT(type == 12 || set_slot(8, desc) < 0);
    }
    EXPECT_EQ(gdt[8], 0);
}

static void descriptor_not_present_raises_np(void)
{
    EXPECT_EQ(set_slot(6, NOT_PRESENT), 0);
    TRY_INSN("movl %0, %%es", "r"(6 << 3 | 3));
    EXPECT_TRAP(TRAP_NP);
    EXPECT_EQ(trap_last.error, 6 << 3);
}

static void descriptor_in_a_data_page(void)
{
    uint64_t *data = page_alloc();

    EXPECT_EQ(hcall2(__HYPERVISOR_update_descriptor, maddr_of(data), DATA32),
              0);
    EXPECT_EQ(READ_ONCE(*data), DATA32);
}

static void descriptor_address_errors(void)
{
    EXPECT_EQ(hcall2(__HYPERVISOR_update_descriptor, slot(6) + 4, DATA32),
              -EINVAL);
    EXPECT(hcall2(__HYPERVISOR_update_descriptor, 1ul << 50, DATA32) < 0);
    EXPECT(hcall2(__HYPERVISOR_update_descriptor, 0x200000, DATA32) < 0);
    EXPECT(hcall2(__HYPERVISOR_update_descriptor,
                  mfn_of((void *)start_info->pt_base) * PAGE_SIZE,
                  DATA32) < 0);
}

static long set_ldt(const void *base, unsigned int n)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

    op.arg1.linear_addr = (unsigned long)base;
    op.arg2.nr_ents = n;
    return hc_mmuext(&op, 1, NULL, DOMID_SELF);
}

static void ldt_is_mapped_on_first_use(void)
{
    uint64_t *ldt = page_alloc();

    ldt[3] = DATA32;
    EXPECT_EQ(page_protect(ldt, false), 0);
    EXPECT_EQ(set_ldt(ldt, 512), 0);
    TRY_INSN("movl %0, %%es", "r"(3 << 3 | 7));
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("movl %0, %%es", "r"(4 << 3 | 7)); /* empty slot */
    EXPECT_TRAP(TRAP_GP);
    EXPECT_EQ(trap_last.error, 4 << 3 | 4);
    TRY_INSN("movl %0, %%es", "r"(0));
    EXPECT_EQ(set_ldt(NULL, 0), 0);
    TRY_INSN("movl %0, %%es", "r"(3 << 3 | 7));
    EXPECT_TRAP(TRAP_GP);
    EXPECT_EQ(page_protect(ldt, true), 0);
}

static long base(unsigned int which, uint64_t value)
{
    return hcall2(__HYPERVISOR_set_segment_base, which, value);
}

static struct context back;

static bool on_failsafe(struct trap_frame *f)
{
    trap_last.vector = (int)f->vector;
    context_jump(&back, 1);
}

/* A new LDT with a data segment in slot 3, no page of which was used yet. */
static uint64_t *fresh_ldt(void)
{
    uint64_t *ldt = page_alloc();

    ldt[3] = DATA32;
    EXPECT_EQ(page_protect(ldt, false), 0);
    EXPECT_EQ(set_ldt(NULL, 0), 0);
    EXPECT_EQ(set_ldt(ldt, 512), 0);
    return ldt;
}

static void ldt_first_used_by_the_hypervisor(void)
{
    uint64_t *ldt = fresh_ldt();
    unsigned int sel;

    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 3 << 3 | 7), 0);
    __asm__ volatile("movl %%gs, %0" : "=r"(sel));
    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 0), 0);
    EXPECT_EQ(set_ldt(NULL, 0), 0);
    EXPECT_EQ(sel, 3 << 3 | 7);
    EXPECT_EQ(page_protect(ldt, true), 0);
}

/* The stack segment of a return: looked up by the hypervisor's IRET. */
static void ldt_first_used_by_a_return(void)
{
    uint64_t *ldt = fresh_ldt();
    unsigned int sel = 0;

    trap_last.vector = TRAP_NONE;
    trap_handlers[VECTOR_FAILSAFE] = on_failsafe;
    if (context_save(&back) == 0) {
        __asm__ volatile("movq %%rsp, %%rdx\n\tpushq %[ss]\n\tpushq %%rdx\n\t"
                         "pushfq\n\tpushq %[cs]\n\tpushq $1f\n\t"
                         "pushq $0\n\tpushq $0\n\tpushq $0\n\tpushq $0\n\t"
                         "movl %[nr], %%eax\n\tsyscall\n"
                         "1:\tmovl %%ss, %[sel]\n\tmovl %[flat], %%ss"
                         : [sel] "=&b"(sel)
                         : [ss] "r"(3ul << 3 | 7),
                           [cs] "r"((uint64_t)FLAT_KERNEL_CS & ~3ul),
                           [flat] "r"(FLAT_KERNEL_SS),
                           [nr] "i"(__HYPERVISOR_iret)
                         : "rax", "rcx", "rdx", "r10", "r11", "memory", "cc");
    }
    trap_handlers[VECTOR_FAILSAFE] = NULL;
    EXPECT_EQ(set_ldt(NULL, 0), 0);
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(sel, 3 << 3 | 7);
    EXPECT_EQ(page_protect(ldt, true), 0);
}

static void ldt_argument_errors(void)
{
    uint64_t *ldt = page_alloc();

    EXPECT(set_ldt(ldt, 8193) < 0);
    EXPECT(set_ldt((uint8_t *)ldt + 8, 512) < 0);
    EXPECT(set_ldt((void *)0xffff830000000000ul, 512) < 0 ||
           set_ldt(NULL, 0) == 0);
}

static void segment_bases_take_effect(void)
{
    static uint64_t there = 0xcafe;
    uint64_t got;

    EXPECT_EQ(base(SEGBASE_FS, (uint64_t)&there), 0);
    __asm__ volatile("movq %%fs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xcafe);
    EXPECT_EQ(base(SEGBASE_GS_KERNEL, (uint64_t)&there), 0);
    __asm__ volatile("movq %%gs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xcafe);
    EXPECT_EQ(base(SEGBASE_GS_USER, 0x5000), 0);
    EXPECT_EQ(base(SEGBASE_FS, 0), 0);
    EXPECT_EQ(base(SEGBASE_GS_KERNEL, 0), 0);
}

static void segment_base_survives_a_trap(void)
{
    static uint64_t there = 0xd00d;
    uint64_t got;

    EXPECT_EQ(base(SEGBASE_FS, (uint64_t)&there), 0);
    TRY_INSN("ud2", "r"(0));
    EXPECT_TRAP(TRAP_UD);
    hc_sched(SCHEDOP_yield, NULL);
    __asm__ volatile("movq %%fs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xd00d);
    EXPECT_EQ(base(SEGBASE_FS, 0), 0);
}

static void segment_base_errors(void)
{
    EXPECT_EQ(base(SEGBASE_FS, 1ul << 63), -EINVAL);
    EXPECT_EQ(base(SEGBASE_GS_USER, 1ul << 47), -EINVAL);
    EXPECT_EQ(base(SEGBASE_GS_KERNEL, 1ul << 62), -EINVAL);
    EXPECT_EQ(base(99, 0), -EINVAL);
}

static void gs_user_selector_loads(void)
{
    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 0), 0);
    EXPECT_EQ(set_slot(6, DATA32), 0);
    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 6 << 3 | 3), 0);
    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 0), 0);
}

static const struct fact facts[] = {
    FACT(set_gdt_loads_own_descriptors),
    FACT(gdt_page_is_never_writable),
    FACT(set_gdt_argument_errors),
    FACT(set_gdt_refuses_system_descriptors),
    FACT(descriptor_update_takes_effect),
    FACT(descriptor_dpl0_is_raised),
    FACT(descriptor_system_types_refused),
    FACT(descriptor_not_present_raises_np),
    FACT(descriptor_in_a_data_page),
    FACT(descriptor_address_errors),
    FACT(ldt_is_mapped_on_first_use),
    FACT(ldt_first_used_by_the_hypervisor),
    FACT(ldt_first_used_by_a_return),
    FACT(ldt_argument_errors),
    FACT(segment_bases_take_effect),
    FACT(segment_base_survives_a_trap),
    FACT(segment_base_errors),
    FACT(gs_user_selector_loads),
};

void run_descriptors(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
