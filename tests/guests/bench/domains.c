/* SPDX-License-Identifier: MIT */
/*
 * bench/domains.c - memory given away and taken, domains made and destroyed,
 * and events to and from a second domain.
 */
#include <lib/event.h>
#include <lib/tinydom.h>
#include <lib/trap.h>

#include "bench.h"

#define MANY 64u
#define BIG_PAGES 4096u

extern const char bench_upcall[];
extern uint64_t bench_upcalls;

static xen_pfn_t mfns[BIG_PAGES];
static struct xen_memory_reservation give, take;

static void memory_of_n(unsigned int n, const char *down, const char *up,
                        unsigned int rounds)
{
    uint8_t *pages = pages_alloc(n);
    unsigned int i;

    for (i = 0; i < n; i++) {
        mfns[i] = mfn_of(pages + i * PAGE_SIZE);
        hc_uvm(pages + i * PAGE_SIZE, 0, UVMF_INVLPG);
    }
    give.domid = take.domid = DOMID_SELF;
    give.nr_extents = take.nr_extents = n;
    set_xen_guest_handle(give.extent_start, mfns);
    set_xen_guest_handle(take.extent_start, mfns);
    /* populate takes frame numbers of the domain and returns machine ones */
    BENCH2(down,
           BCALL2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &give),
           up, for (i = 0; i < n; i++) {
               mfns[i] = pfn_of(pages + i * PAGE_SIZE);
           } BCALL2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &take),
           rounds);
}

static void empty_domains(void)
{
    domid_t domid = 0;
    long rc = 0;

    BENCH2("domctl_create+1vcpu+maxmem", rc |= domctl_create(&domid);
           rc |= domctl_max_vcpus(domid, 1);
           rc |= domctl_max_mem(domid, 64 << 10), "domctl_destroy_empty",
           rc |= domctl_simple(XEN_DOMCTL_destroydomain, domid), 2);
    bench_check(rc == 0, "empty domain");
}

static void big_domains(void)
{
    domid_t domid = 0;
    long rc = 0;
    unsigned int i;

    BENCH2("create+populate_16MB_4k", rc |= domctl_create(&domid);
           rc |= domctl_max_vcpus(domid, 1);
           rc |= domctl_max_mem(domid, 64 << 10);
           for (i = 0; i < BIG_PAGES; i++) { mfns[i] = i; }
           rc |= populate(domid, mfns, BIG_PAGES, 0) != BIG_PAGES,
           "destroy_16MB",
           rc |= domctl_simple(XEN_DOMCTL_destroydomain, domid), 1);
    bench_check(rc == 0, "16 MB domain");
}

static void one_info(void)
{
    static struct xen_domctl op = {
        .cmd = XEN_DOMCTL_getdomaininfo,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
    };

    BENCH("domctl_getdomaininfo", 200, BCALL1(__HYPERVISOR_domctl, &op));
}

static void foreign_maps(void)
{
    static struct mmu_update on[128], off[128];
    uint8_t *pages = pages_alloc(128);
    domid_t domid;
    unsigned int i;

    bench_check(domctl_create(&domid) == 0 && domctl_max_vcpus(domid, 1) == 0
                && domctl_max_mem(domid, 4096) == 0, "foreign domain");
    for (i = 0; i < 128; i++) {
        mfns[i] = i;
    }
    bench_check(populate(domid, mfns, 128, 0) == 128, "foreign pages");
    for (i = 0; i < 128; i++) {
        on[i].ptr = off[i].ptr = pte_maddr(pages + i * PAGE_SIZE, 1);
        on[i].val = mfns[i] * PAGE_SIZE | PTE_KERNEL;
    }
    bench_check(BCALL4(__HYPERVISOR_mmu_update, on, 128, 0, domid) == 0,
                "foreign map");
    BENCH2("foreign_unmap_128",
           BCALL4(__HYPERVISOR_mmu_update, off, 128, 0, domid),
           "foreign_map_128",
           BCALL4(__HYPERVISOR_mmu_update, on, 128, 0, domid), 10);
    BCALL4(__HYPERVISOR_mmu_update, off, 128, 0, domid);
    domctl_simple(XEN_DOMCTL_destroydomain, domid);
}

static struct tinydom tiny;

static void wait_upcall(uint64_t before)
{
    while (READ_ONCE(bench_upcalls) == before) {
        events_off();
        BCALL2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
    }
    events_off();
}

static long start_tiny(void)
{
    uint64_t before = bench_upcalls;
    long rc = tinydom_build(&tiny);

    if (rc == 0) {
        WRITE_ONCE(shared_info->evtchn_pending[0], 0);
        rc = tinydom_run(&tiny);
        wait_upcall(before);
    }
    return rc;
}

static void ping_pong(void)
{
    static struct evtchn_send ping;

    ping.port = tiny.local_port;
    BENCH("interdomain_pingpong_rt", 100, uint64_t before_ = bench_upcalls;
          BCALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &ping);
          wait_upcall(before_));
}

static void second_domain(void)
{
    struct callback_register cb = { CALLBACKTYPE_event, 0,
                                    (unsigned long)bench_upcall };

    events_off();
    WRITE_ONCE(shared_info->evtchn_pending[0], 0);
    hc_callback(CALLBACKOP_register, &cb);
    if (start_tiny() != 0) {
        bench_check(false, "tiny domain");
        return;
    }
    ping_pong();
    bench_check(tinydom_destroy(&tiny) == 0, "destroy");
    BENCH2("domain_build6pages_run_firstevent", start_tiny(),
           "domain_destroy6pages", tinydom_destroy(&tiny), 2);
    cb.address = (unsigned long)event_entry;
    hc_callback(CALLBACKOP_register, &cb);
}

void bench_domains(void)
{
    memory_of_n(1, "decrease_reservation_1", "populate_physmap_1", 20);
    memory_of_n(MANY, "decrease_reservation_64", "populate_physmap_64", 5);
    empty_domains();
    big_domains();
    one_info();
    foreign_maps();
    second_domain();
}
