/* SPDX-License-Identifier: MIT */
/*
 * attack/calls.c - hypercalls with arguments nobody should pass: by number,
 * at random, and the shapes that have hurt before.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "attack.h"

#define RANDOM_CALLS 200000u

/* What would only hurt ourselves, or end the run, is left out. */
static bool is_suicide(unsigned int nr, uint64_t cmd)
{
    switch (nr) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_set_callbacks:
    case __HYPERVISOR_stack_switch:
    case __HYPERVISOR_callback_op:
    case __HYPERVISOR_set_gdt:
    case __HYPERVISOR_console_io:
    case __HYPERVISOR_sched_op_compat:
    case __HYPERVISOR_nmi_op:
    case __HYPERVISOR_set_timer_op:
    case __HYPERVISOR_multicall: /* a list of zeros empties the trap table */
        return true;
    case __HYPERVISOR_sched_op:
        return cmd != SCHEDOP_yield;
    case __HYPERVISOR_vcpu_op:
        return cmd == VCPUOP_down || cmd == VCPUOP_initialise ||
               cmd == VCPUOP_register_vcpu_info ||
               cmd == VCPUOP_register_runstate_memory_area ||
               cmd == VCPUOP_register_vcpu_time_memory_area ||
               cmd == VCPUOP_send_nmi || cmd == VCPUOP_set_periodic_timer;
    default:
        return false;
    }
}

/* dom0 could switch the machine off or take memory from under itself. */
static bool is_dangerous_for_dom0(unsigned int nr)
{
    switch (nr) {
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_physdev_op:
    case __HYPERVISOR_physdev_op_compat:
    case __HYPERVISOR_kexec_op:
    case __HYPERVISOR_xsm_op:
    case __HYPERVISOR_memory_op:
    case __HYPERVISOR_hvm_op:
    case __HYPERVISOR_dm_op:
    case 48: /* machine check */
        return true;
    default:
        return false;
    }
}

static void random_calls(void)
{
    unsigned int i, refused = 0;

    for (i = 0; i < RANDOM_CALLS; i++) {
        unsigned int nr = (unsigned int)(rnd() >> 8) % 60;
        uint64_t cmd = rnd() & 1 ? (rnd() >> 8) % 64 : rnd_argument();

        if (is_suicide(nr, cmd) ||
            (guest_privileged() && is_dangerous_for_dom0(nr))) {
            continue;
        }
        refused += hcall5(nr, cmd, rnd_argument(), rnd_argument(),
                          rnd_argument(), rnd_argument()) < 0;
    }
    events_off();
    report_note("%u refused", refused);
    EXPECT_EQ(hcall2(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, 0), 0);
    hcall2(__HYPERVISOR_set_debugreg, 7, 0);
    expect_alive();
}

static void random_page_table_calls(void)
{
    struct mmuext_op op;
    struct mmu_update req;
    unsigned int i;

    for (i = 0; i < 20000; i++) {
        uint64_t mfn = rnd() % 0x20000;

        if (owns(mfn)) {
            continue; /* not our own tables */
        }
        req.ptr = mfn * PAGE_SIZE | (rnd() & 0xffb);
        req.val = rnd_argument();
        if (!guest_privileged()) {
            EXPECT(hc_mmu_update(&req, 1, NULL, DOMID_SELF) < 0 ||
                   is_allowed(mfn));
        }
        op.cmd = (unsigned int)(rnd() % 24);
        op.arg1.mfn = mfn;
        op.arg2.src_mfn = rnd_argument();
        if (op.cmd == MMUEXT_SET_LDT || op.cmd == MMUEXT_NEW_USER_BASEPTR) {
            continue;
        }
        hc_mmuext(&op, 1, NULL, DOMID_SELF);
    }
    expect_alive();
}

static void lengths_that_wrap(void)
{
    static const uint64_t lengths[] = {
        0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32, 1ul << 61, ~0ul,
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(lengths); i++) {
        EXPECT((uint32_t)lengths[i] == 0 ||
               hc_multicall(HV_POINTER, lengths[i]) < 0);
        EXPECT(hc_mmu_update(HV_POINTER, (lengths[i] & 0x7fffffff) | 1, NULL,
                             DOMID_SELF) < 0);
        EXPECT(hc_mmuext(HV_POINTER, (lengths[i] & 0x7fffffff) | 1, NULL,
                         DOMID_SELF) < 0);
        EXPECT((uint32_t)lengths[i] == 0 ||
               hc_grant(GNTTABOP_copy, HV_POINTER, lengths[i]) < 0);
        hc_console(CONSOLEIO_write, lengths[i], HV_POINTER);
        EXPECT((uint32_t)lengths[i] == 0 ||
               hcall2(__HYPERVISOR_set_gdt, HV_POINTER, lengths[i]) < 0);
    }
    expect_alive();
}

static void pointers_that_wrap(void)
{
    static const uint64_t pointers[] = {
        ~0ul, ~0ul - 3, ~0ul - 4095, 0x7fffffffffff, 0x800000000000,
        0xffff7fffffffffff, 0xffff800000000000, 0xffff87ffffffffff,
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(pointers); i++) {
        EXPECT(hc_version(XENVER_capabilities, pointers[i]) < 0);
        EXPECT(hc_event(EVTCHNOP_alloc_unbound, pointers[i]) < 0);
        EXPECT(hc_memory(XENMEM_machphys_mapping, pointers[i]) < 0);
        EXPECT(hc_multicall(pointers[i], 4) < 0);
        EXPECT(hc_grant(GNTTABOP_map_grant_ref, pointers[i], 2) < 0);
    }
    expect_alive();
}

static void exchange_never_writes_where_told(void)
{
    static xen_pfn_t in[2], out[2];
    static const uint64_t done[] = { 1, 1ul << 32, 1ul << 61, ~0ul };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(done); i++) {
        struct xen_memory_exchange x = {
            .in = { .nr_extents = ~0ul, .domid = DOMID_SELF },
            .out = { .nr_extents = ~0ul, .domid = DOMID_SELF },
            .nr_exchanged = done[i],
        };

        x.in.extent_start.p = in;
        x.out.extent_start.p = (void *)(HV_POINTER - done[i] * 8);
        EXPECT(hc_memory(XENMEM_exchange, &x) <= 0); /* or: all done */
        x.out.extent_start.p = out;
        x.in.nr_extents = x.out.nr_extents = 2;
        EXPECT(hc_memory(XENMEM_exchange, &x) < 0);
    }
    expect_alive();
}

static void reservations_with_odd_orders(void)
{
    static xen_pfn_t frames[4] = { 1ul << 39, 1ul << 39, 1ul << 39, 1ul << 39 };
    unsigned int order, node;

    for (order = 0; order < 64; order++) {
        struct xen_memory_reservation r = {
            .nr_extents = 1, .extent_order = order, .domid = DOMID_SELF,
        };

        set_xen_guest_handle(r.extent_start, frames);
        EXPECT(hc_memory(XENMEM_decrease_reservation, &r) <= 0);
        r.domid = 0x7000;
        EXPECT(hc_memory(XENMEM_populate_physmap, &r) <= 0);
        r.nr_extents = ~0ul;
        EXPECT(hc_memory(XENMEM_populate_physmap, &r) <= 0);
    }
    for (node = 0; node < 256; node++) {
        struct xen_memory_reservation r = {
            .nr_extents = ~0ul, .extent_order = 63,
            .mem_flags = XENMEMF_exact_node(node), .domid = DOMID_SELF,
        };

        set_xen_guest_handle(r.extent_start, frames);
        EXPECT(hc_memory(XENMEM_populate_physmap, &r) <= 0);
    }
    expect_alive();
}

static void grant_to_every_unaligned_entry(void)
{
    uint8_t *window = page_alloc();
    uint64_t l1 = pte_maddr(window, 1) & PAGE_MASK;
    unsigned int off;

    for (off = 0; off < 4096; off++) {
        struct gnttab_map_grant_ref op = {
            .host_addr = l1 + off, .ref = 3, .dom = DOMID_SELF,
            .flags = GNTMAP_host_map | GNTMAP_contains_pte,
        };

        if (off % 8 != 0) {
            EXPECT_EQ(hc_grant(GNTTABOP_map_grant_ref, &op, 1), 0);
            EXPECT(op.status < 0);
        }
    }
    expect_alive();
}

static void vcpu_info_at_every_odd_offset(void)
{
    uint8_t *page = page_alloc();
    unsigned int off;

    for (off = 0; off < 4096 + 64; off++) {
        struct vcpu_register_vcpu_info op = { .mfn = mfn_of(page),
                                              .offset = off };

        if (off % 8 != 0 || off > 4096 - sizeof(struct vcpu_info)) {
            EXPECT(hc_vcpu(VCPUOP_register_vcpu_info, 0, &op) < 0);
        }
    }
    expect_alive();
}

static void multicall_hides_no_rights(void)
{
    struct multicall_entry calls[4] = {
        { .op = __HYPERVISOR_multicall, .args = { HV_POINTER, 4 } },
        { .op = __HYPERVISOR_update_va_mapping,
          .args = { HV_POINTER, PTE_KERNEL } },
        { .op = 0xffffffff },
        { .op = __HYPERVISOR_set_trap_table, .args = { HV_POINTER } },
    };
    unsigned int i;

    EXPECT_EQ(hc_multicall(calls, 4), 0);
    for (i = 0; i < 4; i++) {
        EXPECT((long)calls[i].result < 0);
    }
    expect_alive();
}

static void event_ports_in_any_order(void)
{
    unsigned int i;

    for (i = 0; i < 20000; i++) {
        evtchn_port_t port = (evtchn_port_t)(rnd() % 64);
        struct evtchn_bind_interdomain bind = {
            .remote_dom = DOMID_SELF, .remote_port = port,
        };

        switch (rnd() % 6) {
        case 0:
            event_alloc(DOMID_SELF, (domid_t)rnd());
            break;
        case 1:
            hc_event(EVTCHNOP_bind_interdomain, &bind);
            break;
        case 2:
            event_close(port);
            break;
        case 3:
            event_send(port);
            break;
        case 4:
            event_unmask(port);
            break;
        default:
            event_bind_virq((uint32_t)(rnd() % 26), (uint32_t)(rnd() % 3),
                            &port);
        }
    }
    for (i = 1; i < EVENT_PORTS; i++) {
        event_close(i);
    }
    expect_alive();
}

static const struct fact facts[] = {
    FACT(lengths_that_wrap),
    FACT(pointers_that_wrap),
    FACT(exchange_never_writes_where_told),
    FACT(reservations_with_odd_orders),
    FACT(grant_to_every_unaligned_entry),
    FACT(vcpu_info_at_every_odd_offset),
    FACT(multicall_hides_no_rights),
    FACT(event_ports_in_any_order),
    FACT(random_page_table_calls),
    FACT(random_calls),
};

void run_calls(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
