/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls.  docs/abi.md is generated from these rows.
 */
#include <control/doors.h>
#include <control/sched_op.h>
#include <control/vcpu_op.h>
#include <event/evtchn_op.h>
#include <grant/grant_op.h>
#include <hvm/hvm_op.h>
#include <hypercall/table.h>
#include <physdev/physdev_op.h>
#include <pv/descriptor.h>
#include <pv/mmu_update.h>
#include <pv/trap.h>

#define ROW(nr, door, nr_args) [__HYPERVISOR_##nr] = \
    { #nr, CALLER_ANY, (nr_args), (door), false }
/* Not only for PV guests. */
#define ALL_ROW(nr, door, nr_args) [__HYPERVISOR_##nr] = \
    { #nr, CALLER_ANY, (nr_args), (door), true }
/* The right of the caller comes before anything the door does. */
#define CONTROL_DOOR(door) \
    static long checked_##door(uint64_t a0, uint64_t a1, uint64_t a2, \
                               uint64_t a3, uint64_t a4, uint64_t a5) \
    { \
        return current->domain->is_control ? door(a0, a1, a2, a3, a4, a5) \
                                           : -EPERM; \
    }
CONTROL_DOOR(do_platform_op)
CONTROL_DOOR(do_sysctl)
CONTROL_DOOR(do_domctl)
CONTROL_DOOR(do_dm_op)
CONTROL_DOOR(do_mca)

#define CONTROL_ROW(nr, door, nr_args) [__HYPERVISOR_##nr] = \
    { #nr, CALLER_CONTROL, (nr_args), (checked_##door), true }

const struct hypercall_row hypercall_rows[NR_HYPERCALLS] = {
    ROW(set_trap_table,      do_set_trap_table, 1),
    ROW(mmu_update,          do_mmu_update, 4),
    ROW(set_gdt,             do_set_gdt, 2),
    ROW(stack_switch,        do_stack_switch, 2),
    ROW(set_callbacks,       do_set_callbacks, 3),
    ROW(fpu_taskswitch,      do_fpu_taskswitch, 1),
    CONTROL_ROW(platform_op, do_platform_op, 1),
    ROW(set_debugreg,        do_set_debugreg, 2),
    ROW(get_debugreg,        do_get_debugreg, 1),
    ROW(update_descriptor,   do_update_descriptor, 2),
    ALL_ROW(memory_op,           do_memory_op, 2),
    ALL_ROW(multicall,           do_multicall, 2),
    ROW(update_va_mapping,   do_update_va_mapping, 3),
    ALL_ROW(set_timer_op,        do_set_timer_op, 1),
    ALL_ROW(xen_version,         do_xen_version, 2),
    ALL_ROW(console_io,          do_console_io, 3),
    ALL_ROW(grant_table_op,      do_grant_table_op, 3),
    ALL_ROW(vm_assist,           do_vm_assist, 2),
    ROW(update_va_mapping_otherdomain, do_update_va_mapping_otherdomain, 4),
    ROW(iret,                do_iret, 0),
    ALL_ROW(vcpu_op,             do_vcpu_op, 3),
    ROW(set_segment_base,    do_set_segment_base, 2),
    ALL_ROW(mmuext_op,           do_mmuext_op, 4),
    ALL_ROW(xsm_op,              do_xsm_op, 1),
    ALL_ROW(sched_op,            do_sched_op, 2),
    ROW(callback_op,         do_callback_op, 2),
    ALL_ROW(hvm_op,          do_hvm_op, 2),
    ALL_ROW(event_channel_op,    do_event_channel_op, 2),
    ALL_ROW(physdev_op,          do_physdev_op, 2),
    CONTROL_ROW(sysctl,      do_sysctl, 1),
    CONTROL_ROW(domctl,      do_domctl, 1),
    CONTROL_ROW(dm_op,       do_dm_op, 3),
    ALL_ROW(xenpmu_op,           do_xenpmu_op, 2),
    [__HYPERVISOR_arch_0] = { "mca", CALLER_CONTROL, 1, checked_do_mca, false },
};

hypercall_fn hypercall_table[NR_HYPERCALLS];

static long no_such_call(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                         uint64_t a4, uint64_t a5)
{
    return -ENOSYS;
}

void hypercall_table_init(void)
{
    for (unsigned int i = 0; i < NR_HYPERCALLS; i++) {
        hypercall_fn fn = hypercall_rows[i].fn;

        hypercall_table[i] = fn != NULL ? fn : no_such_call;
    }
}
