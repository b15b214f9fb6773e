/* SPDX-License-Identifier: MIT */
/*
 * HVMOP_*: parameters of a domain, by a table of who may read and write
 * which, and the few calls of guests.  Called by 32-bit guests as well: the
 * structures have one layout.
 * Tests  tests/unit/hvm/test_hvm_op.c
 */
#include <arch/nospec.h>
#include <core/percpu.h>
#include <domain/guest_copy.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_op.h>
#include <p2m/p2m.h>
#include <time/systime.h>
#include <vdev/front.h>
#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>

ABI_ASSERT(sizeof(struct xen_hvm_param) == 16);
ABI_ASSERT(sizeof(struct xen_hvm_evtchn_upcall_vector) == 8);
ABI_ASSERT(sizeof(struct xen_hvm_get_mem_type) == 16);

/* ---- parameters ------------------------------------------------------------- */
/* By the guest itself: get, set.  By the tools: set (getting is always
 * theirs); once: never changed after it was not 0. */
enum { GET = 1, SET = 2, TOOLS = 4, ONCE = 8 };

static int set_callback(struct domain *d, uint64_t v)
{
    uint8_t vector = v >> 56 == HVM_PARAM_CALLBACK_TYPE_VECTOR ? v & 0xff : 0;
    int rc;

    if (v >> 56 == HVM_PARAM_CALLBACK_TYPE_VECTOR && (v << 8 >> 16 || vector < 16)) {
        return -EINVAL;
    }
    rc = vdev_set_callback(d->vdev, vector != 0 ? 0 : v);
    if (rc == 0) {
        atomic_store(&d->hvm->callback_vector, vector);
    }
    return rc;
}

static int set_acpi_ports(struct domain *d, uint64_t v)
{
    return vdev_set_pm_location(d->vdev, v);
}

static int only_zero(struct domain *d, uint64_t v)
{
    return v == 0 ? 0 : -EOPNOTSUPP;
}

static int set_fip_width(struct domain *d, uint64_t v)
{
    return v == 0 || v == 4 || v == 8 ? 0 : -EINVAL;
}

static int set_timer_mode(struct domain *d, uint64_t v)
{
    return v <= HVMPTM_one_missed_tick_pending ? 0 : -EINVAL;
}

static int set_shutdown_reason(struct domain *d, uint64_t v)
{
    return v <= SHUTDOWN_MAX ? 0 : -EINVAL;
}

static const struct {
    uint8_t may;
    int (*apply)(struct domain *d, uint64_t v);
} params[HVM_NR_PARAMS] = {
    [HVM_PARAM_CALLBACK_IRQ] = { GET | SET | TOOLS, set_callback },
    [HVM_PARAM_STORE_PFN] = { GET | TOOLS, NULL },
    [HVM_PARAM_STORE_EVTCHN] = { GET | SET | TOOLS, NULL },
    [HVM_PARAM_PAE_ENABLED] = { TOOLS, NULL },
    [HVM_PARAM_IOREQ_PFN] = { TOOLS, NULL },
    [HVM_PARAM_BUFIOREQ_PFN] = { TOOLS, NULL },
    [HVM_PARAM_VIRIDIAN] = { TOOLS, only_zero },
    [HVM_PARAM_TIMER_MODE] = { TOOLS, set_timer_mode },
    [HVM_PARAM_HPET_ENABLED] = { TOOLS, NULL },
    [HVM_PARAM_IDENT_PT] = { TOOLS, NULL },
    [HVM_PARAM_DM_DOMAIN] = { TOOLS, NULL },
    [HVM_PARAM_ACPI_S_STATE] = { TOOLS, only_zero },
    [HVM_PARAM_VM86_TSS] = { GET | SET | TOOLS, NULL },
    [HVM_PARAM_VPT_ALIGN] = { TOOLS, NULL },
    [HVM_PARAM_CONSOLE_PFN] = { GET | TOOLS, NULL },
    [HVM_PARAM_CONSOLE_EVTCHN] = { GET | SET | TOOLS, NULL },
    [HVM_PARAM_ACPI_IOPORTS_LOCATION] = { SET | TOOLS, set_acpi_ports },
    [HVM_PARAM_NESTEDHVM] = { TOOLS, only_zero },
    [HVM_PARAM_PAGING_RING_PFN] = { TOOLS, NULL },
    [HVM_PARAM_MONITOR_RING_PFN] = { TOOLS, NULL },
    [HVM_PARAM_SHARING_RING_PFN] = { TOOLS, NULL },
    [HVM_PARAM_TRIPLE_FAULT_REASON] = { TOOLS, set_shutdown_reason },
    [HVM_PARAM_IOREQ_SERVER_PFN] = { TOOLS | ONCE, NULL },
    [HVM_PARAM_NR_IOREQ_SERVER_PAGES] = { TOOLS | ONCE, NULL },
    [HVM_PARAM_VM_GENERATION_ID_ADDR] = { GET | SET | TOOLS, NULL },
    [HVM_PARAM_ALTP2M] = { TOOLS | ONCE, only_zero },
    [HVM_PARAM_X87_FIP_WIDTH] = { GET | SET | TOOLS, set_fip_width },
    [HVM_PARAM_VM86_TSS_SIZED] = { GET | SET | TOOLS, NULL },
    [HVM_PARAM_MCA_CAP] = { TOOLS | ONCE, only_zero },
};

static int param_set(struct domain *caller, struct domain *d, uint32_t i,
                     uint64_t v)
{
    int rc = 0;

    if (params[i].may == 0) {
        return -EINVAL;
    }
    if (!(params[i].may & (caller == d ? SET : TOOLS))) {
        return -EPERM;
    }
    spin_lock(&d->lock);
    if ((params[i].may & ONCE) && d->hvm->params[i] != 0 &&
        d->hvm->params[i] != v) {
        rc = -EEXIST;
    } else if (params[i].apply != NULL) {
        rc = params[i].apply(d, v);
    }
    if (rc == 0) {
        atomic_store(&d->hvm->params[i], v);
    }
    spin_unlock(&d->lock);
    return rc;
}

static long op_param(struct domain *caller, guest_handle_t uarg, bool set)
{
    struct xen_hvm_param op;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.index >= HVM_NR_PARAMS) {
        return -EINVAL;
    }
    rc = domain_get_for(caller, op.domid, &d);
    if (rc != 0) {
        return rc;
    }
    op.index = (uint32_t)index_clamp(op.index, HVM_NR_PARAMS);
    if (d->hvm == NULL || d->vdev == NULL) {
        rc = -EINVAL;
    } else if (set) {
        rc = param_set(caller, d, op.index, op.value);
    } else if (params[op.index].may == 0) {
        rc = -EINVAL;
    } else if (caller == d && !(params[op.index].may & GET)) {
        rc = -EPERM;
    } else {
        op.value = atomic_load(&d->hvm->params[op.index]);
        rc = copy_to_guest(uarg, &op, sizeof(op));
    }
    if (set && rc == 0 && caller == d && op.index == HVM_PARAM_CALLBACK_IRQ) {
        hvm_latch_layout(current);
    }
    domain_put(d);
    return rc;
}

static long op_set_param(struct domain *caller, guest_handle_t uarg)
{
    return op_param(caller, uarg, true);
}

static long op_get_param(struct domain *caller, guest_handle_t uarg)
{
    return op_param(caller, uarg, false);
}

/* ---- calls of the guest itself --------------------------------------------------- */
static long op_flush_tlbs(struct domain *caller, guest_handle_t uarg)
{
    if (uarg.va != 0 || caller->p2m == NULL) {
        return -EINVAL;
    }
    caller->p2m->flush(caller);
    return 0;
}

static long op_get_time(struct domain *caller, guest_handle_t uarg)
{
    struct xen_hvm_get_time op = { .now = systime_ns() };

    return copy_to_guest(uarg, &op, sizeof(op));
}

static long op_upcall_vector(struct domain *caller, guest_handle_t uarg)
{
    struct xen_hvm_evtchn_upcall_vector op;
    struct vcpu *v;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    v = domain_vcpu(caller, op.vcpu);
    if (v == NULL) {
        return -ENOENT;
    }
    if (caller->hvm == NULL || op.vector < 16) {
        return -EINVAL;
    }
    atomic_store(&v->hvm->upcall_vector, op.vector);
    vdev_set_vector(v, op.vector);     /* for what is pending already */
    return 0;
}

static long op_get_mem_type(struct domain *caller, guest_handle_t uarg)
{
    struct xen_hvm_get_mem_type op;
    enum p2m_type t = P2M_NONE;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, uarg, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, op.domid, &d);
    if (rc != 0) {
        return rc;
    }
    if (d->p2m == NULL) {
        rc = -EINVAL;
    } else {
        (void)p2m_lookup(d, op.pfn, &t);
        op.mem_type = t == P2M_NONE || t == P2M_MMIO ? HVMMEM_mmio_dm
                    : t == P2M_RAM_RO || t == P2M_FOREIGN_RO ? HVMMEM_ram_ro
                                                             : HVMMEM_ram_rw;
        rc = copy_to_guest(uarg, &op, sizeof(op));
    }
    domain_put(d);
    return rc;
}

/* Known, and not there: no shadow paging, no views, no monitoring. */
static long op_refused(struct domain *caller, guest_handle_t uarg)
{
    return -EOPNOTSUPP;
}

static const struct {
    const char *name;
    long (*run)(struct domain *caller, guest_handle_t uarg);
} hvm_ops[] = {
    [HVMOP_set_param]       = { "set_param",       op_set_param },
    [HVMOP_get_param]       = { "get_param",       op_get_param },
    [HVMOP_flush_tlbs]      = { "flush_tlbs",      op_flush_tlbs },
    [HVMOP_pagetable_dying] = { "pagetable_dying", op_refused },
    [HVMOP_get_time]        = { "get_time",        op_get_time },
    [HVMOP_xentrace]        = { "xentrace",        op_refused },
    [HVMOP_get_mem_type]    = { "get_mem_type",    op_get_mem_type },
    [HVMOP_set_evtchn_upcall_vector] = { "set_evtchn_upcall_vector",
                                         op_upcall_vector },
    [HVMOP_guest_request_vm_event] = { "guest_request_vm_event", op_refused },
    [HVMOP_altp2m]          = { "altp2m",          op_refused },
};

long do_hvm_op(uint64_t op, uint64_t arg, uint64_t a2, uint64_t a3,
               uint64_t a4, uint64_t a5)
{
    if (op >= ARRAY_SIZE(hvm_ops)) {
        return -ENOSYS;
    }
    op = index_clamp(op, ARRAY_SIZE(hvm_ops));
    return hvm_ops[op].run != NULL
         ? hvm_ops[op].run(current->domain, guest_handle(arg)) : -ENOSYS;
}
