/* SPDX-License-Identifier: MIT */
/*
 * bench/grants.c - grant copy, map and unmap, one and sixteen at a time; the
 * domain grants its own pages to itself.
 */
#include "bench.h"

#define N 16u
#define FIRST 8u

static uint8_t *source, *target, *window;
static struct gnttab_copy copy[N];
static struct gnttab_map_grant_ref map[N];
static struct gnttab_unmap_grant_ref unmap[N];

static long grant(unsigned int cmd, void *ops, unsigned int n)
{
    return BCALL3(__HYPERVISOR_grant_table_op, cmd, ops, n);
}

static void share(void)
{
    static uint8_t table_page[PAGE_SIZE] ALIGNED_PAGE;
    grant_entry_v1_t *table = (grant_entry_v1_t *)table_page;
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
    xen_pfn_t frame = 0;
    unsigned int i;

    set_xen_guest_handle(setup.frame_list, &frame);
    bench_check(hc_grant(GNTTABOP_setup_table, &setup, 1) == 0 &&
                    setup.status == 0, "setup_table");
    bench_check(page_map(table_page, frame, PTE_KERNEL) == 0, "grant table");
    for (i = 0; i < N; i++) {
        table[FIRST + i].domid = 0;
        table[FIRST + i].frame = (uint32_t)mfn_of(source + i * PAGE_SIZE);
        barrier();
        table[FIRST + i].flags = GTF_permit_access;
    }
}

static void copies_of(uint16_t len)
{
    unsigned int i;

    for (i = 0; i < N; i++) {
        copy[i].source.u.ref = FIRST + i;
        copy[i].source.domid = DOMID_SELF;
        copy[i].source.offset = 0;
        copy[i].dest.u.gmfn = mfn_of(target + i * PAGE_SIZE);
        copy[i].dest.domid = DOMID_SELF;
        copy[i].dest.offset = 0;
        copy[i].len = len;
        copy[i].flags = GNTCOPY_source_gref;
        copy[i].status = 1;
    }
}

static void copies(void)
{
    copies_of(PAGE_SIZE);
    memset(source, 0x5a, N * PAGE_SIZE);
    BENCH("gnttab_copy_1x4k", 50, grant(GNTTABOP_copy, copy, 1));
    BENCH("gnttab_copy_16x4k", 10, grant(GNTTABOP_copy, copy, N));
    bench_check(copy[15].status == 0 &&
                    memcmp(source, target, N * PAGE_SIZE) == 0, "copy 4k");
    copies_of(64);
    BENCH("gnttab_copy_1x64b", 50, grant(GNTTABOP_copy, copy, 1));
    BENCH("gnttab_copy_16x64b", 10, grant(GNTTABOP_copy, copy, N));
    bench_check(copy[15].status == 0, "copy 64");
}

static void do_map(unsigned int n)
{
    grant(GNTTABOP_map_grant_ref, map, n);
    for (unsigned int i = 0; i < n; i++) {
        unmap[i].handle = map[i].handle;
    }
}

static void maps(void)
{
    unsigned int i;

    for (i = 0; i < N; i++) {
        uint64_t va = (uint64_t)window + i * PAGE_SIZE;

        bench_check(hc_uvm(va, 0, UVMF_INVLPG) == 0, "window");
        map[i].host_addr = unmap[i].host_addr = va;
        map[i].flags = GNTMAP_host_map;
        map[i].ref = FIRST + i;
        map[i].dom = 0;
    }
    do_map(N);
    bench_check(map[15].status == 0 && window[5] == 0x5a, "map");
    grant(GNTTABOP_unmap_grant_ref, unmap, N);
    bench_check(unmap[15].status == 0, "unmap");
    BENCH2("gnttab_map_1", do_map(1), "gnttab_unmap_1",
           grant(GNTTABOP_unmap_grant_ref, unmap, 1), 50);
    BENCH2("gnttab_map_16", do_map(N), "gnttab_unmap_16",
           grant(GNTTABOP_unmap_grant_ref, unmap, N), 10);
    bench_check(map[15].status == 0 && unmap[15].status == 0, "map at end");
}

void bench_grants(void)
{
    static struct gnttab_query_size query = { .dom = DOMID_SELF };

    source = pages_alloc(N);
    target = pages_alloc(N);
    window = pages_alloc(N);
    share();
    BENCH("gnttab_query_size", 200,
          grant(GNTTABOP_query_size, &query, 1));
    copies();
    maps();
    BENCH("memcpy_4k_repmovsq(guest)", 100,
          __asm__ volatile("movl $512, %%ecx; rep movsq"
                           : : "S"(source), "D"(target)
                           : "rcx", "memory");
          __asm__ volatile("" ::: "rsi", "rdi"));
}
