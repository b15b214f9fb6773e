/* SPDX-License-Identifier: MIT */
/*
 * race/main.c - two vCPUs against each other over the same frame, entry,
 * grant and port.  Afterwards every count must be where it was: the frame can
 * take any use again, and no write ever got past a type.
 */
#include <lib/ap.h>
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

enum job { IDLE, MAP_WRITE_UNMAP, TOGGLE_ENTRY, PIN_UNPIN, PORTS, GRANTS,
           SHARE };

#define ROUNDS 3000u
#define GREF 9u

static volatile enum job job;
static volatile uint64_t ap_rounds;
static volatile bool ap_idle;
static uint8_t *page, *window, *window2;
static uint64_t page_mfn, bad_entry;
static uint8_t grant_page[PAGE_SIZE] ALIGNED_PAGE;
static domid_t self_id;

static long ap_mmuext(unsigned int cmd, uint64_t mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

    return hc_mmuext(&op, 1, NULL, DOMID_SELF);
}

static void map_write_unmap(uint8_t *at, uint64_t value)
{
    if (hc_uvm(at, page_mfn * PAGE_SIZE | PTE_KERNEL, UVMF_INVLPG) == 0) {
        ap_write(at, value & ~1ul); /* never a present entry */
        hc_uvm(at, 0, UVMF_INVLPG);
    }
}

static void map_grant(uint8_t *at)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = (uint64_t)at, .flags = GNTMAP_host_map, .ref = GREF,
        .dom = self_id,
    };
    struct gnttab_unmap_grant_ref unmap = { .host_addr = (uint64_t)at };

    hc_grant(GNTTABOP_map_grant_ref, &map, 1);
    if (map.status == 0) {
        unmap.handle = map.handle;
        hc_grant(GNTTABOP_unmap_grant_ref, &unmap, 1);
    }
}

static void use_ports(uint64_t n)
{
    evtchn_port_t port = (evtchn_port_t)(1 + n % 16);
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF,
                                            .remote_port = port };

    event_alloc(DOMID_SELF, DOMID_SELF);
    hc_event(EVTCHNOP_bind_interdomain, &bind);
    event_send(port);
    event_close((evtchn_port_t)(1 + (n * 7) % 16));
}

static void ap_main(void)
{
    for (;;) {
        switch (job) {
        case MAP_WRITE_UNMAP:
            map_write_unmap(window, ap_rounds * 2);
            break;
        case TOGGLE_ENTRY:
            hc_uvm(window2, page_mfn * PAGE_SIZE |
                                (ap_rounds & 1 ? PTE_KERNEL : PTE_KERNEL_RO),
                   UVMF_INVLPG);
            hc_uvm(window2, 0, UVMF_INVLPG);
            break;
        case PIN_UNPIN:
            if (ap_mmuext(MMUEXT_PIN_L2_TABLE, page_mfn) == 0) {
                ap_mmuext(MMUEXT_UNPIN_TABLE, page_mfn);
            }
            break;
        case PORTS:
            use_ports(ap_rounds * 3);
            break;
        case GRANTS:
            map_grant(window);
            break;
        case SHARE: /* empty, then an entry that may never be there */
            ap_write(page, ap_rounds & 1 ? bad_entry : 0);
            break;
        default:
            ap_idle = true;
            __asm__ volatile("pause");
            continue;
        }
        ap_rounds++;
    }
}

static void need_two(void)
{
    if (!ap_exists()) {
        SKIP("one vCPU only");
    }
}

static void start(enum job what)
{
    uint64_t before = ap_rounds;
    uint64_t end = now_ns() + 2000 * NS_PER_MS;

    job = what;
    while (ap_rounds == before && now_ns() < end) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    EXPECT(ap_rounds != before);
}

/* Ends the job and waits until vCPU 1 has finished its last round. */
static void stop(void)
{
    uint64_t end = now_ns() + 5000 * NS_PER_MS;

    ap_idle = false;
    job = IDLE;
    while (!ap_idle && now_ns() < end) {
        hc_sched(SCHEDOP_yield, NULL);
    }
    EXPECT(ap_idle);
}

/*
 * True for ROUNDS calls within half a second; for longer, up to 5 seconds,
 * while fewer than ten races were won.
 */
static bool go_on(unsigned int round, uint64_t since, unsigned int won)
{
    uint64_t passed = now_ns() - since;

    return won < 10 ? passed < 5000 * NS_PER_MS
                    : round < ROUNDS && passed < 500 * NS_PER_MS;
}

/* The page may become table, writable data and released page again. */
static void expect_balanced(void)
{
    xen_pfn_t frame = page_mfn;
    struct xen_memory_reservation r = { .nr_extents = 1,
                                        .domid = DOMID_SELF };
    unsigned int cmd;

    for (cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++) {
        memset(page, 0, PAGE_SIZE);
        EXPECT_EQ(page_protect(page, false), 0);
        EXPECT_EQ(mmuext1(cmd, page_mfn), 0);
        EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, page_mfn), 0);
        EXPECT_EQ(page_protect(page, true), 0);
    }
    EXPECT_EQ(hc_uvm(page, 0, UVMF_INVLPG | UVMF_ALL), 0);
    set_xen_guest_handle(r.extent_start, &frame);
    EXPECT_EQ(hc_memory(XENMEM_decrease_reservation, &r), 1);
    /* No reference is left anywhere: the frame is not ours any more. */
    EXPECT(page_map(page, page_mfn, PTE_KERNEL) < 0);
    frame = pfn_of(page);
    EXPECT_EQ(hc_memory(XENMEM_populate_physmap, &r), 1);
    ((uint64_t *)start_info->mfn_list)[pfn_of(page)] = frame;
    page_mfn = frame;
    EXPECT_EQ(page_protect(page, true), 0);
    memset(page, 0, PAGE_SIZE);
}

/*
 * One side promotes the page to a level 1 table, the other maps it writable,
 * writes, unmaps.  While it is a table its contents stand still.
 */
static void promotion_against_writable_mapping(void)
{
    uint64_t since;
    unsigned int i, pinned = 0;

    need_two();
    EXPECT_EQ(hc_uvm(page, page_mfn * PAGE_SIZE | PTE_KERNEL_RO,
                     UVMF_INVLPG | UVMF_ALL), 0);
    start(MAP_WRITE_UNMAP);
    since = now_ns();
    for (i = 0; go_on(i, since, pinned); i++) {
        uint64_t first;
        unsigned int k;

        if (mmuext1(MMUEXT_PIN_L1_TABLE, page_mfn) != 0) {
            continue;
        }
        pinned++;
        first = READ_ONCE(*(uint64_t *)page);
        for (k = 0; k < 200; k++) {
            if (READ_ONCE(*(uint64_t *)page) != first) {
                stop();
                report_end_now(FACT_FAIL, "a table changed under its type");
            }
        }
        EXPECT_EQ(mmuext1(MMUEXT_UNPIN_TABLE, page_mfn), 0);
    }
    stop();
    report_note("%u promotions", pinned);
    EXPECT(pinned > 0);
    EXPECT_EQ(page_protect(page, true), 0);
    expect_balanced();
}

/* A write of vCPU 1 that is being emulated holds the type for a moment. */
static long make_writable(void)
{
    uint64_t end = now_ns() + 3000 * NS_PER_MS;
    long rc;

    do {
        rc = hc_uvm(page, page_mfn * PAGE_SIZE | PTE_KERNEL,
                    UVMF_TLB_FLUSH | UVMF_ALL);
    } while (rc == -EBUSY && now_ns() < end);
    return rc;
}

/*
 * vCPU 1 goes on writing through an entry that is taken from it without a
 * flush; once the page is a table, a writable entry of the root cannot appear
 * in it, neither through a stale TLB entry nor by emulation.
 */
static void promotion_against_a_cached_writable_mapping(void)
{
    uint64_t since;
    unsigned int i, promoted = 0;

    need_two();
    EXPECT_EQ(hc_uvm(window2, page_mfn * PAGE_SIZE | PTE_KERNEL_RO,
                     UVMF_INVLPG | UVMF_ALL), 0);
    start(SHARE);
    since = now_ns();
    for (i = 0; go_on(i * 15, since, promoted); i++) {
        uint64_t first;
        unsigned int k;

        /* vCPU 1 keeps writing through this entry; no flush is asked for. */
        EXPECT_EQ(hc_uvm(page, page_mfn * PAGE_SIZE | PTE_KERNEL_RO, 0), 0);
        if (mmuext1(MMUEXT_PIN_L1_TABLE, page_mfn) == 0) {
            promoted++;
            first = READ_ONCE(*(uint64_t *)window2);
            for (k = 0; k < 2000; k++) {
                uint64_t now = READ_ONCE(*(uint64_t *)window2);

                if (now != first) {
                    stop();
                    report_end_now(FACT_FAIL, "stale write %lx", now);
                }
            }
            mmuext1(MMUEXT_UNPIN_TABLE, page_mfn);
        }
        EXPECT_EQ(make_writable(), 0);
    }
    stop();
    report_note("%u promotions", promoted);
    EXPECT(promoted > 0);
    EXPECT_EQ(hc_uvm(window2, 0, UVMF_INVLPG | UVMF_ALL), 0);
    expect_balanced();
}

static void same_entry_from_both_sides(void)
{
    uint64_t since;
    unsigned int i;

    need_two();
    start(TOGGLE_ENTRY);
    since = now_ns();
    for (i = 0; go_on(i, since, i); i++) {
        hc_uvm(window2, page_mfn * PAGE_SIZE |
                            (i & 1 ? PTE_KERNEL : PTE_KERNEL_RO),
               UVMF_INVLPG);
        hc_uvm(window2, 0, UVMF_INVLPG);
    }
    stop();
    EXPECT_EQ(hc_uvm(window2, 0, UVMF_INVLPG | UVMF_ALL), 0);
    expect_balanced();
}

static void two_levels_want_the_same_frame(void)
{
    uint64_t since;
    unsigned int i;

    need_two();
    memset(page, 0, PAGE_SIZE);
    EXPECT_EQ(hc_uvm(page, page_mfn * PAGE_SIZE | PTE_KERNEL_RO,
                     UVMF_INVLPG | UVMF_ALL), 0);
    start(PIN_UNPIN);
    since = now_ns();
    for (i = 0; go_on(i, since, i); i++) {
        if (mmuext1(MMUEXT_PIN_L1_TABLE, page_mfn) == 0) {
            /* While it is ours it is of level 1. */
            EXPECT(mmuext1(MMUEXT_PIN_L3_TABLE, page_mfn) < 0);
            mmuext1(MMUEXT_UNPIN_TABLE, page_mfn);
        }
    }
    stop();
    mmuext1(MMUEXT_UNPIN_TABLE, page_mfn);
    EXPECT_EQ(page_protect(page, true), 0);
    expect_balanced();
}

static void ports_from_both_sides(void)
{
    uint64_t since;
    unsigned int i;

    need_two();
    start(PORTS);
    since = now_ns();
    for (i = 0; go_on(i, since, i); i++) {
        use_ports(i);
    }
    stop();
    for (i = 1; i < EVENT_PORTS; i++) {
        event_close(i);
    }
    EXPECT(event_alloc(DOMID_SELF, DOMID_SELF) == 1);
    EXPECT_EQ(event_close(1), 0);
}

static void grant_from_both_sides(void)
{
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
    grant_entry_v1_t *entry = (grant_entry_v1_t *)grant_page + GREF;
    xen_pfn_t frame = 0;
    uint64_t since;
    unsigned int i;

    need_two();
    set_xen_guest_handle(setup.frame_list, &frame);
    EXPECT_EQ(hc_grant(GNTTABOP_setup_table, &setup, 1), 0);
    EXPECT_EQ(page_map(grant_page, frame, PTE_KERNEL), 0);
    entry->domid = self_id;
    entry->frame = (uint32_t)page_mfn;
    barrier();
    entry->flags = GTF_permit_access;
    start(GRANTS);
    since = now_ns();
    for (i = 0; go_on(i, since, i); i++) {
        map_grant(window2);
        if (i % 16 == 0) { /* withdraw and offer again, while in use or not */
            uint16_t flags = GTF_permit_access;

            if (__atomic_compare_exchange_n(&entry->flags, &flags, 0, false,
                                            __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST)) {
                WRITE_ONCE(entry->flags, GTF_permit_access);
            }
        }
    }
    stop();
    EXPECT_EQ(entry->flags & (GTF_reading | GTF_writing), 0);
    WRITE_ONCE(entry->flags, 0);
    expect_balanced();
}

static const struct fact facts[] = {
    FACT(promotion_against_writable_mapping),
    FACT(promotion_against_a_cached_writable_mapping),
    FACT(same_entry_from_both_sides),
    FACT(two_levels_want_the_same_frame),
    FACT(ports_from_both_sides),
    FACT(grant_from_both_sides),
};

void guest_main(void)
{
    self_id = guest_domid();
    page = page_alloc();
    window = page_alloc();
    window2 = page_alloc();
    page_mfn = mfn_of(page);
    bad_entry = maddr_of((void *)start_info->pt_base) | PTE_KERNEL;
    hc_uvm(window, 0, UVMF_INVLPG);
    hc_uvm(window2, 0, UVMF_INVLPG);
    if (ap_exists()) {
        guest_must(ap_start(ap_main), "second vCPU");
    }
    report_run(facts, ARRAY_SIZE(facts));
    report_end();
}
