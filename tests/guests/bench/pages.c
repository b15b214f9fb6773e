/* SPDX-License-Identifier: MIT */
/*
 * bench/pages.c - single and batched page-table entry updates by each of the
 * four paths, and demand faulting.
 */
#include <lib/trap.h>

#include "bench.h"

#define N 128u

extern const char bench_demand[];
extern uint64_t bench_demand_va, bench_demand_pte;

static uint8_t *pages;
static struct mmu_update req[N];
static struct multicall_entry calls[32];
static uint64_t toggle;

static long uvm(const void *va, uint64_t pte, unsigned int flags)
{
    return BCALL3(__HYPERVISOR_update_va_mapping, va, pte, flags);
}

/* Frame and rights are as asked; other bits may be the hypervisor's. */
static bool same_leaf(const void *va, pte_t wanted)
{
    return ((*pte_of(va, 1) ^ wanted) & (PTE_MFN_MASK | PTE_P | PTE_RW)) == 0;
}

static void single_updates(void)
{
    uint64_t a = maddr_of(pages) | PTE_KERNEL;
    uint64_t b = maddr_of(pages + PAGE_SIZE) | PTE_KERNEL;

    toggle = a;
    bench_check(uvm(pages, a, 0) == 0, "uvm");
    BENCH("uvm_same_pte_noflush", 200, uvm(pages, a, 0));
    BENCH("uvm_toggle_rw_noflush", 200,
          uvm(pages, toggle ^= PTE_RW, UVMF_NONE));
    BENCH("uvm_toggle_rw_invlpg", 200,
          uvm(pages, toggle ^= PTE_RW, UVMF_INVLPG));
    BENCH("uvm_toggle_rw_tlbflush", 200,
          uvm(pages, toggle ^= PTE_RW, UVMF_TLB_FLUSH));
    BENCH("uvm_change_mfn_invlpg", 200,
          uvm(pages, i_ & 1 ? a : b, UVMF_INVLPG));
    BENCH2("uvm_unmap_invlpg", uvm(pages, 0, UVMF_INVLPG), "uvm_map",
           uvm(pages, a, 0), 200);
    bench_check(same_leaf(pages, a), "uvm result");
}

static long update_batch(unsigned int n)
{
    return BCALL4(__HYPERVISOR_mmu_update, req, n, 0, DOMID_SELF);
}

static void update_single(void)
{
    uint64_t same = maddr_of(pages) | PTE_KERNEL;

    req[0].ptr = pte_maddr(pages, 1);
    req[0].val = same;
    bench_check(update_batch(1) == 0, "mmu_update");
    BENCH("mmu_update_1_same", 200, update_batch(1));
    BENCH("mmu_update_1_toggle_rw", 200,
          req[0].val ^= PTE_RW; update_batch(1));
    BENCH2("mmu_update_1_clear", req[0].val = 0; update_batch(1),
           "mmu_update_1_set", req[0].val = same; update_batch(1), 200);
}

static void batch_values(uint64_t flags, bool clear)
{
    static uint64_t base[N];
    unsigned int i;

    if (base[0] == 0) {
        for (i = 0; i < N; i++) {
            base[i] = maddr_of(pages + i * PAGE_SIZE);
            req[i].ptr = pte_maddr(pages + i * PAGE_SIZE, 1);
        }
    }
    for (i = 0; i < N; i++) {
        req[i].val = clear ? 0 : base[i] | flags;
    }
}

static void update_batches(void)
{
    batch_values(PTE_KERNEL, false);
    bench_check(update_batch(N) == 0, "mmu_update batch");
    BENCH2("mmu_update_128_to_ro",
           batch_values(PTE_KERNEL & ~PTE_RW, false); update_batch(N),
           "mmu_update_128_to_rw",
           batch_values(PTE_KERNEL, false); update_batch(N), 10);
    BENCH2("mmu_update_128_clear", batch_values(0, true); update_batch(N),
           "mmu_update_128_set",
           batch_values(PTE_KERNEL, false); update_batch(N), 10);
    bench_check(same_leaf(pages + 127 * PAGE_SIZE,
                          maddr_of(pages + 127 * PAGE_SIZE) | PTE_KERNEL),
                "mmu_update batch result");
}

static void other_paths(void)
{
    uint64_t mfn = mfn_of(pages), pfn = pfn_of(pages);
    volatile pte_t *pte = pte_of(pages, 1);
    unsigned int i;

    req[0].ptr = mfn * PAGE_SIZE | MMU_MACHPHYS_UPDATE;
    req[0].val = pfn;
    BENCH("mmu_update_machphys", 200, update_batch(1));
    for (i = 0; i < 32; i++) {
        calls[i].op = __HYPERVISOR_update_va_mapping;
        calls[i].args[0] = (uint64_t)pages + i * PAGE_SIZE;
        calls[i].args[1] = maddr_of(pages + i * PAGE_SIZE) | PTE_KERNEL;
    }
    BENCH("multicall_32_uvm_toggle", 20,
          for (unsigned int k_ = 0; k_ < 32; k_++) {
              calls[k_].args[1] ^= PTE_RW;
          } BCALL2(__HYPERVISOR_multicall, calls, 32));
    bench_check(calls[31].result == 0, "multicall uvm");
    toggle = *pte;
    BENCH("ptwr_emulated_store", 200, *pte = toggle ^= PTE_RW);
    page_protect(pages, true);
}

/* A store to an unmapped page; the handler maps it and the store retries. */
static void demand_fault(void)
{
    static struct trap_info table[257];
    volatile uint64_t *page = (volatile uint64_t *)pages;

    trap_table_fill(table, 0);
    table[TRAP_PF].address = (unsigned long)bench_demand;
    hcall1(__HYPERVISOR_set_trap_table, table);
    bench_demand_va = (uint64_t)pages;
    bench_demand_pte = maddr_of(pages) | PTE_KERNEL;
    BENCH2("unmap_for_demand", uvm(pages, 0, UVMF_INVLPG),
           "demand_fault_map_retry",
           __asm__ volatile("movq $1, (%0)" ::"r"(page)
                            : "memory", "rdi", "rsi", "rdx", "rcx", "r11"),
           200);
    trap_table_fill(table, 0);
    hcall1(__HYPERVISOR_set_trap_table, table);
}

static void simple_operations(void)
{
    static struct mmuext_op op;

#define EXT(c) (op.cmd = (c), BCALL4(__HYPERVISOR_mmuext_op, &op, 1, 0, \
                                     DOMID_SELF))
    BENCH("mmuext_tlb_flush_local", 200, EXT(MMUEXT_TLB_FLUSH_LOCAL));
    op.arg1.linear_addr = (unsigned long)pages;
    BENCH("mmuext_invlpg_local", 200, EXT(MMUEXT_INVLPG_LOCAL));
    BENCH("mmuext_tlb_flush_all", 200, EXT(MMUEXT_TLB_FLUSH_ALL));
    op.arg1.mfn = mfn_of(pages);
    op.arg2.src_mfn = mfn_of(pages + PAGE_SIZE);
    BENCH("mmuext_clear_page", 100, EXT(MMUEXT_CLEAR_PAGE));
    BENCH("mmuext_copy_page", 100, EXT(MMUEXT_COPY_PAGE));
    op.arg1.linear_addr = 0;
    op.arg2.nr_ents = 0;
    BENCH("mmuext_set_ldt0", 200, EXT(MMUEXT_SET_LDT));
}

void bench_pages(void)
{
    pages = pages_alloc(N);
    single_updates();
    update_single();
    update_batches();
    other_paths();
    demand_fault();
    simple_operations();
}
