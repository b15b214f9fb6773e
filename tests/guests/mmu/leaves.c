/* SPDX-License-Identifier: MIT */
/*
 * mmu/leaves.c - level 1 entries: update_va_mapping and mmu_update, their
 * flags, counts, refusals.
 */
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "mmu.h"

static void uvm_unmaps_and_maps_again(void)
{
    volatile uint64_t *page = page_alloc();

    *page = 0x5a;
    EXPECT_EQ(hc_uvm(page, 0, UVMF_INVLPG | UVMF_LOCAL), 0);
    TRY_INSN("movq (%0), %%r10", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(page_protect((void *)page, true), 0);
    EXPECT_EQ(*page, 0x5a);
}

static void uvm_read_only_takes_effect_with_flush(void)
{
    volatile uint64_t *page = page_alloc();

    *page = 1;
    EXPECT_EQ(hc_uvm(page, maddr_of((void *)page) | PTE_KERNEL_RO,
                     UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(*page, 1);
    EXPECT_EQ(page_protect((void *)page, true), 0);
}

static void uvm_swaps_two_frames(void)
{
    uint64_t *a = page_alloc(), *b = page_alloc();
    uint64_t mfn_a = mfn_of(a), mfn_b = mfn_of(b);

    *a = 0xa;
    *b = 0xb;
    EXPECT_EQ(page_map(a, mfn_b, PTE_KERNEL), 0);
    EXPECT_EQ(READ_ONCE(*a), 0xb);
    EXPECT_EQ(page_map(a, mfn_a, PTE_KERNEL), 0);
    EXPECT_EQ(READ_ONCE(*a), 0xa);
}

static void uvm_flush_all_with_vcpu_mask(void)
{
    void *page = page_alloc();
    uint64_t mask = 1;

    EXPECT_EQ(hc_uvm(page, maddr_of(page) | PTE_KERNEL_RO,
                     (uint64_t)&mask | UVMF_INVLPG), 0);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_PF);
    EXPECT_EQ(hc_uvm(page, maddr_of(page) | PTE_KERNEL,
                     UVMF_TLB_FLUSH | UVMF_ALL), 0);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_NONE);
}

static void uvm_without_a_table_is_refused(void)
{
    EXPECT_EQ(hc_uvm(0x7f0000000000ul, 0, 0), -EINVAL);
}

static void uvm_in_hypervisor_range_is_refused(void)
{
    void *page = page_alloc();

    EXPECT(hc_uvm(MACH2PHYS_VIRT_START, maddr_of(page) | PTE_KERNEL, 0) < 0);
    EXPECT(hc_uvm(0xffff830000000000ul, maddr_of(page) | PTE_KERNEL, 0) < 0);
    EXPECT(hc_uvm(0x8000000000000000ul, maddr_of(page) | PTE_KERNEL, 0) < 0);
}

static void page_table_maps_read_only(void)
{
    void *page = page_alloc();
    uint64_t table = mfn_of((void *)start_info->pt_base);

    EXPECT_EQ(page_map(page, table, PTE_KERNEL_RO), 0);
    EXPECT_EQ(memcmp(page, (void *)start_info->pt_base, PAGE_SIZE), 0);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void page_table_never_maps_writable(void)
{
    void *page = page_alloc();
    pte_t *l1 = pte_of(page, 1);
    uint64_t tables[4];
    int level;

    for (level = 1; level <= 4; level++) {
        tables[level - 1] = mfn_of(pte_of(page, level));
    }
    for (level = 1; level <= 4; level++) {
        pte_t before = *l1;

        EXPECT_EQ(page_map(page, tables[level - 1], PTE_KERNEL), -EBUSY);
        EXPECT_EQ(update(LEAF(page), tables[level - 1] * PAGE_SIZE |
                         PTE_KERNEL, MMU_NORMAL_PT_UPDATE), -EBUSY);
        EXPECT_EQ(*l1, before);
    }
}

static void rw_bit_alone_cannot_open_a_table(void)
{
    void *page = page_alloc();
    uint64_t table = mfn_of((void *)start_info->pt_base);

    EXPECT_EQ(page_map(page, table, PTE_KERNEL_RO), 0);
    EXPECT_EQ(update(LEAF(page), table * PAGE_SIZE | PTE_KERNEL,
                     MMU_NORMAL_PT_UPDATE), -EBUSY);
    EXPECT_EQ(update(LEAF(page), table * PAGE_SIZE | PTE_KERNEL,
                     MMU_PT_UPDATE_PRESERVE_AD), -EBUSY);
    EXPECT_EQ(page_map(page, table, PTE_KERNEL), -EBUSY);
    TRY_INSN("movq $0, (%0)", "r"((uint8_t *)page + 8 * 300));
    EXPECT_EQ(page_protect(page, true), 0);
}

static void foreign_frames_are_refused(void)
{
    void *page = page_alloc();

    /* Beyond all memory (not dom0's MMIO), and the hypervisor's own. */
    EXPECT(page_map(page, 1ul << 39, PTE_KERNEL) < 0);
    EXPECT(page_map(page, 0xffffffffful, PTE_KERNEL) < 0 ||
           guest_privileged());
    EXPECT_EQ(page_protect(page, true), 0);
}

static void hypervisor_heap_is_not_mappable(void)
{
    void *page = page_alloc();
    const volatile uint64_t *m2p_va =
        (const volatile uint64_t *)MACH2PHYS_VIRT_START;
    unsigned int mapped = 0, refused = 0, mfn;

    /* The frames below 16 MB hold the hypervisor: never writable. */
    (void)m2p_va;
    for (mfn = 0x200; mfn < 0x1000; mfn += 16) {
        long rc = page_map(page, mfn, PTE_KERNEL);

        if (rc == 0 && m2p(mfn) < start_info->nr_pages &&
            ((uint64_t *)start_info->mfn_list)[m2p(mfn)] == mfn) {
            mapped++; /* our own */
        } else {
            EXPECT(rc < 0);
            refused++;
        }
    }
    EXPECT_EQ(page_protect(page, true), 0);
    report_note("%u own, %u refused", mapped, refused);
}

static void shared_info_page_maps_writable(void)
{
    void *page = page_alloc();
    uint64_t mfn = start_info->shared_info / PAGE_SIZE;

    EXPECT_EQ(page_map(page, mfn, PTE_KERNEL), 0);
    EXPECT_EQ(memcmp((uint8_t *)page + 8 * 512 - 8,
                     (uint8_t *)shared_info + 8 * 512 - 8, 8), 0);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void leaf_without_user_bit_gets_it(void)
{
    void *page = page_alloc();

    EXPECT_EQ(page_map(page, mfn_of(page), PTE_P | PTE_RW), 0);
    EXPECT_EQ(*pte_of(page, 1) & PTE_US, PTE_US);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_NONE);
}

static void leaf_with_frame_beyond_memory_refused(void)
{
    void *page = page_alloc();

    EXPECT_EQ(page_map(page, mfn_of(page), PTE_KERNEL | 1ul << 51), -EPERM);
    TRY_INSN("movq $2, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_NONE);
}

static void available_bits_are_kept(void)
{
    void *page = page_alloc();

    EXPECT_EQ(page_map(page, mfn_of(page), PTE_KERNEL | 0xa00), 0);
    EXPECT_EQ(*pte_of(page, 1) & 0xe00, 0xa00);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void not_present_value_is_stored_as_is(void)
{
    void *page = page_alloc();

    EXPECT_EQ(page_map(page, 0, 0xabc000 | 0x12e), 0);
    EXPECT_EQ(*pte_of(page, 1), 0xabc000 | 0x12e);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void preserve_ad_keeps_accessed_and_dirty(void)
{
    volatile uint64_t *page = page_alloc();
    pte_t clean = maddr_of((void *)page) | PTE_P | PTE_RW | PTE_US;

    *page = 1;
    EXPECT_EQ(*pte_of((void *)page, 1) & (PTE_A | PTE_D), PTE_A | PTE_D);
    EXPECT_EQ(update(LEAF((void *)page), clean, MMU_PT_UPDATE_PRESERVE_AD),
              0);
    EXPECT_EQ(*pte_of((void *)page, 1) & (PTE_A | PTE_D), PTE_A | PTE_D);
    EXPECT_EQ(update(LEAF((void *)page), clean, MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(*pte_of((void *)page, 1) & (PTE_A | PTE_D), 0);
}

static void machphys_changes_m2p(void)
{
    void *page = page_alloc();
    uint64_t mfn = mfn_of(page), pfn = pfn_of(page);

    EXPECT_EQ(update(mfn * PAGE_SIZE, 0x1234, MMU_MACHPHYS_UPDATE), 0);
    EXPECT_EQ(m2p(mfn), 0x1234);
    EXPECT_EQ(update(mfn * PAGE_SIZE, pfn, MMU_MACHPHYS_UPDATE), 0);
    EXPECT_EQ(m2p(mfn), pfn);
}

static void machphys_of_foreign_frame_refused(void)
{
    EXPECT(update(0x200ul * PAGE_SIZE, 5, MMU_MACHPHYS_UPDATE) < 0);
    EXPECT(update(1ul << 50, 5, MMU_MACHPHYS_UPDATE) < 0);
}

static void mmu_update_counts_what_it_did(void)
{
    void *a = page_alloc(), *b = page_alloc();
    uint32_t done = 99;
    struct mmu_update req[3] = {
        { LEAF(a), maddr_of(a) | PTE_KERNEL_RO },
        { LEAF(b), maddr_of((void *)start_info->pt_base) | PTE_KERNEL },
        { LEAF(b), maddr_of(b) | PTE_KERNEL_RO },
    };

    EXPECT_EQ(hc_mmu_update(req, 3, &done, DOMID_SELF), -EBUSY);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(*pte_of(a, 1) & PTE_RW, 0);
    EXPECT_EQ(*pte_of(b, 1) & PTE_RW, PTE_RW);
    EXPECT_EQ(page_protect(a, true), 0);
    EXPECT_EQ(hc_mmu_update(req, 0, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 0);
}

static void mmu_update_argument_errors(void)
{
    void *page = page_alloc();

    EXPECT_EQ(hc_mmu_update(8, 1, NULL, DOMID_SELF), -EFAULT);
    EXPECT_EQ(hc_mmu_update(0xffff830000000000ul, 1, NULL, DOMID_SELF),
              -EFAULT);
    EXPECT_EQ(update(LEAF(page), 0, MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(page_protect(page, true), 0);
    EXPECT_NO_DOMAIN(hc_mmu_update(NULL, 0, NULL, 0x7000));
}

static void mmu_update_of_a_data_page_is_refused(void)
{
    uint64_t *page = page_alloc();

    /* Writable data of our own may be written, as a plain store would. */
    EXPECT_EQ(update(maddr_of(page), 0x77, MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(READ_ONCE(*page), 0x77);
    EXPECT(update(0x200ul * PAGE_SIZE, 0x77, MMU_NORMAL_PT_UPDATE) < 0);
}

static void mmu_update_batch_of_128(void)
{
    static struct mmu_update req[128];
    uint8_t *pages = pages_alloc(128);
    unsigned int i;
    uint32_t done;

    for (i = 0; i < 128; i++) {
        req[i].ptr = LEAF(pages + i * PAGE_SIZE);
        req[i].val = maddr_of(pages + i * PAGE_SIZE) | PTE_KERNEL_RO;
    }
    EXPECT_EQ(hc_mmu_update(req, 128, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 128);
    for (i = 0; i < 128; i++) {
        EXPECT_EQ(*pte_of(pages + i * PAGE_SIZE, 1) & PTE_RW, 0);
        req[i].val |= PTE_RW;
    }
    EXPECT_EQ(hc_mmu_update(req, 128, &done, DOMID_SELF), 0);
}

static const struct fact facts[] = {
    FACT(uvm_unmaps_and_maps_again),
    FACT(uvm_read_only_takes_effect_with_flush),
    FACT(uvm_swaps_two_frames),
    FACT(uvm_flush_all_with_vcpu_mask),
    FACT(uvm_without_a_table_is_refused),
    FACT(uvm_in_hypervisor_range_is_refused),
    FACT(page_table_maps_read_only),
    FACT(page_table_never_maps_writable),
    FACT(rw_bit_alone_cannot_open_a_table),
    FACT(foreign_frames_are_refused),
    FACT(hypervisor_heap_is_not_mappable),
    FACT(shared_info_page_maps_writable),
    FACT(leaf_without_user_bit_gets_it),
    FACT(leaf_with_frame_beyond_memory_refused),
    FACT(available_bits_are_kept),
    FACT(not_present_value_is_stored_as_is),
    FACT(preserve_ad_keeps_accessed_and_dirty),
    FACT(machphys_changes_m2p),
    FACT(machphys_of_foreign_frame_refused),
    FACT(mmu_update_counts_what_it_did),
    FACT(mmu_update_argument_errors),
    FACT(mmu_update_of_a_data_page_is_refused),
    FACT(mmu_update_batch_of_128),
};

void run_leaves(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
