/* SPDX-License-Identifier: MIT */
/*
 * memory/main.c - memory_op: pages given back, taken, exchanged; limits and
 * maps.  ABI: xen/memory.h.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "memory.h"

static long decrease(xen_pfn_t *frames, unsigned long n, unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = n,
                                        .extent_order = order,
                                        .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, frames);
    return hc_memory(XENMEM_decrease_reservation, &r);
}

static long populate_self(xen_pfn_t *frames, unsigned long n,
                          unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = n,
                                        .extent_order = order,
                                        .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, frames);
    return hc_memory(XENMEM_populate_physmap, &r);
}

static long current_pages(void)
{
    domid_t self = DOMID_SELF;

    return hc_memory(XENMEM_current_reservation, &self);
}

static void set_p2m(const void *va, uint64_t mfn)
{
    ((uint64_t *)start_info->mfn_list)[pfn_of(va)] = mfn;
}

static void current_reservation_is_nr_pages(void)
{
    EXPECT_EQ(current_pages(), start_info->nr_pages);
}

static void maximum_reservation_is_not_below(void)
{
    domid_t self = DOMID_SELF;

    EXPECT(hc_memory(XENMEM_maximum_reservation, &self) >=
           (long)start_info->nr_pages);
}

static void page_given_back_and_taken_again(void)
{
    volatile uint64_t *page = page_alloc();
    xen_pfn_t frame = mfn_of((void *)page);
    long before = current_pages();

    *page = 0x5ec2e7;
    EXPECT_EQ(hc_uvm(page, 0, UVMF_INVLPG), 0);
    EXPECT_EQ(decrease(&frame, 1, 0), 1);
    EXPECT_EQ(current_pages(), before - 1);
    EXPECT(page_map((void *)page, frame, PTE_KERNEL) < 0);
    frame = pfn_of((void *)page);
    EXPECT_EQ(populate_self(&frame, 1, 0), 1);
    EXPECT_EQ(current_pages(), before);
    EXPECT_EQ(m2p(frame), pfn_of((void *)page));
    set_p2m((void *)page, frame);
    EXPECT_EQ(page_map((void *)page, frame, PTE_KERNEL), 0);
}

static void mapped_page_given_back_stays_until_unmapped(void)
{
    uint64_t *page = page_alloc();
    xen_pfn_t frame = mfn_of(page);

    /* Still mapped: the frame leaves the domain, the mapping keeps it. */
    EXPECT_EQ(decrease(&frame, 1, 0), 1);
    WRITE_ONCE(*page, 1);
    EXPECT_EQ(READ_ONCE(*page), 1);
    EXPECT_EQ(hc_uvm(page, 0, UVMF_INVLPG), 0);
    frame = pfn_of(page);
    EXPECT_EQ(populate_self(&frame, 1, 0), 1);
    set_p2m(page, frame);
    EXPECT_EQ(page_map(page, frame, PTE_KERNEL), 0);
}

static void page_table_cannot_be_given_back(void)
{
    xen_pfn_t frame = mfn_of(pte_of((void *)start_info, 1));
    pte_t before = *pte_of((void *)start_info, 1);
    long rc = decrease(&frame, 1, 0);

    /* Refused, or kept alive by its users: the table still maps us. */
    EXPECT(rc == 0 || rc == 1);
    EXPECT_EQ(*pte_of((void *)start_info, 1), before);
    report_note("%ld", rc);
}

static void foreign_frame_cannot_be_given_back(void)
{
    xen_pfn_t frame = 1ul << 39;

    EXPECT_EQ(decrease(&frame, 1, 0), 0);
    frame = 0x200;
    EXPECT_EQ(decrease(&frame, 1, 0), 0);
}

static void order_beyond_the_limit_refused(void)
{
    xen_pfn_t frame = 0;

    EXPECT(populate_self(&frame, 1, 40) <= 0);
    EXPECT(populate_self(&frame, 1, 63) <= 0);
    EXPECT(decrease(&frame, 1, 63) <= 0);
}

static void populate_stops_at_a_bad_list(void)
{
    EXPECT(populate_self((xen_pfn_t *)8, 1, 0) <= 0);
    EXPECT(decrease((xen_pfn_t *)0xffff830000000000ul, 1, 0) <= 0);
    EXPECT(populate_self((xen_pfn_t *)8, ~0ul, 0) <= 0);
}

static void exchange_makes_contiguous_memory(void)
{
    uint8_t *pages = pages_alloc(4);
    static xen_pfn_t in[4], out;
    struct xen_memory_exchange x = {
        .in = { .nr_extents = 4, .extent_order = 0, .domid = DOMID_SELF },
        .out = { .nr_extents = 1, .extent_order = 2, .domid = DOMID_SELF },
    };
    unsigned int i;

    for (i = 0; i < 4; i++) {
        in[i] = mfn_of(pages + i * PAGE_SIZE);
        EXPECT_EQ(hc_uvm(pages + i * PAGE_SIZE, 0, UVMF_INVLPG), 0);
    }
    out = pfn_of(pages);
    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, &out);
    EXPECT_EQ(hc_memory(XENMEM_exchange, &x), 0);
    EXPECT_EQ(x.nr_exchanged, 4);
    EXPECT_EQ(out % 4, 0);
    for (i = 0; i < 4; i++) {
        EXPECT_EQ(m2p(out + i), pfn_of(pages) + i);
        set_p2m(pages + i * PAGE_SIZE, out + i);
        EXPECT_EQ(page_map(pages + i * PAGE_SIZE, out + i, PTE_KERNEL), 0);
        pages[i * PAGE_SIZE] = 1;
    }
}

static void exchange_argument_errors(void)
{
    static xen_pfn_t in[1], out[1];
    struct xen_memory_exchange x = {
        .in = { .nr_extents = 1, .extent_order = 0, .domid = DOMID_SELF },
        .out = { .nr_extents = 1, .extent_order = 0, .domid = DOMID_SELF },
    };

    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    x.nr_exchanged = ~0ul;
    EXPECT_EQ(hc_memory(XENMEM_exchange, &x), -EINVAL);
    x.nr_exchanged = 0;
    x.out.nr_extents = 2; /* totals differ */
    EXPECT_EQ(hc_memory(XENMEM_exchange, &x), -EINVAL);
    x.out.nr_extents = 1;
    x.out.extent_start.p = (void *)0xffff830000000000ul;
    EXPECT(hc_memory(XENMEM_exchange, &x) < 0);
}

static void machine_memory_map_has_ram(void)
{
    static struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) map[64];
    struct xen_memory_map mm = { .nr_entries = 64 };
    uint64_t ram = 0;
    unsigned int i;

    SKIP_UNLESS_DOM0();
    set_xen_guest_handle(mm.buffer, map);
    EXPECT_EQ(hc_memory(XENMEM_machine_memory_map, &mm), 0);
    EXPECT(mm.nr_entries >= 2 && mm.nr_entries <= 64);
    for (i = 0; i < mm.nr_entries; i++) {
        EXPECT(map[i].size > 0);
        EXPECT(i == 0 || map[i].addr >= map[i - 1].addr + map[i - 1].size);
        ram += map[i].type == 1 ? map[i].size : 0;
    }
    EXPECT(ram >= start_info->nr_pages * PAGE_SIZE);
    mm.nr_entries = 0;
    set_xen_guest_handle(mm.buffer, map);
    EXPECT(hc_memory(XENMEM_machine_memory_map, &mm) != 0 ||
           mm.nr_entries == 0);
}

static void maximum_ram_page_covers_us(void)
{
    long max = hc_memory(XENMEM_maximum_ram_page, NULL);
    uint64_t i;

    EXPECT(max > 0);
    for (i = 0; i < start_info->nr_pages; i += 64) {
        EXPECT(((uint64_t *)start_info->mfn_list)[i] <= (uint64_t)max);
    }
}

static void unknown_memory_op_is_enosys(void)
{
    EXPECT_EQ(hc_memory(60, NULL), -ENOSYS);
}

static const struct fact facts[] = {
    FACT(current_reservation_is_nr_pages),
    FACT(maximum_reservation_is_not_below),
    FACT(page_given_back_and_taken_again),
    FACT(mapped_page_given_back_stays_until_unmapped),
    FACT(page_table_cannot_be_given_back),
    FACT(foreign_frame_cannot_be_given_back),
    FACT(order_beyond_the_limit_refused),
    FACT(populate_stops_at_a_bad_list),
    FACT(exchange_makes_contiguous_memory),
    FACT(exchange_argument_errors),
    FACT(machine_memory_map_has_ram),
    FACT(maximum_ram_page_covers_us),
    FACT(unknown_memory_op_is_enosys),
};

void guest_main(void)
{
    run_grants();
    report_run(facts, ARRAY_SIZE(facts));
    report_end();
}
