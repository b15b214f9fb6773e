/* SPDX-License-Identifier: MIT */
/*
 * attack/refusals.c - what is not built must say so and leave everything as
 * it was; what is built must keep its bounds when every place is taken, every
 * length is wrong and every deadline is odd.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

#include "attack.h"

static void need_unprivileged(void)
{
    if (guest_privileged()) {
        SKIP("about a domain without rights");
    }
}

/* ---- grants ------------------------------------------------------------------ */

/* Version 2 is not offered: asking for it changes nothing. */
static void grant_version_two_is_refused(void)
{
    struct gnttab_set_version set = { .version = 2 };
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    uint32_t versions[] = { 0, 2, 3, 0xffffffff };
    unsigned int i;

    need_unprivileged();
    for (i = 0; i < ARRAY_SIZE(versions); i++) {
        set.version = versions[i];
        EXPECT(hc_grant(GNTTABOP_set_version, &set, 1) < 0);
        EXPECT_EQ(hc_grant(GNTTABOP_get_version, &get, 1), 0);
        EXPECT_EQ(get.version, 1);
    }
    expect_alive();
}

/* Every operation that the interface has no business with, and beyond. */
static void grant_operations_beyond_the_interface(void)
{
    static uint8_t arg[256];
    uint32_t cmd;

    need_unprivileged();
    for (cmd = 0; cmd < 64; cmd++) {
        memset(arg, 0xff, sizeof(arg));
        if (cmd == GNTTABOP_setup_table) {
            continue;                 /* would make the table grow */
        }
        hc_grant(cmd, arg, 0);        /* nothing to do: no harm */
        hc_grant(cmd, arg, 1);
        EXPECT(hc_grant(cmd, HV_POINTER, 1) < 0);
    }
    EXPECT(hc_grant(GNTTABOP_transfer, arg, 1) < 0 ||
           ((struct gnttab_transfer *)(void *)arg)->status < 0);
    expect_alive();
}

static void copies_keep_to_their_page(void)
{
    static const uint16_t edges[] = { 0, 1, 4095, 4096, 4097, 0x7fff,
                                      0x8000, 0xffff };
    uint8_t *page = pages_alloc(2);
    unsigned int i, k;

    page[PAGE_SIZE] = 0x5a;
    for (i = 0; i < ARRAY_SIZE(edges); i++) {
        for (k = 0; k < ARRAY_SIZE(edges); k++) {
            struct gnttab_copy c = {
                .source = { .u.gmfn = mfn_of(page), .domid = DOMID_SELF,
                            .offset = 0 },
                .dest = { .u.gmfn = mfn_of(page), .domid = DOMID_SELF,
                          .offset = edges[i] },
                .len = edges[k],
            };

            EXPECT_EQ(hc_grant(GNTTABOP_copy, &c, 1), 0);
            if ((uint32_t)edges[i] + edges[k] > PAGE_SIZE) {
                EXPECT(c.status < 0);
            }
        }
    }
    EXPECT_EQ(page[PAGE_SIZE], 0x5a);
}

static void every_reference_to_ourselves_and_others(void)
{
    static const domid_t ids[] = { DOMID_SELF, 0, 1, 0x7fef, DOMID_IO,
                                   DOMID_XEN, DOMID_INVALID, DOMID_IDLE };
    uint8_t *window = page_alloc();
    unsigned int i, shift;

    need_unprivileged();
    for (i = 0; i < ARRAY_SIZE(ids); i++) {
        for (shift = 0; shift < 33; shift++) {
            struct gnttab_map_grant_ref m = {
                .host_addr = (uint64_t)window, .dom = ids[i],
                .ref = (grant_ref_t)((1ul << shift) - 1),
                .flags = GNTMAP_host_map,
            };
            struct gnttab_unmap_grant_ref u = {
                .host_addr = (uint64_t)window,
                .handle = (grant_handle_t)((1ul << shift) - 1),
            };

            EXPECT_EQ(hc_grant(GNTTABOP_map_grant_ref, &m, 1), 0);
            EXPECT(m.status < 0);
            EXPECT_EQ(hc_grant(GNTTABOP_unmap_grant_ref, &u, 1), 0);
            EXPECT(u.status < 0);
        }
    }
    *window = 1;
    expect_alive();
}

/* ---- event channels -------------------------------------------------------------- */

/* Queues are not offered; the bitmaps go on as before. */
static void event_queues_are_refused(void)
{
    struct evtchn_init_control init = {
        .control_gfn = mfn_of(page_alloc()), .offset = 0, .vcpu = 0
    };
    struct evtchn_expand_array expand = { .array_gfn = init.control_gfn };
    struct evtchn_set_priority priority = { .port = 1, .priority = 0 };
    evtchn_port_t a, b;

    need_unprivileged();
    EXPECT(hc_event(EVTCHNOP_init_control, &init) < 0);
    init.control_gfn = ~0ul;
    EXPECT(hc_event(EVTCHNOP_init_control, &init) < 0);
    EXPECT(hc_event(EVTCHNOP_expand_array, &expand) < 0);
    EXPECT(hc_event(EVTCHNOP_set_priority, &priority) < 0);
    EXPECT_EQ(event_pair(&a, &b), 0);
    EXPECT_EQ(event_send(a), 0);
    EXPECT(event_pending(b));
    event_clear(b);
    event_close(a);
    event_close(b);
}

/* With all ports taken every way to get one more fails and undoes itself. */
static void all_ports_taken(void)
{
    evtchn_port_t port, any = 0;
    unsigned int taken = 0, round, i;
    long rc;

    for (round = 0; round < 2; round++) {
        for (taken = 0; (rc = event_alloc(DOMID_SELF, DOMID_SELF)) >= 0;
             taken++) {
            any = (evtchn_port_t)rc;
        }
        EXPECT(taken > 900 && taken < EVENT_PORTS);
        for (i = 0; i < 24; i++) {
            EXPECT(event_bind_virq(i, 0, &port) < 0);
        }
        EXPECT(event_bind_ipi(0, &port) < 0);
        EXPECT(event_pair(&port, &port) < 0);
        EXPECT_EQ(event_close(any), 0);
        EXPECT(event_alloc(DOMID_SELF, DOMID_SELF) == (long)any);
        for (i = 1; i < EVENT_PORTS; i++) {
            event_close(i);
        }
    }
    report_note("%u ports", taken);
    expect_alive();
}

static void polling_what_is_not_there(void)
{
    static evtchn_port_t ports[160];
    static const unsigned int counts[] = { 0, 1, 128, 129, 160, 0xffffffff };
    struct sched_poll op;
    unsigned int i, k;

    for (i = 0; i < ARRAY_SIZE(ports); i++) {
        ports[i] = (evtchn_port_t)rnd();
    }
    set_xen_guest_handle(op.ports, ports);
    for (i = 0; i < ARRAY_SIZE(counts); i++) {
        for (k = 0; k < 3; k++) {
            op.nr_ports = counts[i];
            op.timeout = k == 0 ? 1 : k == 1 ? now_ns() + 1000 : now_ns();
            hc_sched(SCHEDOP_poll, &op);
        }
    }
    op.ports.p = (void *)HV_POINTER;
    op.nr_ports = 1;
    EXPECT(hc_sched(SCHEDOP_poll, &op) < 0);
    expect_alive();
}

/* ---- time ------------------------------------------------------------------------------ */

static void deadlines_that_are_odd(void)
{
    static const uint64_t when[] = { 1, 2, 1000, 1ul << 31, 1ul << 32,
                                     1ul << 62, 1ul << 63, ~0ul - 1, ~0ul };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(when); i++) {
        struct vcpu_set_singleshot_timer once = { .timeout_abs_ns = when[i] };
        struct vcpu_set_periodic_timer often = { .period_ns = when[i] };
        uint64_t start = now_ns();

        hc_set_timer(when[i]);
        hc_vcpu(VCPUOP_set_singleshot_timer, 0, &once);
        hc_vcpu(VCPUOP_set_periodic_timer, 0, &often);
        hc_sched(SCHEDOP_yield, NULL);
        EXPECT(now_ns() - start < 2000 * NS_PER_MS);
    }
    EXPECT_EQ(hc_set_timer(0), 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    EXPECT_EQ(hc_vcpu(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    expect_alive();
}

/* ---- what comes out ----------------------------------------------------------------------- */

/* Bytes that the answer does not define are either zero or as they were. */
static void answers_carry_nothing_else(void)
{
    static uint8_t out[8192] ALIGNED_PAGE;
    uint32_t cmd, i, end;

    for (cmd = 0; cmd < 16; cmd++) {
        memset(out, 0xaa, sizeof(out));
        if (hc_version(cmd, out) < 0) {
            for (i = 0; i < sizeof(out); i++) {
                EXPECT_EQ(out[i], 0xaa);
            }
            continue;
        }
        for (end = sizeof(out); end > 0 && out[end - 1] == 0xaa; end--) {
        }
        EXPECT(end <= 4096);          /* XENVER_commandline is the longest */
    }
}

/* Strings end, and behind their end there is nothing of a stack. */
static void texts_end_in_zeros(void)
{
    static char text[1024];
    static const struct { unsigned int cmd; size_t size; } texts[] = {
        { XENVER_extraversion, 16 }, { XENVER_capabilities, 1024 },
        { XENVER_changeset, 64 },
    };
    unsigned int i;
    size_t k;

    need_unprivileged();
    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        memset(text, 0xaa, sizeof(text));
        EXPECT(hc_version(texts[i].cmd, text) >= 0);
        k = strlen(text);
        EXPECT(k < texts[i].size);
        for (; k < texts[i].size; k++) {
            EXPECT_EQ(text[k], 0);
        }
    }
}

/* ---- calls of other kinds of guests ------------------------------------------------------- */

static void a_pv_guest_is_no_hvm_guest(void)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF };
    static uint8_t arg[256];
    unsigned int i;

    need_unprivileged();
    for (i = 0; i < 64; i++) {
        p.index = i;
        p.value = rnd();
        EXPECT(hcall2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p) < 0);
        memset(arg, 0, sizeof(arg));
        EXPECT(hcall3(__HYPERVISOR_dm_op, DOMID_SELF, i, arg) < 0 || i == 0);
    }
    for (i = 0; i < 256; i++) {
        memset(arg, 0, sizeof(arg));
        if (i != HVMOP_get_time && i != HVMOP_guest_request_vm_event) {
            hcall2(__HYPERVISOR_hvm_op, i, arg);
        }
    }
    expect_alive();
}

static void debug_registers_in_every_slot(void)
{
    unsigned int slot, reg;

    for (slot = 0; slot < 512; slot++) {
        uint64_t at = (uint64_t)slot << 39;

        at |= slot >= 256 ? 0xffff000000000000ul : 0;
        for (reg = 0; reg < 4; reg++) {
            long rc = hcall2(__HYPERVISOR_set_debugreg, reg, at);

            EXPECT(rc == 0 || rc < 0);
            if (slot >= 256 && slot < 272) {
                EXPECT(rc < 0);       /* the hypervisor's own */
            }
            hcall2(__HYPERVISOR_set_debugreg, reg, 0);
        }
    }
    expect_alive();
}

static const struct fact facts[] = {
    FACT(grant_version_two_is_refused),
    FACT(grant_operations_beyond_the_interface),
    FACT(copies_keep_to_their_page),
    FACT(every_reference_to_ourselves_and_others),
    FACT(event_queues_are_refused),
    FACT(all_ports_taken),
    FACT(polling_what_is_not_there),
    FACT(deadlines_that_are_odd),
    FACT(answers_carry_nothing_else),
    FACT(texts_end_in_zeros),
    FACT(a_pv_guest_is_no_hvm_guest),
    FACT(debug_registers_in_every_slot),
};

void run_refusals(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
