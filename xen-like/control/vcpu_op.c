/* SPDX-License-Identifier: MIT */
/*
 * control/vcpu_op.c - the VCPUOP_* door: a domain manages its own vcpus.
 *
 * Leaves the context of a vcpu to guest_ops, its time to domain/vtime, its
 * timers and info page to event/.  send_nmi is not offered (-ENOSYS).
 * Tested by tests/guests/smp/, tests/guests/time/ and tests/guests/.
 */
#include <arch/nospec.h>
#include <arch/paging.h>
#include <control/vcpu_op.h>
#include <core/percpu.h>
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <domain/guest_ops.h>
#include <domain/vtime.h>
#include <event/evtchn.h>
#include <event/vcpu_info.h>
#include <mm/heap.h>
#include <p2m/p2m.h>
#include <sched/sched.h>
#include <xen/vcpu.h>
#include <hv/errno.h>

ABI_ASSERT(sizeof(struct vcpu_runstate_info) == 48);
ABI_ASSERT(sizeof(struct vcpu_register_vcpu_info) == 16);
ABI_ASSERT(sizeof(struct vcpu_set_singleshot_timer) == 16);

static long set_context(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    struct domain *d = v->domain;
    long rc = -EEXIST;

    spin_lock(&d->lock);
    if (!v->is_initialised) {
        rc = d->ops->set_context(v, ctx);
        if (rc == 0) {
            atomic_store(&v->is_initialised, 1);
        }
    }
    spin_unlock(&d->lock);
    return rc;
}

static long op_initialise(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_guest_context *ctx;
    long rc = -EFAULT;

    if (v->vcpu_id >= XEN_LEGACY_MAX_VCPUS &&
        mfn_eq(v->info_mfn, INVALID_MFN)) {
        return -EINVAL;               /* nowhere to tell it of events */
    }
    ctx = heap_new(struct vcpu_guest_context);
    if (ctx == NULL) {
        return -ENOMEM;
    }
    if (copy_from_guest(ctx, uarg, sizeof(*ctx)) == 0) {
        rc = set_context(v, ctx);
    }
    heap_free(ctx);
    return rc != -ERESTART ? rc
           : HYPERCALL_CONTINUE(__HYPERVISOR_vcpu_op, VCPUOP_initialise,
                                v->vcpu_id, uarg.va);
}

static long op_up(struct vcpu *v, guest_handle_t uarg)
{
    if (!v->is_initialised) {
        return -EINVAL;
    }
    atomic_store(&v->is_up, 1);
    sched_wake(v);
    return 0;
}

static long op_down(struct vcpu *v, guest_handle_t uarg)
{
    vcpu_down(v);
    return 0;
}

static long op_is_up(struct vcpu *v, guest_handle_t uarg)
{
    return v->is_up != 0;
}

static long op_get_runstate(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_runstate_info info;

    vtime_runstate_get(v, &info);
    return copy_to_guest(uarg, &info, sizeof(info));
}

static long op_register_runstate(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_register_runstate_memory_area op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0 ||
        !guest_range_ok(op.addr.p, sizeof(struct vcpu_runstate_info))) {
        return -EFAULT;
    }
    return vtime_register_runstate(v, op.addr.p);
}

static long op_register_time(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_register_time_memory_area op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0 ||
        !guest_range_ok(op.addr.p, sizeof(struct vcpu_time_info))) {
        return -EFAULT;
    }
    return vtime_register_time_area(v, op.addr.p);
}

static long op_register_info(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_register_vcpu_info op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return vcpu_info_register(v, guest_frame(v->domain, op.mfn), op.offset);
}

static long op_set_periodic(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_set_periodic_timer op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return vcpu_timer_set_periodic(v, op.period_ns);
}

static long op_stop_periodic(struct vcpu *v, guest_handle_t uarg)
{
    vcpu_timer_stop_periodic(v);
    return 0;
}

static long op_set_singleshot(struct vcpu *v, guest_handle_t uarg)
{
    struct vcpu_set_singleshot_timer op;

    if (v != current) {
        return -EINVAL;
    }
    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return vcpu_timer_set_singleshot(v, op.timeout_abs_ns, op.flags);
}

static long op_stop_singleshot(struct vcpu *v, guest_handle_t uarg)
{
    if (v != current) {
        return -EINVAL;
    }
    vcpu_timer_stop_singleshot(v);
    return 0;
}

/* Only a vcpu pinned one to one to a CPU has a physical id. */
static long op_get_physid(struct vcpu *v, guest_handle_t uarg)
{
    return -EINVAL;
}

static const struct {
    const char *name;
    long (*run)(struct vcpu *v, guest_handle_t uarg);
} vcpu_ops[] = {
    [VCPUOP_initialise]            = { "initialise",       op_initialise },
    [VCPUOP_up]                    = { "up",               op_up },
    [VCPUOP_down]                  = { "down",             op_down },
    [VCPUOP_is_up]                 = { "is_up",            op_is_up },
    [VCPUOP_get_runstate_info]     = { "get_runstate",     op_get_runstate },
    [VCPUOP_register_runstate_memory_area] =
        { "register_runstate", op_register_runstate },
    [VCPUOP_set_periodic_timer]    = { "set_periodic",     op_set_periodic },
    [VCPUOP_stop_periodic_timer]   = { "stop_periodic",    op_stop_periodic },
    [VCPUOP_set_singleshot_timer]  = { "set_singleshot",   op_set_singleshot },
    [VCPUOP_stop_singleshot_timer] = { "stop_singleshot",  op_stop_singleshot },
    [VCPUOP_register_vcpu_info]    = { "register_info",    op_register_info },
    [VCPUOP_get_physid]            = { "get_physid",       op_get_physid },
    [VCPUOP_register_vcpu_time_memory_area] =
        { "register_time", op_register_time },
};

long do_vcpu_op(uint64_t cmd, uint64_t vcpu_id, uint64_t arg, uint64_t a3,
                uint64_t a4, uint64_t a5)
{
    uint32_t op = (uint32_t)cmd;
    struct vcpu *v = domain_vcpu(current->domain, (uint32_t)vcpu_id);

    if (op >= ARRAY_SIZE(vcpu_ops)) {
        return -ENOSYS;
    }
    if (v == NULL) {
        return -ENOENT;
    }
    op = (uint32_t)index_clamp(op, ARRAY_SIZE(vcpu_ops));
    if (vcpu_ops[op].run == NULL) {
        return -ENOSYS;
    }
    return vcpu_ops[op].run(v, guest_handle(arg));
}
