/* SPDX-License-Identifier: MIT */
/*
 * mmu/tables.c - whole tables: validation by pin, upper levels, reserved
 * root slots, root switches, the extended operations.
 */
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "mmu.h"

#define FREE_SLOT 300 /* a root slot that no boot mapping uses */
#define FREE_VA (0xffff000000000000ul | (uint64_t)FREE_SLOT << 39)

static uint64_t root(void)
{
    return mfn_of((void *)start_info->pt_base);
}

/* A fresh page, mapped read-only, ready to become a table. */
static pte_t *table_page(void)
{
    return page_alloc();
}

static void seal(pte_t *table)
{
    EXPECT_EQ(page_protect(table, false), 0);
}

static void unseal(pte_t *table)
{
    EXPECT_EQ(page_protect(table, true), 0);
}

static void pin_l1_needs_a_read_only_page(void)
{
    pte_t *l1 = table_page();

    EXPECT(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)) < 0);
    seal(l1);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), 0);
    EXPECT_EQ(page_protect(l1, true), -EBUSY);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l1)), 0);
    unseal(l1);
}

static void pin_twice_is_refused(void)
{
    pte_t *l1 = table_page();

    seal(l1);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), -EINVAL);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l1)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l1)), -EINVAL);
    unseal(l1);
}

static void pin_with_a_bad_entry_is_refused(void)
{
    pte_t *l1 = table_page();

    l1[511] = root() * PAGE_SIZE | PTE_KERNEL; /* writable root */
    seal(l1);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), -EBUSY);
    unseal(l1);
    l1[511] = root() * PAGE_SIZE | PTE_KERNEL_RO;
    seal(l1);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l1)), 0);
    unseal(l1);
}

static void pin_failure_leaves_no_reference(void)
{
    pte_t *l1 = table_page();
    uint8_t *data = page_alloc();

    l1[0] = maddr_of(data) | PTE_KERNEL;
    l1[1] = 1ul << 51 | PTE_KERNEL;
    seal(l1);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(l1)), -EPERM);
    unseal(l1);
    /* The data page has no writable use left but its own mapping. */
    EXPECT_EQ(page_protect(data, false), 0);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(data)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(data)), 0);
    EXPECT_EQ(page_protect(data, true), 0);
}

static void one_frame_has_one_level(void)
{
    pte_t *t = table_page();

    seal(t);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L1_TABLE, mfn_of(t)), 0);
    EXPECT(mmuext1(MMUEXT_PIN_L2_TABLE, mfn_of(t)) < 0);
    EXPECT(mmuext1(MMUEXT_PIN_L4_TABLE, mfn_of(t)) < 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(t)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L2_TABLE, mfn_of(t)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(t)), 0);
    unseal(t);
}

/* Build FREE_VA: root -> l3 -> l2 -> l1 -> page, entry by entry. */
static void tables_hook_in_at_every_level(void)
{
    pte_t *l3 = table_page(), *l2 = table_page(), *l1 = table_page();
    volatile uint64_t *data = page_alloc();

    *data = 0xfeed;
    seal(l1);
    seal(l2);
    seal(l3);
    EXPECT_EQ(update(pte_maddr((void *)FREE_VA, 4),
                     maddr_of(l3) | PTE_TABLE, MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(update(maddr_of(l3), maddr_of(l2) | PTE_TABLE,
                     MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(update(maddr_of(l2), maddr_of(l1) | PTE_TABLE,
                     MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(hc_uvm(FREE_VA, maddr_of((void *)data) | PTE_KERNEL,
                     UVMF_INVLPG | UVMF_LOCAL), 0);
    EXPECT_EQ(*(volatile uint64_t *)FREE_VA, 0xfeed);
    EXPECT_EQ(page_protect(l1, true), -EBUSY);
    EXPECT_EQ(page_protect(l3, true), -EBUSY);
    /* Unhooking the top takes the whole tree apart. */
    EXPECT_EQ(update(pte_maddr((void *)FREE_VA, 4), 0,
                     MMU_NORMAL_PT_UPDATE), 0);
    EXPECT_EQ(mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
    TRY_INSN("movq (%0), %%r10", "r"(FREE_VA));
    EXPECT_TRAP(TRAP_PF);
    unseal(l3);
    unseal(l2);
    unseal(l1);
}

static void upper_entry_needs_a_table_of_the_right_level(void)
{
    pte_t *l3 = table_page();
    uint8_t *data = page_alloc();

    /* A page that is mapped writable cannot become a table. */
    EXPECT(update(pte_maddr((void *)FREE_VA, 4), maddr_of(l3) | PTE_TABLE,
                  MMU_NORMAL_PT_UPDATE) < 0);
    seal(l3);
    EXPECT_EQ(update(pte_maddr((void *)FREE_VA, 4), maddr_of(l3) | PTE_TABLE,
                     MMU_NORMAL_PT_UPDATE), 0);
    EXPECT(update(maddr_of(l3), maddr_of(data) | PTE_TABLE,
                  MMU_NORMAL_PT_UPDATE) < 0);
    EXPECT(update(maddr_of(l3), maddr_of(l3) | PTE_TABLE,
                  MMU_NORMAL_PT_UPDATE) < 0);
    EXPECT_EQ(l3[0], 0);
    EXPECT_EQ(update(pte_maddr((void *)FREE_VA, 4), 0,
                     MMU_NORMAL_PT_UPDATE), 0);
    unseal(l3);
}

static void large_pages_are_refused(void)
{
    pte_t *l2 = table_page();
    uint64_t base = mfn_of(l2) & ~511ul;

    seal(l2);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L2_TABLE, mfn_of(l2)), 0);
    EXPECT(update(maddr_of(l2), base * PAGE_SIZE | PTE_KERNEL | PTE_PS,
                  MMU_NORMAL_PT_UPDATE) < 0);
    EXPECT_EQ(l2[0], 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l2)), 0);
    unseal(l2);
}

static void reserved_root_slots_are_refused(void)
{
    uint64_t base = root() * PAGE_SIZE;
    unsigned int slot;
    pte_t *l3 = table_page();

    seal(l3);
    for (slot = 256; slot < 272; slot++) {
        pte_t old = ((pte_t *)start_info->pt_base)[slot];

        EXPECT(update(base + slot * 8, maddr_of(l3) | PTE_TABLE,
                      MMU_NORMAL_PT_UPDATE) < 0);
        EXPECT(update(base + slot * 8, 0, MMU_NORMAL_PT_UPDATE) < 0);
        EXPECT_EQ(((pte_t *)start_info->pt_base)[slot], old);
    }
    unseal(l3);
}

static void pin_overwrites_reserved_slots(void)
{
    pte_t *l4 = table_page(), *stray = table_page();

    l4[256] = maddr_of(stray) | PTE_TABLE; /* the guest's wish is ignored */
    seal(l4);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L4_TABLE, mfn_of(l4)), 0);
    EXPECT((l4[256] & PTE_MFN_MASK) != maddr_of(stray));
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l4)), 0);
    unseal(l4);
}

static void baseptr_switches_to_a_copy(void)
{
    pte_t *l4 = table_page();
    pte_t *live = (pte_t *)start_info->pt_base;
    uint64_t old = root();
    unsigned int i;

    for (i = 0; i < 512; i++) {
        l4[i] = i >= 256 && i < 272 ? 0 : live[i];
    }
    seal(l4);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L4_TABLE, mfn_of(l4)), 0);
    EXPECT_EQ(mmuext1(MMUEXT_NEW_BASEPTR, mfn_of(l4)), 0);
    EXPECT_EQ(m2p(old), pfn_of(live)); /* the M2P is there too */
    EXPECT_EQ(mmuext1(MMUEXT_NEW_BASEPTR, old), 0);
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(l4)), 0);
    unseal(l4);
}

static void baseptr_to_a_data_page_is_refused(void)
{
    uint8_t *data = page_alloc();

    EXPECT(mmuext1(MMUEXT_NEW_BASEPTR, mfn_of(data)) < 0);
    EXPECT(mmuext1(MMUEXT_NEW_BASEPTR, 1ul << 40) < 0);
    EXPECT(mmuext1(MMUEXT_NEW_USER_BASEPTR, mfn_of(data)) < 0);
    EXPECT_EQ(*data, 0);
}

static void user_baseptr_may_be_zero_and_back(void)
{
    EXPECT_EQ(mmuext1(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    EXPECT_EQ(mmuext1(MMUEXT_NEW_USER_BASEPTR, root()), 0);
}

static void root_in_use_survives_unpin(void)
{
    EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, root()), 0);
    EXPECT_EQ(page_protect((void *)start_info->pt_base, true), -EBUSY);
    EXPECT_EQ(mmuext1(MMUEXT_PIN_L4_TABLE, root()), 0);
}

static void flush_operations_succeed(void)
{
    uint64_t mask = 1;
    struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_MULTI };

    EXPECT_EQ(mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_LOCAL, (uint64_t)&mask), 0);
    EXPECT_EQ(mmuext1(MMUEXT_TLB_FLUSH_ALL, 0), 0);
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_ALL, (uint64_t)&mask), 0);
    set_xen_guest_handle(op.arg2.vcpumask, &mask);
    EXPECT_EQ(hc_mmuext(&op, 1, NULL, DOMID_SELF), 0);
    op.cmd = MMUEXT_INVLPG_MULTI;
    op.arg1.linear_addr = (unsigned long)&mask;
    EXPECT_EQ(hc_mmuext(&op, 1, NULL, DOMID_SELF), 0);
    op.arg2.vcpumask.p = (void *)8;
    EXPECT(hc_mmuext(&op, 1, NULL, DOMID_SELF) < 0);
}

static void invlpg_of_odd_addresses_is_harmless(void)
{
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_LOCAL, 0xffff830000000000ul), 0);
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_LOCAL, 0x8000000000000000ul), 0);
    EXPECT_EQ(mmuext1(MMUEXT_INVLPG_ALL, ~0ul), 0);
}

static void mmuext_counts_and_stops(void)
{
    struct mmuext_op ops[3] = {
        { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
        { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = 1ul << 40 },
        { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
    };
    uint32_t done = 99;

    EXPECT(hc_mmuext(ops, 3, &done, DOMID_SELF) < 0);
    EXPECT_EQ(done, 1);
    ops[0].cmd = 99;
    EXPECT_EQ(hc_mmuext(ops, 1, &done, DOMID_SELF), -ENOSYS);
    EXPECT_EQ(hc_mmuext(8, 1, &done, DOMID_SELF), -EFAULT);
    EXPECT_NO_DOMAIN(hc_mmuext(ops, 1, &done, 0x7000));
}

static void clear_and_copy_page(void)
{
    uint64_t *a = page_alloc(), *b = page_alloc();
    struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE };

    a[7] = 0x1111;
    op.arg1.mfn = mfn_of(b);
    op.arg2.src_mfn = mfn_of(a);
    EXPECT_EQ(hc_mmuext(&op, 1, NULL, DOMID_SELF), 0);
    EXPECT_EQ(READ_ONCE(b[7]), 0x1111);
    EXPECT_EQ(mmuext1(MMUEXT_CLEAR_PAGE, mfn_of(b)), 0);
    EXPECT_EQ(READ_ONCE(b[7]), 0);
    EXPECT(mmuext1(MMUEXT_CLEAR_PAGE, root()) < 0);
}

static const struct fact facts[] = {
    FACT(pin_l1_needs_a_read_only_page),
    FACT(pin_twice_is_refused),
    FACT(pin_with_a_bad_entry_is_refused),
    FACT(pin_failure_leaves_no_reference),
    FACT(one_frame_has_one_level),
    FACT(tables_hook_in_at_every_level),
    FACT(upper_entry_needs_a_table_of_the_right_level),
    FACT(large_pages_are_refused),
    FACT(reserved_root_slots_are_refused),
    FACT(pin_overwrites_reserved_slots),
    FACT(baseptr_switches_to_a_copy),
    FACT(baseptr_to_a_data_page_is_refused),
    FACT(user_baseptr_may_be_zero_and_back),
    FACT(root_in_use_survives_unpin),
    FACT(flush_operations_succeed),
    FACT(invlpg_of_odd_addresses_is_harmless),
    FACT(mmuext_counts_and_stops),
    FACT(clear_and_copy_page),
};

void run_tables(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
