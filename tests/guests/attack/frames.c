/* SPDX-License-Identifier: MIT */
/*
 * attack/frames.c - attempts to get at memory through page tables: every
 * frame, every bit of every live entry, every root slot, recursion.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "attack.h"

static long update(uint64_t maddr, uint64_t value)
{
    struct mmu_update req = { .ptr = maddr, .val = value };

    return hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

/* Host RAM by the memory map; everything counts as RAM without rights. */
static struct {
    uint64_t addr, size;
    uint32_t type;
} __attribute__((packed)) host_map[64];
static uint32_t host_entries;

static void read_host_map(void)
{
    struct xen_memory_map mm = { .nr_entries = 64 };

    set_xen_guest_handle(mm.buffer, host_map);
    host_entries = hc_memory(XENMEM_machine_memory_map, &mm) == 0
                       ? mm.nr_entries : 0;
}

static bool is_ram(uint64_t mfn)
{
    uint64_t addr = mfn * PAGE_SIZE;
    uint32_t i;

    for (i = 0; i < host_entries; i++) {
        if (host_map[i].type == 1 && addr >= host_map[i].addr &&
            addr < host_map[i].addr + host_map[i].size) {
            return true;
        }
    }
    return host_entries == 0;
}

/* Our own grant table is shared with us, whether set up or not. */
static bool is_grant_frame(uint64_t mfn)
{
    static xen_pfn_t frames[64];
    static unsigned int n;
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    unsigned int i;

    hc_grant(GNTTABOP_query_size, &q, 1);
    if (n == 0 || q.nr_frames > n) {
        struct gnttab_setup_table s = { .dom = DOMID_SELF };

        n = s.nr_frames = q.nr_frames > 0 ? q.nr_frames : 1;
        set_xen_guest_handle(s.frame_list, frames);
        hc_grant(GNTTABOP_setup_table, &s, 1);
    }
    for (i = 0; i < n; i++) {
        if (frames[i] == mfn) {
            return true;
        }
    }
    return false;
}

bool is_allowed(uint64_t mfn)
{
    return owns(mfn) || mfn == start_info->shared_info / PAGE_SIZE ||
           is_grant_frame(mfn) ||
           (guest_privileged() && (mfn < 256 || !is_ram(mfn)));
}

static bool is_table(uint64_t mfn)
{
    uint64_t va = owns(mfn) ? VIRT_BASE + m2p(mfn) * PAGE_SIZE : 0;

    return va >= start_info->pt_base &&
           va < start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
}

static void every_frame_writable(void)
{
    struct xen_machphys_mapping limits;
    uint8_t *window = page_alloc();
    uint64_t mfn, end, mapped = 0, refused = 0;

    read_host_map();
    EXPECT_EQ(hc_memory(XENMEM_machphys_mapping, &limits), 0);
    end = limits.max_mfn < 0x100000 ? limits.max_mfn + 16 : 0x100000;
    for (mfn = 0; mfn < end; mfn++) {
        if (hc_uvm(window, mfn * PAGE_SIZE | PTE_KERNEL, 0) != 0) {
            refused++;
            continue;
        }
        mapped++;
        if (!is_allowed(mfn) || is_table(mfn)) {
            page_protect(window, true);
            report_end_now(FACT_FAIL, "frame %lx was mapped writable", mfn);
        }
    }
    EXPECT_EQ(page_protect(window, true), 0);
    report_note("%lu mapped, %lu refused", mapped, refused);
}

static void every_frame_readable(void)
{
    struct xen_machphys_mapping limits;
    uint8_t *window = page_alloc();
    uint64_t mfn, end, mapped = 0;

    EXPECT_EQ(hc_memory(XENMEM_machphys_mapping, &limits), 0);
    end = limits.max_mfn < 0x100000 ? limits.max_mfn + 16 : 0x100000;
    for (mfn = 0; mfn < end; mfn++) {
        if (hc_uvm(window, mfn * PAGE_SIZE | PTE_KERNEL_RO, 0) == 0) {
            mapped++;
            if (!is_allowed(mfn)) {
                page_protect(window, true);
                report_end_now(FACT_FAIL, "frame %lx was mapped", mfn);
            }
        }
    }
    EXPECT_EQ(page_protect(window, true), 0);
    report_note("%lu mapped", mapped);
}

static void frames_beyond_all_memory(void)
{
    static const uint64_t mfns[] = {
        1ul << 24, 1ul << 28, 1ul << 31, 1ul << 32, 1ul << 36, 1ul << 39,
        (1ul << 40) - 1,
    };
    uint8_t *window = page_alloc();
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(mfns); i++) {
        long rc = page_map(window, mfns[i], PTE_KERNEL);

        EXPECT(rc < 0 || guest_privileged());
        EXPECT(mmuext1(MMUEXT_PIN_L1_TABLE, mfns[i]) < 0);
        EXPECT(mmuext1(MMUEXT_PIN_L4_TABLE, mfns[i]) < 0);
        EXPECT(mmuext1(MMUEXT_UNPIN_TABLE, mfns[i]) < 0);
        EXPECT(mmuext1(MMUEXT_NEW_BASEPTR, mfns[i]) < 0);
        EXPECT(mmuext1(MMUEXT_CLEAR_PAGE, mfns[i]) < 0);
        EXPECT(update(mfns[i] * PAGE_SIZE, 0) < 0);
        EXPECT(update(mfns[i] * PAGE_SIZE | MMU_MACHPHYS_UPDATE, 0) < 0);
    }
    EXPECT_EQ(page_protect(window, true), 0);
}

/* After any accepted change a leaf leads to a frame that we may map. */
static void expect_sound_leaf(pte_t pte, unsigned int bit)
{
    uint64_t mfn = (pte & PTE_MFN_MASK) / PAGE_SIZE;

    if (!(pte & PTE_P)) {
        return;
    }
    if (!is_allowed(mfn) || ((pte & PTE_RW) && is_table(mfn))) {
        report_end_now(FACT_FAIL, "bit %u gave leaf %lx", bit, pte);
    }
}

static void every_bit_of_a_leaf(void)
{
    uint8_t *page = page_alloc();
    uint64_t maddr = pte_maddr(page, 1), accepted = 0;
    pte_t *pte = pte_of(page, 1), good = *pte;
    unsigned int bit;

    for (bit = 0; bit < 64; bit++) {
        if (update(maddr, good ^ 1ul << bit) == 0) {
            accepted |= 1ul << bit;
            expect_sound_leaf(*pte, bit);
        } else {
            EXPECT_EQ(*pte, good);
        }
        EXPECT_EQ(update(maddr, good), 0);
    }
    report_note("accepted %lx", accepted);
}

static void every_bit_of_a_leaf_emulated(void)
{
    uint8_t *page = page_alloc();
    pte_t *pte = pte_of(page, 1), good = *pte;
    unsigned int bit;

    for (bit = 0; bit < 64; bit++) {
        TRY_INSN("movq %1, (%0)", "r"(pte), "r"(good ^ 1ul << bit));
        if (trap_last.vector == TRAP_NONE) {
            expect_sound_leaf(READ_ONCE(*pte), bit);
        } else {
            EXPECT_EQ(READ_ONCE(*pte), good);
        }
        EXPECT_EQ(page_protect(page, true), 0);
        good = READ_ONCE(*pte);
    }
}

/* A leaf that maps a table: no bit may make it writable. */
static void every_bit_of_a_leaf_over_a_table(void)
{
    uint8_t *page = page_alloc();
    uint64_t maddr = pte_maddr(page, 1);
    uint64_t root = mfn_of((void *)start_info->pt_base);
    pte_t *pte = pte_of(page, 1);
    unsigned int bit;

    EXPECT_EQ(page_map(page, root, PTE_KERNEL_RO), 0);
    for (bit = 0; bit < 64; bit++) {
        pte_t good = *pte;

        if (update(maddr, good ^ 1ul << bit) == 0) {
            expect_sound_leaf(*pte, bit);
        }
        EXPECT_EQ(update(maddr, good), 0);
    }
    EXPECT_EQ(page_protect(page, true), 0);
}

#define SIDE_VA 0xffff960000000000ul /* root slot 300 */

/* A side tree that maps one page, so that our own code is not at stake. */
static void build_side_tree(void)
{
    uint64_t base = mfn_of((void *)start_info->pt_base) * PAGE_SIZE;
    pte_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc();

    l1[0] = maddr_of(page_alloc()) | PTE_KERNEL;
    l2[0] = maddr_of(l1) | PTE_TABLE;
    l3[0] = maddr_of(l2) | PTE_TABLE;
    EXPECT_EQ(page_protect(l1, false), 0);
    EXPECT_EQ(page_protect(l2, false), 0);
    EXPECT_EQ(page_protect(l3, false), 0);
    EXPECT_EQ(update(base + 300 * 8, maddr_of(l3) | PTE_TABLE), 0);
}

static void every_bit_of_upper_entries(void)
{
    int level;

    build_side_tree();
    for (level = 2; level <= 4; level++) {
        uint64_t maddr = pte_maddr((void *)SIDE_VA, level);
        pte_t *pte = pte_of((void *)SIDE_VA, level), good = *pte;
        unsigned int bit;

        for (bit = 0; bit < 64; bit++) {
            uint64_t mfn = ((good ^ 1ul << bit) & PTE_MFN_MASK) / PAGE_SIZE;

            if (bit >= 12 && owns(mfn)) {
                continue; /* a page of ours may be a legal table */
            }
            if (update(maddr, good ^ 1ul << bit) == 0) {
                EXPECT(bit == 0 || ((*pte ^ good) & PTE_MFN_MASK) == 0);
                EXPECT_EQ(*pte & PTE_PS, 0);
            } else {
                EXPECT_EQ(*pte, good);
            }
            EXPECT_EQ(update(maddr, good), 0);
        }
    }
    EXPECT_EQ(update(pte_maddr((void *)SIDE_VA, 4), 0), 0);
    EXPECT_EQ(mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
    expect_alive();
}

static void every_root_slot(void)
{
    uint64_t base = mfn_of((void *)start_info->pt_base) * PAGE_SIZE;
    const pte_t *root = (const pte_t *)start_info->pt_base;
    uint8_t *l3 = page_alloc();
    unsigned int slot, accepted = 0;

    EXPECT_EQ(page_protect(l3, false), 0);
    for (slot = 0; slot < 512; slot++) {
        pte_t old = root[slot];
        long rc;

        if (slot < 256 || slot > 271) {
            if (old != 0) {
                continue; /* in use */
            }
            rc = update(base + slot * 8, maddr_of(l3) | PTE_TABLE);
            EXPECT_EQ(rc, 0);
            EXPECT_EQ(update(base + slot * 8, 0), 0);
            accepted++;
            continue;
        }
        EXPECT(update(base + slot * 8, maddr_of(l3) | PTE_TABLE) < 0);
        EXPECT(update(base + slot * 8, old ^ PTE_RW) < 0);
        EXPECT(update(base + slot * 8, old ^ PTE_US) < 0);
        EXPECT(update(base + slot * 8, 0) < 0);
        EXPECT_EQ(root[slot], old);
    }
    EXPECT_EQ(page_protect(l3, true), 0);
    report_note("%u free slots", accepted);
}

/* A root that contains itself: never writable, at any moment. */
static void recursive_root_never_writable(void)
{
    uint64_t base = mfn_of((void *)start_info->pt_base) * PAGE_SIZE;
    uint64_t at = base + 300 * 8;
    const pte_t *root = (const pte_t *)start_info->pt_base;

    EXPECT(update(at, base | PTE_TABLE) < 0);
    if (update(at, base | PTE_KERNEL_RO) == 0) {
        EXPECT(update(at, base | PTE_TABLE) < 0);
        EXPECT(update(at, base | PTE_KERNEL) < 0);
        EXPECT_EQ(root[300] & PTE_RW, 0);
        EXPECT_EQ(update(at, 0), 0);
        report_note("read-only recursion is offered");
    }
}

static void long_chain_of_one_level(void)
{
    enum { LENGTH = 40 };
    uint8_t *chain = pages_alloc(LENGTH);
    unsigned int i;
    long rc;

    for (i = 0; i + 1 < LENGTH; i++) {
        *(pte_t *)(chain + i * PAGE_SIZE) =
            maddr_of(chain + (i + 1) * PAGE_SIZE) | PTE_KERNEL_RO;
    }
    for (i = 0; i < LENGTH; i++) {
        EXPECT_EQ(page_protect(chain + i * PAGE_SIZE, false), 0);
    }
    rc = mmuext1(MMUEXT_PIN_L2_TABLE, mfn_of(chain));
    if (rc == 0) {
        EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, mfn_of(chain)), 0);
    }
    for (i = 0; i < LENGTH; i++) {
        EXPECT_EQ(page_protect(chain + i * PAGE_SIZE, true), 0);
    }
}

/* Unaligned: refused, or rounded; never half of one entry and half of next. */
static void odd_entry_addresses(void)
{
    uint8_t *pages = pages_alloc(2);
    uint64_t base = pte_maddr(pages, 1);
    pte_t *pte = pte_of(pages, 1), next = pte[1];
    uint64_t value = maddr_of(pages) | PTE_KERNEL_RO;

    update(base + 4, value);
    expect_sound_leaf(pte[0], 2);
    EXPECT_EQ((pte[1] ^ next) & PTE_MFN_MASK, 0);
    EXPECT_EQ(pte[1] & (PTE_P | PTE_RW), PTE_P | PTE_RW);
    update(base + 6, value); /* with PRESERVE_AD */
    expect_sound_leaf(pte[0], 2);
    EXPECT_EQ((pte[1] ^ next) & PTE_MFN_MASK, 0);
    EXPECT_EQ(page_protect(pages, true), 0);
    EXPECT_EQ(page_protect(pages + PAGE_SIZE, true), 0);
}

static void data_page_promoted_while_mapped(void)
{
    uint8_t *page = page_alloc();
    unsigned int cmd;

    for (cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++) {
        EXPECT(mmuext1(cmd, mfn_of(page)) < 0);
    }
    *page = 1;
}

static void foreign_ids_give_nothing(void)
{
    static const domid_t ids[] = { DOMID_IO, DOMID_XEN, DOMID_COW,
                                   DOMID_INVALID, 0x7000, DOMID_IDLE };
    uint8_t *page = page_alloc();
    struct mmu_update req = { .ptr = pte_maddr(page, 1) };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(ids); i++) {
        if (guest_privileged() && i < 2) {
            continue;
        }
        req.val = 0x200ul * PAGE_SIZE | PTE_KERNEL;
        EXPECT(hc_mmu_update(&req, 1, NULL, ids[i]) < 0);
        EXPECT(hcall4(__HYPERVISOR_update_va_mapping_otherdomain, page,
                      req.val, 0, ids[i]) < 0);
    }
    EXPECT_EQ(page_protect(page, true), 0);
}

static const struct fact facts[] = {
    FACT(every_frame_writable),
    FACT(every_frame_readable),
    FACT(frames_beyond_all_memory),
    FACT(every_bit_of_a_leaf),
    FACT(every_bit_of_a_leaf_emulated),
    FACT(every_bit_of_a_leaf_over_a_table),
    FACT(every_bit_of_upper_entries),
    FACT(every_root_slot),
    FACT(recursive_root_never_writable),
    FACT(long_chain_of_one_level),
    FACT(odd_entry_addresses),
    FACT(data_page_promoted_while_mapped),
    FACT(foreign_ids_give_nothing),
};

void run_frames(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
