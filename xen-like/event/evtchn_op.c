/* SPDX-License-Identifier: MIT */
/*
 * event/evtchn_op.c - the EVTCHNOP_* door: copy in, find the domain, call
 * evtchn.c, copy out.  FIFO event channels are not offered: their
 * operations are -ENOSYS, and guests use the two-level bitmaps.
 * Tested by tests/unit/event/test_event_doors.c and tests/guests/events/.
 */
#include <arch/nospec.h>
#include <core/percpu.h>
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <event/evtchn.h>
#include <event/evtchn_op.h>
#include <hv/errno.h>

ABI_ASSERT(sizeof(struct evtchn_alloc_unbound) == 8);
ABI_ASSERT(sizeof(struct evtchn_bind_interdomain) == 12);
ABI_ASSERT(sizeof(struct evtchn_status) == 24);
ABI_ASSERT(sizeof(struct evtchn_send) == 4);

/* Copy the result out; what the guest cannot learn is taken back. */
static long give_port(struct domain *d, guest_handle_t uarg, const void *op,
                      size_t size, evtchn_port_t port)
{
    if (copy_to_guest(uarg, op, size) != 0) {
        return evtchn_close(d, port) == 0 ? -EFAULT : -EINVAL;
    }
    return 0;
}

static long op_alloc_unbound(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_alloc_unbound op;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, op.dom, &d);
    if (rc != 0) {
        return rc;
    }
    if (op.remote_dom == DOMID_SELF) {
        op.remote_dom = caller->domid;
    }
    rc = evtchn_alloc_unbound(d, op.remote_dom, &op.port);
    if (rc == 0) {
        rc = give_port(d, uarg, &op, sizeof(op), op.port);
    }
    domain_put(d);
    return rc;
}

static long op_bind_interdomain(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_bind_interdomain op;
    struct domain *rd;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rd = domain_get(op.remote_dom == DOMID_SELF ? caller->domid
                                                : op.remote_dom);
    if (rd == NULL) {
        return -ESRCH;
    }
    rc = evtchn_bind_interdomain(caller, rd, op.remote_port, &op.local_port);
    if (rc == 0) {
        rc = give_port(caller, uarg, &op, sizeof(op), op.local_port);
    }
    domain_put(rd);
    return rc;
}

static long op_bind_virq(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_bind_virq op;
    struct vcpu *v;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.virq >= NR_VIRQS) {
        return -EINVAL;
    }
    v = domain_vcpu(caller, op.vcpu);
    if (v == NULL) {
        return -ENOENT;
    }
    rc = evtchn_bind_virq(v, op.virq, &op.port);
    return rc != 0 ? rc : give_port(caller, uarg, &op, sizeof(op), op.port);
}

static long op_bind_ipi(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_bind_ipi op;
    struct vcpu *v;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    v = domain_vcpu(caller, op.vcpu);
    if (v == NULL) {
        return -ENOENT;
    }
    rc = evtchn_bind_ipi(v, &op.port);
    return rc != 0 ? rc : give_port(caller, uarg, &op, sizeof(op), op.port);
}

static long op_bind_pirq(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_bind_pirq op;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = evtchn_bind_pirq(caller, op.pirq,
                          (op.flags & BIND_PIRQ__WILL_SHARE) != 0, &op.port);
    return rc != 0 ? rc : give_port(caller, uarg, &op, sizeof(op), op.port);
}

static long op_close(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_close op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return evtchn_close(caller, op.port);
}

static long op_send(struct domain *caller, guest_handle_t uarg)
{
    evtchn_port_t port;              /* all there is in evtchn_send */

    if (get_guest_u32(&port, uarg) != 0) {
        return -EFAULT;
    }
    return evtchn_send(caller, port);
}

static long op_unmask(struct domain *caller, guest_handle_t uarg)
{
    evtchn_port_t port;

    if (get_guest_u32(&port, uarg) != 0) {
        return -EFAULT;
    }
    return evtchn_unmask(caller, port);
}

static long op_status(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_status in, out;
    struct domain *d;
    long rc;

    if (copy_from_guest(&in, uarg, sizeof(in)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, in.dom, &d);
    if (rc != 0) {
        return rc;
    }
    __builtin_memset(&out, 0, sizeof(out));
    out.dom = in.dom;
    out.port = in.port;
    rc = evtchn_status(d, &out);
    domain_put(d);
    if (rc == 0 && copy_to_guest(uarg, &out, sizeof(out)) != 0) {
        rc = -EFAULT;
    }
    return rc;
}

static long op_bind_vcpu(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_bind_vcpu op;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    return evtchn_bind_vcpu(caller, op.port, op.vcpu);
}

static long op_reset(struct domain *caller, guest_handle_t uarg)
{
    struct evtchn_reset op;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, op.dom, &d);
    if (rc != 0) {
        return rc;
    }
    rc = evtchn_reset(d);
    domain_put(d);
    return rc != -ERESTART ? rc
           : HYPERCALL_CONTINUE(__HYPERVISOR_event_channel_op,
                                EVTCHNOP_reset, uarg.va);
}

static const struct {
    const char *name;
    long (*run)(struct domain *caller, guest_handle_t uarg);
} evtchn_ops[] = {
    [EVTCHNOP_bind_interdomain] = { "bind_interdomain", op_bind_interdomain },
    [EVTCHNOP_bind_virq]        = { "bind_virq",        op_bind_virq },
    [EVTCHNOP_bind_pirq]        = { "bind_pirq",        op_bind_pirq },
    [EVTCHNOP_close]            = { "close",            op_close },
    [EVTCHNOP_send]             = { "send",             op_send },
    [EVTCHNOP_status]           = { "status",           op_status },
    [EVTCHNOP_alloc_unbound]    = { "alloc_unbound",    op_alloc_unbound },
    [EVTCHNOP_bind_ipi]         = { "bind_ipi",         op_bind_ipi },
    [EVTCHNOP_bind_vcpu]        = { "bind_vcpu",        op_bind_vcpu },
    [EVTCHNOP_unmask]           = { "unmask",           op_unmask },
    [EVTCHNOP_reset]            = { "reset",            op_reset },
};

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a2, uint64_t a3,
                         uint64_t a4, uint64_t a5)
{
    uint32_t op = (uint32_t)cmd;

    if (likely(op == EVTCHNOP_send)) {
        return op_send(current->domain, guest_handle(arg));
    }
    if (op >= ARRAY_SIZE(evtchn_ops)) {
        return -ENOSYS;
    }
    op = (uint32_t)index_clamp(op, ARRAY_SIZE(evtchn_ops));
    return evtchn_ops[op].run(current->domain, guest_handle(arg));
}

/* A time that has passed, or one too far off to be meant, fires at once. */
long do_set_timer_op(uint64_t timeout_ns, uint64_t a1, uint64_t a2,
                     uint64_t a3, uint64_t a4, uint64_t a5)
{
    if (timeout_ns == 0) {
        vcpu_timer_stop_singleshot(current);
        return 0;
    }
    if ((int64_t)timeout_ns < 0) {
        timeout_ns = 0;
    }
    return vcpu_timer_set_singleshot(current, timeout_ns, 0);
}
