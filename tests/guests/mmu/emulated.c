/* SPDX-License-Identifier: MIT */
/*
 * mmu/emulated.c - plain instructions that write to a live level 1 table,
 * which is mapped read-only: the hypervisor carries them out after its usual
 * checks, as Linux relies on (mov, xchg, lock and of a byte, cmpxchg).
 */
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "mmu.h"

static void ptwr_mov_64(void)
{
    volatile uint64_t *page = page_alloc();
    pte_t *pte = pte_of((void *)page, 1);

    TRY_INSN("movq %1, (%0)", "r"(pte), "r"(maddr_of((void *)page) |
                                            PTE_KERNEL_RO));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(*pte & (PTE_P | PTE_RW), PTE_P);
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_LOCAL, (uint64_t)page), 0);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    TRY_INSN("movq %1, (%0)", "r"(pte), "r"(maddr_of((void *)page) |
                                            PTE_KERNEL));
    EXPECT_TRAP(TRAP_NONE);
}

static void ptwr_mov_zero_immediate(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1);

    TRY_INSN("movq $0, (%0)", "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(READ_ONCE(*pte), 0);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void ptwr_xchg_returns_the_old_entry(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1), value = 0, before = *pte;

    TRY_OUT("xchgq %0, (%1)", ("+r"(value)), "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(value, before);
    EXPECT_EQ(READ_ONCE(*pte), 0);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void ptwr_lock_and_byte_write_protects(void)
{
    volatile uint64_t *page = page_alloc();
    pte_t *pte = pte_of((void *)page, 1);

    TRY_INSN("lock andb $0xfd, (%0)", "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(*pte & (PTE_P | PTE_RW), PTE_P);
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_LOCAL, (uint64_t)page), 0);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(page_protect((void *)page, true), 0);
}

static void ptwr_cmpxchg_success_and_failure(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1), before = *pte, expected = before;
    uint8_t equal;

    TRY_OUT("lock cmpxchgq %2, (%3)\n\tsete %1",
            ("+a"(expected), "=q"(equal)), "r"(before & ~PTE_RW), "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(equal, 1);
    EXPECT_EQ(*pte & PTE_RW, 0);
    expected = 0x1234;
    TRY_OUT("lock cmpxchgq %2, (%3)\n\tsete %1",
            ("+a"(expected), "=q"(equal)), "r"(0ul), "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(equal, 0);
    EXPECT_EQ(expected, *pte);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void ptwr_lock_btr_clears_one_bit(void)
{
    volatile uint64_t *page = page_alloc();
    pte_t *pte = pte_of((void *)page, 1);
    uint8_t carry;

    *page = 1;
    TRY_OUT("lock btrq $5, (%1)\n\tsetc %0", ("=q"(carry)), "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(carry, 1);
    EXPECT_EQ(*pte & PTE_A, 0);
    EXPECT_EQ(*pte & PTE_P, PTE_P);
    EXPECT_EQ(page_protect((void *)page, true), 0);
}

static void ptwr_or_64(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1);

    TRY_INSN("orq $0x200, (%0)", "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(*pte & 0x200, 0x200);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void ptwr_bad_value_is_reported(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1), before = *pte;
    uint64_t bad = maddr_of((void *)start_info->pt_base) | PTE_KERNEL;

    TRY_INSN("movq %1, (%0)", "r"(pte), "r"(bad));
    EXPECT(trap_last.vector == TRAP_PF || trap_last.vector == TRAP_GP);
    EXPECT_EQ(READ_ONCE(*pte), before);
    report_note("%s", trap_name(trap_last.vector));
}

static void ptwr_of_upper_levels_faults(void)
{
    int level;

    for (level = 2; level <= 4; level++) {
        pte_t *pte = pte_of((void *)start_info, level);
        pte_t before = *pte;

        TRY_INSN("movq %1, (%0)", "r"(pte), "r"(before | 0x200));
        EXPECT_TRAP(TRAP_PF);
        EXPECT_EQ(trap_last.error & 3, 3);
        EXPECT_EQ(trap_last.cr2, pte);
        EXPECT_EQ(*pte, before);
    }
}

static void ptwr_keeps_registers_and_flags(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1);
    uint64_t a = 0x1122334455667788ul;
    uint8_t carry;

    TRY_OUT("stc\n\tmovq %2, (%3)\n\tsetc %1", ("+a"(a), "=q"(carry)),
            "r"(*pte), "r"(pte));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(a, 0x1122334455667788ul);
    EXPECT_EQ(carry, 1);
}

static void ptwr_addressing_forms(void)
{
    void *page = page_alloc();
    pte_t *pte = pte_of(page, 1);
    uint64_t ro = maddr_of(page) | PTE_KERNEL_RO;

    TRY_INSN("movq %1, -0x100(%0,%2,8)", "r"(pte), "r"(ro), "r"(32ul));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(*pte & PTE_RW, 0);
    TRY_INSN("movq %1, 0x12345678(%0)", "r"((uint64_t)pte - 0x12345678),
             "r"(ro | PTE_RW));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(*pte & PTE_RW, PTE_RW);
}

static const struct fact facts[] = {
    FACT(ptwr_mov_64),
    FACT(ptwr_mov_zero_immediate),
    FACT(ptwr_xchg_returns_the_old_entry),
    FACT(ptwr_lock_and_byte_write_protects),
    FACT(ptwr_cmpxchg_success_and_failure),
    FACT(ptwr_lock_btr_clears_one_bit),
    FACT(ptwr_or_64),
    FACT(ptwr_bad_value_is_reported),
    FACT(ptwr_of_upper_levels_faults),
    FACT(ptwr_keeps_registers_and_flags),
    FACT(ptwr_addressing_forms),
};

void run_emulated(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
