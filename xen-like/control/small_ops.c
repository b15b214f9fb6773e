/* SPDX-License-Identifier: MIT */
/*
 * control/small_ops.c - doors of a few lines: vm_assist, and those that say
 * what this hypervisor does without.
 * Tests: tests/guests/calls.
 */
#include <control/doors.h>
#include <domain/domain.h>
#include <hv/errno.h>

/* Writable page tables and 4 GiB segments are always as the guest wants
 * them; runstate_update_flag is honoured by domain/vtime. */
#define ASSISTS (1ul << VMASST_TYPE_4gb_segments | \
                 1ul << VMASST_TYPE_4gb_segments_notify | \
                 1ul << VMASST_TYPE_writable_pagetables | \
                 1ul << VMASST_TYPE_pae_extended_cr3 | \
                 1ul << VMASST_TYPE_runstate_update_flag | \
                 1ul << VMASST_TYPE_m2p_strict)

DOOR(do_vm_assist)
{
    struct domain *d = current->domain;

    if (a1 >= 64 || !(ASSISTS & 1ul << a1)) {
        return -EINVAL;
    }
    if (a0 == VMASST_CMD_enable) {
        atomic_or(&d->vm_assist, 1ul << a1);
        return 0;
    }
    if (a0 == VMASST_CMD_disable) {
        atomic_and(&d->vm_assist, ~(1ul << a1));
        return 0;
    }
    return -ENOSYS;
}

/* No counters for guests: what Xen says when they are off. */
DOOR(do_xenpmu_op)
{
    return -EOPNOTSUPP;
}

DOOR(do_mca)
{
    return -ENOSYS;
}

DOOR(do_xsm_op)
{
    return -ENOSYS;
}
