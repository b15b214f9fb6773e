/* SPDX-License-Identifier: MIT */
/*
 * entry/tables.c - facts about the address space at entry: the boot page
 * tables, the p2m list, the machine-to-physical table, features.
 * ABI: xen/xen.h (start_info layout), xen/elfnote.h (INIT_P2M).
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "entry.h"

extern uint8_t image_start[], image_end[];

static const uint64_t *p2m(void)
{
    return (const uint64_t *)start_info->mfn_list;
}

static void boot_tables_are_inside_the_boot_map(void)
{
    uint64_t end = start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;

    EXPECT(start_info->nr_pt_frames >= 4);
    EXPECT(start_info->pt_base >= (uint64_t)image_end);
    EXPECT(pte_of((void *)(end - 1), 1) != NULL);
}

static void boot_tables_are_mapped_read_only(void)
{
    uint64_t i;

    for (i = 0; i < start_info->nr_pt_frames; i++) {
        void *va = (void *)(start_info->pt_base + i * PAGE_SIZE);
        const pte_t *pte = pte_of(va, 1);

        EXPECT(pte != NULL);
        EXPECT_EQ(*pte & (PTE_P | PTE_RW), PTE_P);
    }
}

/*
 * Every page between the image and v_end is mapped, with 512 KiB of slack
 * behind the stack, and the end is a multiple of 4 MiB.
 */
static void boot_map_has_slack_to_4mb(void)
{
    uint64_t va = start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
    uint64_t from = va + PAGE_SIZE;

    for (; va < VIRT_BASE + (64ul << 20); va += PAGE_SIZE) {
        const pte_t *l2 = pte_of((void *)va, 2);

        if (l2 == NULL || !(*l2 & PTE_P) ||
            !(*pte_of((void *)va, 1) & PTE_P)) {
            break;
        }
    }
    EXPECT_EQ(va % (4ul << 20), 0);
    EXPECT(va - from >= 512ul << 10);
}

static void boot_map_is_user_writable_executable(void)
{
    const pte_t *pte = pte_of(image_start, 1);

    EXPECT_EQ(*pte & (PTE_P | PTE_RW | PTE_US | PTE_NX),
              PTE_P | PTE_RW | PTE_US);
    EXPECT_EQ(*pte_of(image_start, 4) & (PTE_P | PTE_US), PTE_P | PTE_US);
}

static uint64_t window_va(void)
{
    return (uint64_t)peek_frame(mfn_of(image_start));
}

static void p2m_agrees_with_boot_map(void)
{
    uint64_t va;

    for (va = (uint64_t)image_start; va < (uint64_t)image_end;
         va += PAGE_SIZE) {
        const pte_t *pte = pte_of((void *)va, 1);

        if (va == (uint64_t)shared_info || va == window_va()) {
            continue; /* remapped by the run-time */
        }
        EXPECT_EQ((*pte & PTE_MFN_MASK) / PAGE_SIZE,
                  p2m()[pfn_of((void *)va)]);
    }
}

static void p2m_is_where_the_notes_ask(void)
{
#define INIT_P2M_VA 0x8000000000ul
    if (start_info->mfn_list != INIT_P2M_VA) {
        EXPECT(start_info->mfn_list >= (uint64_t)image_end);
        EXPECT(start_info->mfn_list < start_info->pt_base);
        EXPECT_EQ(start_info->mfn_list % PAGE_SIZE, 0);
        report_note("in the boot map");
        return;
    }
    EXPECT(start_info->nr_p2m_frames > 0);
    EXPECT(start_info->first_p2m_pfn > pfn_of(image_end));
    EXPECT(start_info->first_p2m_pfn + start_info->nr_p2m_frames <=
           start_info->nr_pages);
    EXPECT(start_info->flags & SIF_MOD_START_PFN ||
           start_info->mod_len == 0);
    report_note("at INIT_P2M");
}

/* One level of a walk through tables that are not in the boot map. */
static pte_t entry_in(uint64_t table_mfn, uint64_t va, int level)
{
    const pte_t *table = peek_frame(table_mfn);

    return table[(va >> (12 + 9 * (level - 1))) & 511];
}

static bool frame_is_named(pte_t pte)
{
    uint64_t pfn = m2p((pte & PTE_MFN_MASK) / PAGE_SIZE);

    return (pte & PTE_P) && !(pte & PTE_PS) &&
           pfn >= start_info->first_p2m_pfn &&
           pfn < start_info->first_p2m_pfn + start_info->nr_p2m_frames;
}

/*
 * The p2m and its page tables lie in first_p2m_pfn.., mapped by small pages;
 * the level 3 table may be among them.
 */
static void p2m_frames_are_the_ones_named(void)
{
    uint64_t pages = (start_info->nr_pages * 8 + PAGE_SIZE - 1) / PAGE_SIZE;
    uint64_t i;

    if (start_info->mfn_list != INIT_P2M_VA) {
        SKIP("no INIT_P2M note");
    }
    for (i = 0; i < pages; i++) {
        uint64_t va = start_info->mfn_list + i * PAGE_SIZE;
        pte_t pte = *pte_of((void *)va, 4);
        int level;

        for (level = 3; level >= 1; level--) {
            EXPECT(frame_is_named(pte));
            pte = entry_in((pte & PTE_MFN_MASK) / PAGE_SIZE, va, level);
        }
        EXPECT(frame_is_named(pte));
    }
}

static void p2m_is_writable_in_place(void)
{
    volatile uint64_t *slot = (volatile uint64_t *)start_info->mfn_list;
    uint64_t old = slot[1];

    slot[1] = old ^ 1;
    EXPECT_EQ(slot[1], old ^ 1);
    slot[1] = old;
}

static void m2p_inverts_p2m(void)
{
    uint64_t pfn;

    for (pfn = 0; pfn < start_info->nr_pages; pfn++) {
        EXPECT_EQ(m2p(p2m()[pfn]), pfn);
    }
}

static void m2p_is_read_only(void)
{
    volatile uint64_t *slot =
        (volatile uint64_t *)MACH2PHYS_VIRT_START + p2m()[0];

    TRY_INSN("movq $0, (%0)", "r"(slot));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(m2p(p2m()[0]), 0);
}

static void m2p_range_is_what_memory_op_says(void)
{
    struct xen_machphys_mapping map = { 0 };

    EXPECT_EQ(hc_memory(XENMEM_machphys_mapping, &map), 0);
    EXPECT_EQ(map.v_start, MACH2PHYS_VIRT_START);
    EXPECT(map.v_end > map.v_start);
    EXPECT(map.v_end <= 0xffff880000000000ul);
    EXPECT(map.max_mfn > 0);
}

static void hypervisor_range_is_not_readable(void)
{
    /* Slots 257..271 hold no page that a guest may see. */
    uint64_t va;

    for (va = 0xffff808000000000ul; va < 0xffff880000000000ul;
         va += 1ul << 39) {
        TRY_INSN("movq (%0), %%r10", "r"(va));
        EXPECT_TRAP(TRAP_PF);
        EXPECT_EQ(trap_last.cr2, va);
    }
}

static void boot_l4_is_pinned(void)
{
    /* A pinned table can be unpinned once, and pinned again. */
    uint64_t l4 = mfn_of((void *)start_info->pt_base);

    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, l4), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, l4), -EINVAL);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L4_TABLE, l4), 0);
}

static void shared_info_time_is_valid_at_entry(void)
{
    const struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;

    EXPECT_EQ(t->version & 1, 0);
    EXPECT(t->version != 0);
    EXPECT(t->tsc_to_system_mul != 0);
    EXPECT(t->tsc_timestamp <= rdtsc());
}

static const struct fact facts[] = {
    FACT(boot_tables_are_inside_the_boot_map),
    FACT(boot_tables_are_mapped_read_only),
    FACT(boot_map_has_slack_to_4mb),
    FACT(boot_map_is_user_writable_executable),
    FACT(p2m_agrees_with_boot_map),
    FACT(p2m_is_where_the_notes_ask),
    FACT(p2m_frames_are_the_ones_named),
    FACT(p2m_is_writable_in_place),
    FACT(m2p_inverts_p2m),
    FACT(m2p_is_read_only),
    FACT(m2p_range_is_what_memory_op_says),
    FACT(hypervisor_range_is_not_readable),
    FACT(boot_l4_is_pinned),
    FACT(shared_info_time_is_valid_at_entry),
};

void entry_run_tables(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
