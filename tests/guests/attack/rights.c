/* SPDX-License-Identifier: MIT */
/*
 * attack/rights.c - operations that belong to dom0, tried by a domain without
 * rights: every one is refused.  Skipped when run as dom0.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "attack.h"

static void need_unprivileged(void)
{
    if (guest_privileged()) {
        SKIP("this is dom0");
    }
}

static void every_domctl_is_refused(void)
{
    uint32_t cmd;

    need_unprivileged();
    for (cmd = 0; cmd < 128; cmd++) {
        struct xen_domctl op = {
            .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
            .domain = (domid_t)(cmd & 1),
        };

        EXPECT(hc_domctl(&op) < 0);
    }
}

static void every_sysctl_is_refused(void)
{
    uint32_t cmd;

    need_unprivileged();
    for (cmd = 0; cmd < 64; cmd++) {
        struct xen_sysctl op = {
            .cmd = cmd, .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
        };

        EXPECT(hc_sysctl(&op) < 0);
    }
}

static void every_platform_op_is_refused(void)
{
    uint32_t cmd;

    need_unprivileged();
    for (cmd = 0; cmd < 80; cmd++) {
        struct xen_platform_op op = {
            .cmd = cmd, .interface_version = XENPF_INTERFACE_VERSION,
        };

        EXPECT(hcall1(__HYPERVISOR_platform_op, &op) < 0);
    }
}

static void physdev_gives_no_device(void)
{
    static uint8_t arg[64];
    uint32_t cmd;

    need_unprivileged();
    for (cmd = 0; cmd < 40; cmd++) {
        if (cmd == PHYSDEVOP_set_iopl || cmd == PHYSDEVOP_set_iobitmap ||
            cmd == PHYSDEVOP_pirq_eoi_gmfn_v1 ||
            cmd == PHYSDEVOP_pirq_eoi_gmfn_v2 || cmd == PHYSDEVOP_eoi ||
            cmd == PHYSDEVOP_irq_status_query ||
            cmd == PHYSDEVOP_get_free_pirq) {
            continue; /* about the domain's own state */
        }
        memset(arg, 0, sizeof(arg));
        EXPECT(hc_physdev(cmd, arg) < 0);
    }
}

static void memory_of_others_is_refused(void)
{
    static xen_pfn_t frame;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = 0 };
    struct xen_memory_map mm = { .nr_entries = 1 };
    static uint8_t buf[64];

    need_unprivileged();
    set_xen_guest_handle(r.extent_start, &frame);
    EXPECT(hc_memory(XENMEM_populate_physmap, &r) <= 0);
    EXPECT(hc_memory(XENMEM_decrease_reservation, &r) <= 0);
    mm.buffer.p = buf;
    EXPECT(hc_memory(XENMEM_machine_memory_map, &mm) < 0);
    EXPECT(hc_memory(XENMEM_set_memory_map, buf) < 0);
}

static void no_port_answers(void)
{
    struct physdev_set_iopl iopl = { 1 };
    uint32_t port, value;

    need_unprivileged();
    hc_physdev(PHYSDEVOP_set_iopl, &iopl);
    for (port = 0; port < 0x10000; port++) {
        value = 0xffffffff;
        TRY_OUT("inb %%dx, %%al", ("+a"(value)), "d"(port));
        EXPECT(trap_last.vector == TRAP_NONE || trap_last.vector == TRAP_GP);
        if (trap_last.vector == TRAP_NONE && (port & ~7u) != 0xcf8) {
            EXPECT_EQ(value & 0xff, 0xff);
        }
    }
    for (port = 0; port < 0x10000; port += 7) {
        TRY_INSN("outb %%al, %%dx", "a"(0xfe), "d"(port));
    }
    expect_alive();
}

static void other_domains_are_out_of_reach(void)
{
    struct evtchn_status st = { .dom = 0, .port = 1 };
    struct evtchn_reset reset = { .dom = 0 };
    struct gnttab_setup_table setup = { .dom = 0, .nr_frames = 1 };
    xen_pfn_t frame;

    need_unprivileged();
    EXPECT(event_alloc(0, DOMID_SELF) < 0);
    EXPECT(hc_event(EVTCHNOP_status, &st) < 0);
    EXPECT(hc_event(EVTCHNOP_reset, &reset) < 0);
    set_xen_guest_handle(setup.frame_list, &frame);
    EXPECT(hc_grant(GNTTABOP_setup_table, &setup, 1) < 0 || setup.status < 0);
}

static void global_virqs_are_dom0s(void)
{
    static const uint32_t virqs[] = { VIRQ_CONSOLE, VIRQ_DOM_EXC,
                                      VIRQ_CON_RING, VIRQ_PCPU_STATE,
                                      VIRQ_TBUF };
    evtchn_port_t port;
    unsigned int i;

    need_unprivileged();
    for (i = 0; i < ARRAY_SIZE(virqs); i++) {
        if (event_bind_virq(virqs[i], 0, &port) == 0) {
            EXPECT_EQ(event_close(port), 0); /* a port, but never raised */
        }
    }
    expect_alive();
}

static const struct fact facts[] = {
    FACT(every_domctl_is_refused),
    FACT(every_sysctl_is_refused),
    FACT(every_platform_op_is_refused),
    FACT(physdev_gives_no_device),
    FACT(memory_of_others_is_refused),
    FACT(no_port_answers),
    FACT(other_domains_are_out_of_reach),
    FACT(global_virqs_are_dom0s),
};

void run_rights(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
