/* SPDX-License-Identifier: MIT */
/*
 * bench/calls.c - hypercalls that do little: the cost of the way in and out,
 * of multicall, and of the small per-vCPU operations.
 */
#include <lib/report.h>

#include "bench.h"

static struct multicall_entry calls[32];
static uint8_t stack[4096] __attribute__((aligned(16)));

static void null_calls(void)
{
    unsigned int i;
    static struct xen_feature_info features;

    for (i = 0; i < 32; i++) {
        calls[i].op = __HYPERVISOR_xen_version;
    }
    bench_check(BCALL2(__HYPERVISOR_xen_version, 0, 0) > 0, "version");
    BENCH("hc_null_xen_version", 1000, BCALL2(__HYPERVISOR_xen_version, 0, 0));
    BENCH("hc_enosys_arch7", 1000, BCALL1(__HYPERVISOR_arch_7, 0));
    BENCH("multicall_1_null", 500, BCALL2(__HYPERVISOR_multicall, calls, 1));
    BENCH("multicall_32_null", 100,
          BCALL2(__HYPERVISOR_multicall, calls, 32));
    bench_check(calls[31].result > 0, "multicall");
    BENCH("hc_version_get_features(copy)", 500,
          BCALL2(__HYPERVISOR_xen_version, XENVER_get_features, &features));
    bench_check(features.submap != 0, "features");
}

static void vcpu_state_calls(void)
{
    BENCH("stack_switch", 500, BCALL2(__HYPERVISOR_stack_switch,
                                      FLAT_KERNEL_SS, stack + sizeof(stack)));
    BENCH("fpu_taskswitch_1", 500, BCALL1(__HYPERVISOR_fpu_taskswitch, 1));
    BENCH2("fpu_ts_set", BCALL1(__HYPERVISOR_fpu_taskswitch, 1),
           "fpu_ts_clear", BCALL1(__HYPERVISOR_fpu_taskswitch, 0), 200);
    BENCH("set_segment_base_fs", 500,
          BCALL2(__HYPERVISOR_set_segment_base, SEGBASE_FS, 0));
    BENCH("set_segment_base_gs_user", 500,
          BCALL2(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, 0));
    BENCH("set_debugreg", 500, BCALL2(__HYPERVISOR_set_debugreg, 0, 0));
    BENCH("get_debugreg", 500, BCALL1(__HYPERVISOR_get_debugreg, 0));
    BENCH("vm_assist", 500, BCALL2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
                                   VMASST_TYPE_4gb_segments));
}

/* A GDT of our own: one read-only page with an unused slot to rewrite. */
static void descriptors(void)
{
    uint64_t *gdt = page_alloc();
    unsigned long frame = mfn_of(gdt);
    uint64_t slot = maddr_of(gdt) + 8 * 10;

    bench_check(page_protect(gdt, false) == 0, "gdt page");
    bench_check(hcall2(__HYPERVISOR_set_gdt, &frame, 512) == 0, "set_gdt");
    bench_check(BCALL2(__HYPERVISOR_update_descriptor, slot,
                       0x00cff3000000ffffull) == 0, "update_descriptor");
    BENCH("update_descriptor", 500,
          BCALL2(__HYPERVISOR_update_descriptor, slot,
                 0x00cff3000000ffffull));
}

static void scheduling_calls(void)
{
    static struct vcpu_runstate_info rs;
    static struct vcpu_set_singleshot_timer far;

    far.timeout_abs_ns = now_ns() + 10000 * NS_PER_MS;
    BENCH("vcpu_op_is_up", 500,
          BCALL3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 0, 0));
    BENCH("vcpu_op_get_runstate", 500,
          BCALL3(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, &rs));
    BENCH("sched_yield", 200,
          BCALL2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0));
    BENCH2("set_timer_far",
           BCALL1(__HYPERVISOR_set_timer_op, far.timeout_abs_ns),
           "set_timer_stop", BCALL1(__HYPERVISOR_set_timer_op, 0), 200);
    BENCH2("vcpu_set_singleshot_far",
           BCALL3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &far),
           "vcpu_stop_singleshot",
           BCALL3(__HYPERVISOR_vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0),
           200);
}

static void other_calls(void)
{
    static struct physdev_set_iopl iopl = { 1 };
    static struct physdev_irq_status_query query = { .irq = 4 };
    static domid_t self = DOMID_SELF;

    BENCH("physdev_set_iopl", 500,
          BCALL2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl));
    BENCH("physdev_irq_status_query", 500,
          BCALL2(__HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query,
                 &query));
    BENCH("memop_current_reservation", 500,
          BCALL2(__HYPERVISOR_memory_op, XENMEM_current_reservation, &self));
    bench_check(BCALL2(__HYPERVISOR_memory_op, XENMEM_current_reservation,
                       &self) > 0, "current_reservation");
}

void bench_calls(void)
{
    null_calls();
    vcpu_state_calls();
    descriptors();
    scheduling_calls();
    other_calls();
}
