/* SPDX-License-Identifier: MIT */
/*
 * bench/tables.c - page tables as wholes: pin and unpin, root switches, and
 * what a guest kernel does to create, switch to and destroy a process.
 */
#include "bench.h"

#define DATA_PAGES 512u

static uint8_t data[DATA_PAGES][PAGE_SIZE] ALIGNED_PAGE;
static uint64_t data_maddr[DATA_PAGES];
static struct mmuext_op ext[2];

static long mmuext(unsigned int cmd, uint64_t mfn)
{
    ext[0].cmd = cmd;
    ext[0].arg1.mfn = mfn;
    return BCALL4(__HYPERVISOR_mmuext_op, ext, 1, 0, DOMID_SELF);
}

static pte_t *new_l1(unsigned int entries)
{
    pte_t *l1 = page_alloc();
    unsigned int i;

    for (i = 0; i < entries; i++) {
        l1[i] = data_maddr[i] | PTE_KERNEL;
    }
    return l1;
}

static void seal(const void *page)
{
    bench_check(page_protect(page, false) == 0, "seal");
}

static void pin_pair(const char *pin, const char *unpin, unsigned int cmd,
                     const void *table, unsigned int n)
{
    uint64_t mfn = mfn_of(table);

    bench_check(mmuext(cmd, mfn) == 0, pin);
    bench_check(mmuext(MMUEXT_UNPIN_TABLE, mfn) == 0, unpin);
    BENCH2(pin, mmuext(cmd, mfn), unpin, mmuext(MMUEXT_UNPIN_TABLE, mfn), n);
}

/* L4 - L3 - L2 - @tables L1s of @entries each; the L4 page. */
static pte_t *new_tree(unsigned int tables, unsigned int entries)
{
    pte_t *l4 = page_alloc(), *l3 = page_alloc(), *l2 = page_alloc();
    unsigned int i;

    for (i = 0; i < tables; i++) {
        pte_t *l1 = new_l1(entries);

        seal(l1);
        l2[i] = maddr_of(l1) | PTE_TABLE;
    }
    l3[0] = maddr_of(l2) | PTE_TABLE;
    l4[0] = maddr_of(l3) | PTE_TABLE;
    seal(l2);
    seal(l3);
    seal(l4);
    return l4;
}

static void pins(void)
{
    static const struct {
        const char *pin, *unpin;
        unsigned int entries;
    } l1s[] = {
        { "pin_L1_512", "unpin_L1_512", 512 },
        { "pin_L1_16", "unpin_L1_16", 16 },
        { "pin_L1_0", "unpin_L1_0", 0 },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(l1s); i++) {
        pte_t *l1 = new_l1(l1s[i].entries);

        seal(l1);
        pin_pair(l1s[i].pin, l1s[i].unpin, MMUEXT_PIN_L1_TABLE, l1, 10);
    }
    pin_pair("pin_L4_4096ptes", "unpin_L4_4096ptes", MMUEXT_PIN_L4_TABLE,
             new_tree(8, 512), 2);
    pin_pair("pin_L4_16ptes", "unpin_L4_16ptes", MMUEXT_PIN_L4_TABLE,
             new_tree(1, 16), 10);
}

/* A root that shares everything with the live one. */
static uint64_t twin_root(void)
{
    const pte_t *live = (const pte_t *)start_info->pt_base;
    pte_t *l4 = page_alloc();
    unsigned int i;

    for (i = 0; i < 512; i++) {
        l4[i] = i >= 256 && i < 272 ? 0 : live[i];
    }
    seal(l4);
    bench_check(mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(l4)) == 0, "twin root");
    return mfn_of(l4);
}

static void switches(void)
{
    static struct multicall_entry mc2[2], mc3[3];
    static struct mmuext_op op[2];
    uint64_t roots[2] = { mfn_of((void *)start_info->pt_base), twin_root() };

    BENCH("new_baseptr_switch", 200,
          mmuext(MMUEXT_NEW_BASEPTR, roots[~i_ & 1]));
    BENCH("new_user_baseptr_switch", 200,
          mmuext(MMUEXT_NEW_USER_BASEPTR, roots[~i_ & 1]));
    for (unsigned int i = 0; i < 2; i++) {
        op[i].cmd = i == 0 ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR;
        mc2[i].op = __HYPERVISOR_mmuext_op;
        mc2[i].args[0] = (unsigned long)&op[i];
        mc2[i].args[1] = 1;
        mc2[i].args[3] = DOMID_SELF;
    }
    mc3[0].op = __HYPERVISOR_fpu_taskswitch;
    mc3[0].args[0] = 1;
    mc3[1].op = __HYPERVISOR_stack_switch;
    mc3[1].args[0] = FLAT_KERNEL_SS;
    mc3[1].args[1] = (unsigned long)data[1];
    mc3[2].op = __HYPERVISOR_set_segment_base;
    mc3[2].args[0] = SEGBASE_FS;
    BENCH("ctxsw_multicall(mm2)", 200,
          op[0].arg1.mfn = op[1].arg1.mfn = roots[~i_ & 1];
          BCALL2(__HYPERVISOR_multicall, mc2, 2));
    BENCH("ctxsw_full(mc2+mc3)", 200,
          op[0].arg1.mfn = op[1].arg1.mfn = roots[~i_ & 1];
          BCALL2(__HYPERVISOR_multicall, mc2, 2);
          BCALL2(__HYPERVISOR_multicall, mc3, 3));
    bench_check((long)mc2[0].result == 0 && (long)mc2[1].result == 0,
                "context switch");
    hcall1(__HYPERVISOR_fpu_taskswitch, 0);
}

/* The seven tables of a small process: L4, L3, L2, four L1s of 64 entries. */
static struct multicall_entry protect[7], release[7];
static uint64_t process_root, home;

static void process_prepare(void)
{
    pte_t *t[7];
    unsigned int i;

    for (i = 0; i < 7; i++) {
        t[i] = i < 3 ? page_alloc() : new_l1(64);
        protect[i].op = release[i].op = __HYPERVISOR_update_va_mapping;
        protect[i].args[0] = release[i].args[0] = (unsigned long)t[i];
        protect[i].args[1] = maddr_of(t[i]) | PTE_KERNEL_RO;
        release[i].args[1] = maddr_of(t[i]) | PTE_KERNEL;
        protect[i].args[2] = release[i].args[2] = UVMF_INVLPG;
    }
    for (i = 3; i < 7; i++) {
        t[2][i - 3] = maddr_of(t[i]) | PTE_TABLE;
    }
    t[1][0] = maddr_of(t[2]) | PTE_TABLE;
    t[0][0] = maddr_of(t[1]) | PTE_TABLE;
    t[0][511] = ((pte_t *)start_info->pt_base)[511];
    process_root = mfn_of(t[0]);
    home = mfn_of((void *)start_info->pt_base);
}

static void process_create(void)
{
    BCALL2(__HYPERVISOR_multicall, protect, 7);
    mmuext(MMUEXT_PIN_L4_TABLE, process_root);
    mmuext(MMUEXT_NEW_BASEPTR, process_root);
    mmuext(MMUEXT_NEW_USER_BASEPTR, process_root);
}

static void process_destroy(void)
{
    mmuext(MMUEXT_NEW_BASEPTR, home);
    mmuext(MMUEXT_NEW_USER_BASEPTR, home);
    mmuext(MMUEXT_UNPIN_TABLE, process_root);
    BCALL2(__HYPERVISOR_multicall, release, 7);
}

static void processes(void)
{
    process_prepare();
    process_create();
    process_destroy();
    bench_check((long)protect[6].result == 0, "protect");
    bench_check((long)release[6].result == 0, "release");
    BENCH2("proc_create(ro7+pinL4+switch)", process_create(),
           "proc_destroy(switch+unpin+rw7)", process_destroy(), 10);
    bench_check((long)release[6].result == 0, "release at the end");
}

void bench_tables(void)
{
    unsigned int i;

    for (i = 0; i < DATA_PAGES; i++) {
        data_maddr[i] = maddr_of(data[i]);
    }
    pins();
    mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of((void *)start_info->pt_base));
    switches();
    mmuext(MMUEXT_NEW_BASEPTR, mfn_of((void *)start_info->pt_base));
    mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of((void *)start_info->pt_base));
    processes();
}
