/* SPDX-License-Identifier: MIT */
/*
 * control/main.c - dom0's control calls, and a second domain made with them.
 * ABI: xen/domctl.h, xen/sysctl.h (interface 0x15), xen/platform.h.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/tinydom.h>
#include <lib/trap.h>

static struct tinydom tiny;

/* Wait, blocked, until @port has been delivered more than @before times. */
static bool wait_event(evtchn_port_t port, unsigned int before)
{
    uint64_t end = now_ns() + 2000 * NS_PER_MS;

    while (READ_ONCE(event_count[port]) == before && now_ns() < end) {
        struct vcpu_set_singleshot_timer t = {
            .timeout_abs_ns = now_ns() + 10 * NS_PER_MS,
        };

        hc_vcpu(VCPUOP_set_singleshot_timer, 0, &t);
        hc_sched(SCHEDOP_block, NULL);
    }
    return event_count[port] != before;
}

static void getdomaininfo_of_dom0(void)
{
    struct xen_domctl_getdomaininfo info;

    EXPECT_EQ(domctl_info(0, &info), 0);
    EXPECT_EQ(info.domain, 0);
    EXPECT_EQ(info.tot_pages, start_info->nr_pages);
    EXPECT_EQ(info.shared_info_frame, start_info->shared_info / PAGE_SIZE);
    EXPECT_EQ(info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown |
                            XEN_DOMINF_hvm_guest | XEN_DOMINF_paused), 0);
    EXPECT_EQ(info.flags & XEN_DOMINF_running, XEN_DOMINF_running);
    EXPECT(info.cpu_time > 0);
    EXPECT(info.nr_online_vcpus >= 1);
}

static void getdomaininfo_past_the_last(void)
{
    struct xen_domctl_getdomaininfo info;

    EXPECT_EQ(domctl_info(0x7000, &info), -ESRCH);
}

static void domctl_wrong_version_is_eacces(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo,
                             .interface_version = 0x14 };

    EXPECT_EQ(hc_domctl(&op), -EACCES);
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    EXPECT_EQ(hc_domctl(&op), 0);
    EXPECT_EQ(hc_domctl(8), -EFAULT);
}

static void domctl_unknown_is_enosys(void)
{
    struct xen_domctl op = { .cmd = 9999, .interface_version =
                                              XEN_DOMCTL_INTERFACE_VERSION };

    EXPECT_EQ(hc_domctl(&op), -ENOSYS);
}

static void domctl_on_a_missing_domain(void)
{
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_pausedomain, 0x7000), -ESRCH);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_destroydomain, 0x7000), -ESRCH);
}

static void dom0_may_not_pause_or_destroy_itself(void)
{
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_pausedomain, 0), -EINVAL);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_unpausedomain, 0), -EINVAL);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_destroydomain, 0), -EINVAL);
}

static void sysctl_physinfo(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    EXPECT_EQ(hc_sysctl(&op), 0);
    EXPECT(op.u.physinfo.nr_cpus >= 1);
    EXPECT(op.u.physinfo.nr_cpus <= op.u.physinfo.max_cpu_id + 1);
    EXPECT(op.u.physinfo.total_pages > start_info->nr_pages);
    EXPECT(op.u.physinfo.free_pages < op.u.physinfo.total_pages);
    EXPECT(op.u.physinfo.cpu_khz > 0);
    EXPECT(op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv);
}

static void sysctl_wrong_version_is_eacces(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = 0x14 };

    EXPECT_EQ(hc_sysctl(&op), -EACCES);
    EXPECT_EQ(hc_sysctl(8), -EFAULT);
}

static void sysctl_unknown_is_enosys(void)
{
    struct xen_sysctl op = { .cmd = 9999, .interface_version =
                                              XEN_SYSCTL_INTERFACE_VERSION };

    EXPECT_EQ(hc_sysctl(&op), -ENOSYS);
}

static void sysctl_domain_list_has_dom0(void)
{
    struct xen_domctl_getdomaininfo info[4];
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    op.u.getdomaininfolist.max_domains = 4;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, info);
    EXPECT_EQ(hc_sysctl(&op), 0);
    EXPECT_EQ(op.u.getdomaininfolist.num_domains, 1);
    EXPECT_EQ(info[0].domain, 0);
}

static uint64_t free_pages(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    EXPECT_EQ(hc_sysctl(&op), 0);
    return op.u.physinfo.free_pages;
}

/* Free pages once deferred work is done: the same value for 40 ms. */
static uint64_t settled_free_pages(void)
{
    uint64_t last = free_pages();
    unsigned int same;

    for (same = 0; same < 4; same++) {
        struct sched_poll poll = { .timeout = now_ns() + 10 * NS_PER_MS };

        hc_sched(SCHEDOP_poll, &poll);
        if (free_pages() != last) {
            last = free_pages();
            same = 0;
        }
    }
    return last;
}

static void create_gives_a_paused_empty_domain(void)
{
    struct xen_domctl_getdomaininfo info;
    domid_t domid;

    EXPECT_EQ(domctl_create(&domid), 0);
    EXPECT(domid != 0);
    EXPECT_EQ(domctl_info(domid, &info), 0);
    EXPECT_EQ(info.domain, domid);
    EXPECT_EQ(info.tot_pages, 0);
    EXPECT_EQ(info.flags & XEN_DOMINF_paused, XEN_DOMINF_paused);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_destroydomain, domid), 0);
    EXPECT(domctl_info(domid, &info) == -ESRCH || info.domain != domid);
}

static void create_with_unknown_flags_refused(void)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_createdomain,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .u.createdomain = { .flags = 1u << 30, .max_vcpus = 1,
                            .max_evtchn_port = 1023 },
    };

    EXPECT_EQ(hc_domctl(&op), -EINVAL);
    op.u.createdomain.flags = 0;
    op.u.createdomain.max_vcpus = 0;
    EXPECT_EQ(hc_domctl(&op), -EINVAL);
}

static void max_mem_bounds_populate(void)
{
    xen_pfn_t pfns[4] = { 0, 1, 2, 3 };
    domid_t domid;

    EXPECT_EQ(domctl_create(&domid), 0);
    EXPECT_EQ(domctl_max_mem(domid, 8), 0);
    EXPECT_EQ(populate(domid, pfns, 4, 0), 2);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_destroydomain, domid), 0);
}

static void tiny_domain_starts_and_sends(void)
{
    EXPECT_EQ(tinydom_build(&tiny), 0);
    event_unmask(tiny.local_port);
    event_clear(tiny.local_port);
    event_count[tiny.local_port] = 0;
    EXPECT_EQ(tinydom_run(&tiny), 0);
    EXPECT(wait_event(tiny.local_port, 0));
}

static void tiny_domain_answers_a_hundred_pings(void)
{
    unsigned int i;

    for (i = 0; i < 100; i++) {
        unsigned int before = event_count[tiny.local_port];

        EXPECT_EQ(event_send(tiny.local_port), 0);
        EXPECT(wait_event(tiny.local_port, before));
    }
}

static void tiny_domain_is_accounted(void)
{
    struct xen_domctl_getdomaininfo info;

    EXPECT_EQ(domctl_info(tiny.domid, &info), 0);
    EXPECT_EQ(info.domain, tiny.domid);
    EXPECT_EQ(info.tot_pages, TINYDOM_PAGES);
    EXPECT(info.cpu_time > 0);
    EXPECT_EQ(info.nr_online_vcpus, 1);
    EXPECT_EQ(info.flags & XEN_DOMINF_paused, 0);
}

static void paused_domain_does_not_answer(void)
{
    unsigned int before = event_count[tiny.local_port];

    EXPECT_EQ(domctl_simple(XEN_DOMCTL_pausedomain, tiny.domid), 0);
    EXPECT_EQ(event_send(tiny.local_port), 0);
    events_on();
    spin_ns(20 * NS_PER_MS);
    EXPECT_EQ(event_count[tiny.local_port], before);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_unpausedomain, tiny.domid), 0);
    EXPECT(wait_event(tiny.local_port, before));
}

static long vcpu_msrs(uint32_t cmd, struct xen_domctl_vcpu_msr *msrs,
                      uint32_t *nr)
{
    struct xen_domctl op = { .cmd = cmd, .domain = tiny.domid,
                             .interface_version =
                                 XEN_DOMCTL_INTERFACE_VERSION };
    long rc;

    op.u.vcpu_msrs.msr_count = *nr;
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, msrs);
    rc = hc_domctl(&op);
    *nr = op.u.vcpu_msrs.msr_count;
    return rc;
}

static void number_of_rdtscp_is_set_and_read(void)
{
    struct xen_domctl_vcpu_msr m[32] = { { .index = 0xc0000103, .value = 7 } };
    uint32_t nr = 0, i;

    EXPECT_EQ(vcpu_msrs(XEN_DOMCTL_get_vcpu_msrs, NULL, &nr), 0);
    EXPECT(nr >= 1 && nr <= 32);
    nr = 1;
    EXPECT_EQ(vcpu_msrs(XEN_DOMCTL_set_vcpu_msrs, m, &nr), 0);
    memset(m, 0, sizeof(m));
    nr = 0;
    EXPECT_EQ(vcpu_msrs(XEN_DOMCTL_get_vcpu_msrs, m, &nr), -ENOBUFS);
    nr = 32;
    EXPECT_EQ(vcpu_msrs(XEN_DOMCTL_get_vcpu_msrs, m, &nr), 0);
    for (i = 0; i < nr && m[i].index != 0xc0000103; i++) {
    }
    EXPECT(i < nr && m[i].value == 7);
    m[0] = (struct xen_domctl_vcpu_msr){ .index = 0xc0000103,
                                         .value = 1ul << 32 };
    nr = 1;
    EXPECT_EQ(vcpu_msrs(XEN_DOMCTL_set_vcpu_msrs, m, &nr), -EINVAL);
    m[0] = (struct xen_domctl_vcpu_msr){ .index = 0x10 };
    nr = 1;
    EXPECT_EQ(vcpu_msrs(XEN_DOMCTL_set_vcpu_msrs, m, &nr), -EINVAL);
}

static void page_of_another_domain_maps_only_by_its_id(void)
{
    uint8_t *page = page_alloc();
    struct mmu_update req = { pte_maddr(page, 1),
                              tiny.mfns[0] * PAGE_SIZE | PTE_KERNEL_RO };

    EXPECT_EQ(hc_mmu_update(&req, 1, NULL, tiny.domid), 0);
    EXPECT_EQ(page_protect(page, true), 0);
    req.val = tiny.mfns[2] * PAGE_SIZE | PTE_KERNEL; /* its root, writable */
    EXPECT(hc_mmu_update(&req, 1, NULL, tiny.domid) < 0);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void destroy_makes_the_id_unknown(void)
{
    struct xen_domctl_getdomaininfo info;

    EXPECT_EQ(tinydom_destroy(&tiny), 0);
    EXPECT(domctl_info(tiny.domid, &info) == -ESRCH ||
           info.domain != tiny.domid);
    EXPECT_EQ(domctl_simple(XEN_DOMCTL_pausedomain, tiny.domid), -ESRCH);
}

static void build_run_destroy(void)
{
    struct tinydom t;

    EXPECT_EQ(tinydom_build(&t), 0);
    event_unmask(t.local_port);
    event_clear(t.local_port);
    event_count[t.local_port] = 0;
    EXPECT_EQ(tinydom_run(&t), 0);
    EXPECT(wait_event(t.local_port, 0));
    EXPECT_EQ(tinydom_destroy(&t), 0);
}

/*
 * Forty domains leave the free page count where it was.  A hypervisor whose
 * own heap grows in batches may differ by less than a page for each.
 */
static void forty_domains_leak_nothing(void)
{
    uint64_t before, after;
    unsigned int i;

    build_run_destroy();
    before = settled_free_pages();
    for (i = 0; i < 40; i++) {
        build_run_destroy();
    }
    after = settled_free_pages();
    report_note("%ld pages", (long)(after - before));
    EXPECT(after + 40 > before && after < before + 40);
}

static const struct fact facts[] = {
    FACT(getdomaininfo_of_dom0),
    FACT(getdomaininfo_past_the_last),
    FACT(domctl_wrong_version_is_eacces),
    FACT(domctl_unknown_is_enosys),
    FACT(domctl_on_a_missing_domain),
    FACT(dom0_may_not_pause_or_destroy_itself),
    FACT(sysctl_physinfo),
    FACT(sysctl_wrong_version_is_eacces),
    FACT(sysctl_unknown_is_enosys),
    FACT(sysctl_domain_list_has_dom0),
    FACT(create_gives_a_paused_empty_domain),
    FACT(create_with_unknown_flags_refused),
    FACT(max_mem_bounds_populate),
    FACT(tiny_domain_starts_and_sends),
    FACT(tiny_domain_answers_a_hundred_pings),
    FACT(tiny_domain_is_accounted),
    FACT(paused_domain_does_not_answer),
    FACT(number_of_rdtscp_is_set_and_read),
    FACT(page_of_another_domain_maps_only_by_its_id),
    FACT(destroy_makes_the_id_unknown),
    FACT(forty_domains_leak_nothing),
};

static void control_calls_need_dom0(void)
{
    SKIP("needs dom0");
}

void guest_main(void)
{
    static const struct fact none[] = { FACT(control_calls_need_dom0) };
    evtchn_port_t timer;

    if (!guest_privileged()) {
        report_run(none, 1);
        report_end();
        return;
    }

    event_bind_virq(VIRQ_TIMER, 0, &timer);
    event_unmask(timer);
    report_run(facts, ARRAY_SIZE(facts));
    report_end();
}
