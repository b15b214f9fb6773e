/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of 32-bit code: each structure arrives in its native layout,
 * arrays are widened and narrowed, results and continuations find their way
 * back, and nothing else is let through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <core/percpu.h>
#include <domain/multicall_state.h>
#include <hv/errno.h>
#include <hypercall/compat.h>
#include <hypercall/table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include <domains.h>
#include <fake.h>

hypercall_fn hypercall_table[NR_HYPERCALLS];

static uint8_t ram[0x10000];              /* the caller's memory */
static uint64_t seen[6];
static uint8_t got[64];
static unsigned int calls;

static size_t guest(uint64_t va, void *buf, size_t bytes, bool to_guest)
{
    if (va > sizeof(ram) || bytes > sizeof(ram) - va) {
        return bytes;
    }
    if (to_guest) {
        memcpy(ram + va, buf, bytes);
    } else {
        memcpy(buf, ram + va, bytes);
    }
    return 0;
}

/* What a door's copies do. */
static size_t copy(uint64_t va, void *buf, size_t bytes, bool to_guest)
{
    size_t left;

    return compat_copy(va, buf, bytes, to_guest, &left)
         ? left : guest(va, buf, bytes, to_guest);
}

static void note(uint64_t a0, uint64_t a1, uint64_t a2)
{
    calls++;
    seen[0] = a0;
    seen[1] = a1;
    seen[2] = a2;
}

static long plain(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                  uint64_t a4, uint64_t a5)
{
    note(a0, a1, a2);
    return 7;
}

static long takes_struct(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                         uint64_t a4, uint64_t a5)
{
    note(a0, a1, a2);
    return (long)copy(a1, got, 24, false);
}

static long populate(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                     uint64_t a4, uint64_t a5)
{
    struct xen_memory_reservation r;
    uint64_t list[3];
    uint64_t at;

    note(a0, a1, a2);
    assert_int_equal(copy(a1, &r, sizeof(r), false), 0);
    at = (uint64_t)(uintptr_t)r.extent_start.p;
    assert_int_equal(r.nr_extents, 3);
    assert_int_equal(r.extent_order, 9);
    assert_int_equal(r.mem_flags, 5);
    assert_int_equal(r.domid, DOMID_SELF);
    assert_int_equal(copy(at, list, sizeof(list), false), 0);
    assert_int_equal(list[2], 0xfffffff3u);
    assert_int_equal(copy(at + 1, list, 8, false), 8);      /* not an element */
    list[0] = 0x123456789ull;
    assert_int_equal(copy(at, list, 8, true), 0);
    if (a0 == XENMEM_populate_physmap) {                   /* be preempted */
        current->multicall->preempted = true;
        current->multicall->call.op = __HYPERVISOR_memory_op;
        current->multicall->call.args[0] = a0 | 2 << 6;
    }
    return 3;
}

static long memory_map(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5)
{
    struct xen_memory_map m;
    uint8_t e[20] = { 0xee };

    assert_int_equal(copy(a1, &m, sizeof(m), false), 0);
    assert_int_equal(m.nr_entries, 8);
    assert_int_equal(copy((uint64_t)(uintptr_t)m.buffer.p, e, sizeof(e), true), 0);
    m.nr_entries = 1;
    assert_int_equal(copy(a1, &m, sizeof(m), true), 0);
    /* Beyond the structure there is nothing. */
    assert_int_equal(copy(a1 + 60, &m, 8, false), 8);
    assert_int_equal(copy(a1 + 64, &m, 1, false), 1);
    assert_int_equal(copy((1ull << 36) + 8, &m, 8, false), 8);
    return 0;
}

static int up(void **state)
{
    fake_reset(1);
    test_become(test_domain(1, 1, NULL)->vcpu[0]);
    compat_set_guest(guest);
    memset(ram, 0, sizeof(ram));
    calls = 0;
    for (unsigned int i = 0; i < NR_HYPERCALLS; i++) {
        hypercall_table[i] = plain;
    }
    return 0;
}

static int down(void **state)
{
    assert_null(current->multicall);
    test_domains_free();
    return 0;
}

static long call(uint32_t nr, uint32_t a0, uint32_t a1)
{
    return compat_hypercall(nr, (uint32_t[6]){ a0, a1, 3, 4, 5, 6 });
}

static long vcpu_op(uint32_t cmd, uint32_t vcpu, uint32_t at)
{
    return compat_hypercall(__HYPERVISOR_vcpu_op,
                            (uint32_t[6]){ cmd, vcpu, at, 4, 5, 6 });
}

static void words(uint32_t at, const uint32_t *w, unsigned int n)
{
    memcpy(ram + at, w, n * 4);
}

static void same_layout_goes_through(void **state)
{
    assert_int_equal(call(__HYPERVISOR_xen_version, 6, 0xfffff000), 7);
    assert_int_equal(seen[1], 0xfffff000);
    assert_int_equal(call(__HYPERVISOR_event_channel_op, 4, 0x100), 7);
}

static void others_are_refused(void **state)
{
    assert_int_equal(call(__HYPERVISOR_mmu_update, 0, 0), -ENOSYS);
    assert_int_equal(call(__HYPERVISOR_multicall, 0, 0), -ENOSYS);
    assert_int_equal(call(__HYPERVISOR_xen_version, 5, 0), -ENOSYS);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_exchange, 0), -ENOSYS);
    assert_int_equal(call(__HYPERVISOR_grant_table_op, 0, 0), -ENOSYS);
    assert_int_equal(call(__HYPERVISOR_domctl, 1, 0), -ENOSYS);
    assert_int_equal(calls, 0);
}

static void structures_are_widened(void **state)
{
    struct xen_add_to_physmap add;
    struct sched_poll poll;

    hypercall_table[__HYPERVISOR_memory_op] = takes_struct;
    hypercall_table[__HYPERVISOR_sched_op] = takes_struct;
    words(0x100, (uint32_t[]){ 0x00107ff0, 2, 0x10, 0xfffffffe }, 4);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, 0x100), 0);
    memcpy(&add, got, sizeof(add));
    assert_int_equal(add.domid, DOMID_SELF);
    assert_int_equal(add.size, 0x10);
    assert_int_equal(add.space, 2);
    assert_int_equal(add.idx, 0x10);
    assert_int_equal(add.gpfn, 0xfffffffe);
    words(0x100, (uint32_t[]){ 0x200, 1, 0xffffffff, 1 }, 4);
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_poll, 0x100), 0);
    memcpy(&poll, got, sizeof(poll));
    assert_int_equal((uintptr_t)poll.ports.p, 0x200);
    assert_int_equal(poll.timeout, 0x1ffffffffull);
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_poll, 0xfffff), -EFAULT);
}

static void arrays_and_continuations(void **state)
{
    struct cpu_regs *r = guest_cpu_regs();

    hypercall_table[__HYPERVISOR_memory_op] = populate;
    words(0x100, (uint32_t[]){ 0x200, 3, 9, 5, DOMID_SELF }, 5);
    words(0x200, (uint32_t[]){ 1, 2, 0xfffffff3 }, 3);
    assert_int_equal(call(__HYPERVISOR_memory_op,
                          XENMEM_populate_physmap | 1 << 6, 0x100), 3);
    assert_int_equal(*(uint32_t *)(ram + 0x200), 0x23456789);
    current->hcall_bytes = 3;
    r->rip = 0x1003;
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
                          0x100), __HYPERVISOR_memory_op);
    assert_int_equal(r->rip, 0x1000);
    assert_int_equal(r->rbx, XENMEM_populate_physmap | 2 << 6);
}

static long takes_area(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5)
{
    note(a0, a1, a2);
    return (long)copy(a2, got, a0 == VCPUOP_set_singleshot_timer ? 16 : 8,
                      false);
}

/* Handles have 32 bits: what is behind them is not of the structure. */
static void structures_of_a_vcpu(void **state)
{
    struct vcpu_set_singleshot_timer timer;
    uint64_t va;

    hypercall_table[__HYPERVISOR_vcpu_op] = takes_area;
    words(0x100, (uint32_t[]){ 0xc1001000, 0xdeadbeef }, 2);
    assert_int_equal(vcpu_op(VCPUOP_register_runstate_memory_area, 1, 0x100), 0);
    memcpy(&va, got, sizeof(va));
    assert_int_equal(va, 0xc1001000);
    assert_int_equal(seen[1], 1);
    assert_int_equal(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, 0x100), 0);

    words(sizeof(ram) - 12, (uint32_t[]){ 5, 6, VCPU_SSHOTTMR_future }, 3);
    assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 0,
                             sizeof(ram) - 12), 0);
    memcpy(&timer, got, sizeof(timer));
    assert_int_equal(timer.timeout_abs_ns, 0x600000005ull);
    assert_int_equal(timer.flags, VCPU_SSHOTTMR_future);
    assert_int_equal(vcpu_op(VCPUOP_set_singleshot_timer, 0,
                             sizeof(ram) - 8), -EFAULT);
    assert_int_equal(vcpu_op(VCPUOP_initialise, 0, 0x100), -ENOSYS);
}

static long gives_runstate(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                           uint64_t a4, uint64_t a5)
{
    struct vcpu_runstate_info r = { .state = 2, .state_entry_time = 3ull << 32,
                                    .time = { 1, 2, 3, 4 } };

    return (long)copy(a2, &r, sizeof(r), true);
}

static void runstates_are_narrowed(void **state)
{
    static const uint32_t want[12] = { 2, 0, 3, 1, 0, 2, 0, 3, 0, 4, 0, 0x77 };

    hypercall_table[__HYPERVISOR_vcpu_op] = gives_runstate;
    words(0x100 + 44, (uint32_t[]){ 0x77 }, 1);
    assert_int_equal(vcpu_op(VCPUOP_get_runstate_info, 0, 0x100), 0);
    assert_memory_equal(ram + 0x100, want, sizeof(want));
}

static void a_number_in_two_registers(void **state)
{
    assert_int_equal(call(__HYPERVISOR_set_timer_op, 0x89abcdef, 0x1234567), 7);
    assert_int_equal(seen[0], 0x123456789abcdefull);
}

static void results_go_back(void **state)
{
    hypercall_table[__HYPERVISOR_memory_op] = memory_map;
    words(0x100, (uint32_t[]){ 8, 0x300 }, 2);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_memory_map, 0x100), 0);
    assert_int_equal(*(uint32_t *)(ram + 0x100), 1);
    assert_int_equal(ram[0x300], 0xee);
}

/* No other code finds anything at the two addresses. */
static void the_window_is_closed_outside(void **state)
{
    uint64_t v;
    size_t left;

    assert_false(compat_copy(1ull << 32, &v, 8, false, &left));
    assert_false(compat_copy(1ull << 33, &v, 8, true, &left));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        T(same_layout_goes_through), T(others_are_refused),
        T(structures_are_widened), T(arrays_and_continuations),
        T(structures_of_a_vcpu), T(runstates_are_narrowed),
        T(a_number_in_two_registers), T(results_go_back), T(the_window_is_closed_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
