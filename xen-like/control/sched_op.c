/* SPDX-License-Identifier: MIT */
/*
 * control/sched_op.c - the SCHEDOP_* door: yield, block, poll, shut down,
 * watchdog.  Nothing here waits: block and poll change the vcpu's state, and
 * the way back to the guest chooses who runs.
 * Tested by tests/unit/event/test_event_doors.c and tests/guests/.
 */
#include <arch/nospec.h>
#include <control/sched_op.h>
#include <core/percpu.h>
#include <domain/guest_copy.h>
#include <event/poll.h>
#include <sched/sched.h>
#include <xen/sched.h>
#include <hv/errno.h>

ABI_ASSERT(sizeof(struct sched_poll) == 24);
ABI_ASSERT(offsetof(struct sched_poll, timeout) == 16);
ABI_ASSERT(sizeof(struct sched_remote_shutdown) == 8);

static long op_yield(struct domain *caller, guest_handle_t uarg)
{
    sched_yield_current();
    return 0;
}

static long op_block(struct domain *caller, guest_handle_t uarg)
{
    atomic_store_relaxed(&current->info->evtchn_upcall_mask, 0);
    sched_block();
    return 0;
}

static long op_shutdown(struct domain *caller, guest_handle_t uarg)
{
    struct sched_shutdown op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    domain_shutdown(caller, (uint8_t)op.reason);
    return 0;
}

static long op_poll(struct domain *caller, guest_handle_t uarg)
{
    evtchn_port_t ports[POLL_MAX_PORTS];
    struct sched_poll op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.nr_ports > POLL_MAX_PORTS) {
        return -EINVAL;
    }
    if (copy_from_guest(ports, guest_handle((uint64_t)op.ports.p),
                        op.nr_ports * sizeof(ports[0])) != 0) {
        return -EFAULT;
    }
    return evtchn_poll(ports, op.nr_ports, op.timeout);
}

static long op_remote_shutdown(struct domain *caller, guest_handle_t uarg)
{
    struct sched_remote_shutdown op;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.domain_id == DOMID_SELF || op.domain_id == caller->domid) {
        return -EPERM;
    }
    rc = domain_get_for(caller, op.domain_id, &d);
    if (rc == 0) {
        domain_shutdown(d, (uint8_t)op.reason);
        domain_put(d);
    }
    return rc;
}

static long op_watchdog(struct domain *caller, guest_handle_t uarg)
{
    struct sched_watchdog op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return sched_watchdog(caller, op.id, op.timeout);
}

static const struct {
    const char *name;
    long (*run)(struct domain *caller, guest_handle_t uarg);
} sched_ops[] = {
    [SCHEDOP_yield]           = { "yield",           op_yield },
    [SCHEDOP_block]           = { "block",           op_block },
    [SCHEDOP_shutdown]        = { "shutdown",        op_shutdown },
    [SCHEDOP_poll]            = { "poll",            op_poll },
    [SCHEDOP_remote_shutdown] = { "remote_shutdown", op_remote_shutdown },
    [SCHEDOP_watchdog]        = { "watchdog",        op_watchdog },
};

long do_sched_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                 uint64_t a4, uint64_t a5)
{
    uint32_t op = (uint32_t)cmd;

    if (op >= ARRAY_SIZE(sched_ops)) {
        return -ENOSYS;
    }
    op = (uint32_t)index_clamp(op, ARRAY_SIZE(sched_ops));
    if (sched_ops[op].run == NULL) {
        return -ENOSYS;
    }
    return sched_ops[op].run(current->domain, guest_handle(arg));
}
