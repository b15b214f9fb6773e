/* SPDX-License-Identifier: MIT */
/*
 * control/domctl.c - the XEN_DOMCTL_* door: its table, and the life of a
 * domain (create, vcpus, memory limit, pause, destroy, resume).
 * Tests: tests/guests/control; swap boots with xl.
 */
#include <arch/cpu.h>
#include <control/doors.h>
#include <control/domctl.h>
#include <domain/continuation.h>
#include <domain/guest_ops.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <lib/hypercall_page.h>
#include <lib/string.h>
#include <p2m/p2m.h>
#include <pv/pv_domain.h>
#include <sched/sched.h>

ABI_ASSERT(XEN_DOMCTL_INTERFACE_VERSION == 0x15);
ABI_ASSERT(offsetof(struct xen_domctl, u) == 16);
ABI_ASSERT(sizeof(struct xen_domctl_getdomaininfo) == 112);

#define MAX_EVTCHN_PORTS   4096u
#define MAX_GRANT_FRAMES   256u
#define MAX_MAPTRACK       1024u

/* ---- creation -------------------------------------------------------------- */

#define HVM_FLAGS (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)
/* IOMMU, VGA and USE_PIRQ are set by every toolstack and mean nothing here: no
 * device of that name is promised to the guest by CPUID, tables or features. */
#define EMU_KNOWN (XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI)

/* PV, or both hardware's help and nested paging, with a local APIC. */
static bool kind_ok(const struct xen_domctl_createdomain *c)
{
    uint32_t emu = c->arch.emulation_flags;

    if ((c->flags & HVM_FLAGS) == 0) {
        return emu == 0;
    }
    return hvm_backend != NULL && (c->flags & HVM_FLAGS) == HVM_FLAGS &&
           (emu & ~(uint32_t)EMU_KNOWN) == 0 && (emu & XEN_X86_EMU_LAPIC);
}

/* Everything else is refused, not ignored. */
static int check_config(const struct xen_domctl_createdomain *c)
{
    const uint32_t ok = XEN_DOMCTL_CDF_xs_domain | HVM_FLAGS |
                        XEN_DOMCTL_CDF_oos_off;

    if ((c->flags & ~ok) != 0 || !kind_ok(c) ||
        c->iommu_opts != 0 || c->vmtrace_size != 0 ||
        (c->arch.misc_flags & ~XEN_X86_MSR_RELAXED) != 0 ||
        c->max_vcpus == 0 || c->max_vcpus > MAX_VCPUS ||
        c->max_grant_frames > (int32_t)MAX_GRANT_FRAMES ||
        c->max_maptrack_frames > (int32_t)MAX_MAPTRACK) {
        return -EINVAL;
    }
    return c->cpupool_id == 0 ? 0 : -ESRCH;
}

static long op_createdomain(struct domain *caller, struct domain *none,
                            struct xen_domctl *op)
{
    const struct xen_domctl_createdomain *c = &op->u.createdomain;
    struct domain_config cfg = {
        .max_vcpus = c->max_vcpus,
        .max_evtchn = min(c->max_evtchn_port, MAX_EVTCHN_PORTS - 1) + 1,
        .max_grant_frames = c->max_grant_frames < 0
                            ? DEFAULT_GRANT_FRAMES
                            : (uint32_t)c->max_grant_frames,
        .max_maptrack_frames = c->max_maptrack_frames < 0
                               ? DEFAULT_MAPTRACK_FRAMES
                               : (uint32_t)c->max_maptrack_frames,
        .ssidref = c->ssidref,
        .ops = c->flags & XEN_DOMCTL_CDF_hvm ? &hvm_guest_ops
                                             : &pv_guest_ops,
        .hvm = (c->flags & XEN_DOMCTL_CDF_hvm) != 0,
        .emulation = c->arch.emulation_flags,
    };
    domid_t domid = op->domain;
    struct domain *d;
    int rc = check_config(c);

    if (rc != 0) {
        return rc;
    }
    if (domid == 0 || domid >= MAX_DOMID) {
        domid = DOMID_INVALID;
    }
    memcpy(cfg.handle, c->handle, sizeof(cfg.handle));
    rc = domain_create(domid, &cfg, &d);
    if (rc == 0) {
        op->domain = d->domid;
    }
    return rc;
}

static long op_max_vcpus(struct domain *caller, struct domain *d,
                         struct xen_domctl *op)
{
    int rc = 0;

    if (d == caller || op->u.max_vcpus.max != d->max_vcpus) {
        return -EINVAL;
    }
    spin_lock(&d->lock);
    for (unsigned int i = 0; i < d->max_vcpus && rc == 0; i++) {
        struct vcpu *v;

        if (d->vcpu[i] != NULL) {
            continue;
        }
        rc = vcpu_create(d, i, &v);
        if (rc == 0 && d->controller_paused) {
            atomic_store(&v->pause_count, 1);
        }
    }
    spin_unlock(&d->lock);
    return rc;
}

static long op_max_mem(struct domain *caller, struct domain *d,
                       struct xen_domctl *op)
{
    uint64_t pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);

    atomic_store(&d->max_pages, (uint32_t)min(pages, (uint64_t)UINT32_MAX));
    return 0;
}

static long op_sethandle(struct domain *caller, struct domain *d,
                         struct xen_domctl *op)
{
    spin_lock(&d->lock);
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    spin_unlock(&d->lock);
    return 0;
}

/* ---- pause, resume, destroy ------------------------------------------------- */

static bool set_paused(struct domain *d, bool paused)
{
    bool changed;

    spin_lock(&d->lock);
    changed = d->controller_paused != paused;
    d->controller_paused = paused;
    spin_unlock(&d->lock);
    return changed;
}

static long op_pause(struct domain *caller, struct domain *d,
                     struct xen_domctl *op)
{
    if (d == caller) {
        return -EINVAL;
    }
    if (set_paused(d, true)) {
        domain_pause(d);
    }
    return 0;
}

static long op_unpause(struct domain *caller, struct domain *d,
                       struct xen_domctl *op)
{
    if (!set_paused(d, false)) {
        return -EINVAL;
    }
    domain_unpause(d);
    return 0;
}

static long op_resume(struct domain *caller, struct domain *d,
                      struct xen_domctl *op)
{
    if (d == caller) {
        return -EINVAL;
    }
    domain_resume(d);
    return 0;
}

static long op_destroy(struct domain *caller, struct domain *d,
                       struct xen_domctl *op)
{
    return d == caller ? -EINVAL : domain_kill(d);
}

/* ---- small ones ---------------------------------------------------------------- */

static long op_getdomaininfo(struct domain *caller, struct domain *none,
                             struct xen_domctl *op)
{
    struct domain *d = op->domain < MAX_DOMID ? domain_get_next(op->domain)
                                              : NULL;

    if (d == NULL) {
        return -ESRCH;
    }
    domain_info_fill(d, &op->u.getdomaininfo);
    op->domain = d->domid;
    domain_put(d);
    return 0;
}

static long op_hypercall_init(struct domain *caller, struct domain *d,
                              struct xen_domctl *op)
{
    mfn_t mfn = guest_frame(d, op->u.hypercall_init.gmfn);

    if (!page_get_writable(mfn, d->domid)) {
        return -EACCES;
    }
    if (d->hvm != NULL) {
        hypercall_page_hvm(mfn_to_virt(mfn),
                           cpu_ident.vendor != CPU_VENDOR_INTEL);
    } else {
        hypercall_page_pv64(mfn_to_virt(mfn));
    }
    page_put_writable(mfn_to_page(mfn));
    return 0;
}

static long op_set_address_size(struct domain *caller, struct domain *d,
                                struct xen_domctl *op)
{
    return op->u.address_size.size == 64 ? 0 : -EINVAL;
}

static long op_get_address_size(struct domain *caller, struct domain *d,
                                struct xen_domctl *op)
{
    op->u.address_size.size = 64;
    return 0;
}

/* Memory for nested tables, in bytes. */
static long op_get_mempool(struct domain *caller, struct domain *d,
                           struct xen_domctl *op)
{
    if (d->p2m == NULL) {
        return -EOPNOTSUPP;
    }
    op->u.paging_mempool.size =
        (uint64_t)atomic_load(&d->p2m->max_tables) << PAGE_SHIFT;
    return 0;
}

static long set_mempool(struct domain *d, uint64_t pages)
{
    if (d->p2m == NULL) {
        return -EOPNOTSUPP;
    }
    if (pages > P2M_MAX_TABLES) {
        return -EINVAL;
    }
    atomic_store(&d->p2m->max_tables,
                 max((uint32_t)pages, P2M_DEFAULT_TABLES));
    return 0;
}

static long op_set_mempool(struct domain *caller, struct domain *d,
                           struct xen_domctl *op)
{
    uint64_t bytes = op->u.paging_mempool.size;

    return bytes % PAGE_SIZE != 0 ? -EINVAL
                                  : set_mempool(d, bytes >> PAGE_SHIFT);
}

/* The old call for the same; no shadow tables, no dirty log here. */
static long op_shadow(struct domain *caller, struct domain *d,
                      struct xen_domctl *op)
{
    struct xen_domctl_shadow_op *s = &op->u.shadow_op;

    if (d->p2m == NULL) {
        return -EINVAL;
    }
    if (s->op == XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION) {
        s->mb = (atomic_load(&d->p2m->max_tables) + 255) >> 8;
        return 0;
    }
    return s->op == XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION
           ? set_mempool(d, (uint64_t)s->mb << 8) : -EOPNOTSUPP;
}

/* Of guests with hardware's help, or of a feature that is switched off. */
static long op_invalid(struct domain *caller, struct domain *d,
                       struct xen_domctl *op)
{
    return -EINVAL;
}

static long op_unsupported(struct domain *caller, struct domain *d,
                           struct xen_domctl *op)
{
    return -EOPNOTSUPP;
}

/* ---- the table ------------------------------------------------------------------- */

enum { COPY_BACK = 1, NO_DOMAIN = 2, DYING_OK = 4 };

static const struct {
    const char *name;
    uint8_t flags;
    domctl_fn run;
} domctls[] = {
#define ROW(op, f, fn) [XEN_DOMCTL_##op] = { #op, f, fn }
    ROW(createdomain, COPY_BACK | NO_DOMAIN, op_createdomain),
    ROW(destroydomain, DYING_OK, op_destroy),
    ROW(pausedomain, 0, op_pause),
    ROW(unpausedomain, 0, op_unpause),
    ROW(getdomaininfo, COPY_BACK | NO_DOMAIN, op_getdomaininfo),
    ROW(setvcpuaffinity, COPY_BACK, domctl_setvcpuaffinity),
    ROW(getvcpuaffinity, COPY_BACK, domctl_getvcpuaffinity),
    ROW(setnodeaffinity, 0, domctl_setnodeaffinity),
    ROW(getnodeaffinity, COPY_BACK, domctl_getnodeaffinity),
    ROW(shadow_op, COPY_BACK, op_shadow),
    ROW(max_mem, 0, op_max_mem),
    ROW(setvcpucontext, 0, domctl_setvcpucontext),
    ROW(getvcpucontext, DYING_OK, domctl_getvcpucontext),
    ROW(getvcpuinfo, COPY_BACK | DYING_OK, domctl_getvcpuinfo),
    ROW(max_vcpus, 0, op_max_vcpus),
    ROW(scheduler_op, COPY_BACK, domctl_scheduler),
    ROW(setdomainhandle, 0, op_sethandle),
    ROW(setdebugging, 0, op_unsupported),
    ROW(irq_permission, 0, domctl_irq_permission),
    ROW(iomem_permission, 0, domctl_iomem_permission),
    ROW(ioport_permission, 0, domctl_ioport_permission),
    ROW(hypercall_init, 0, op_hypercall_init),
    ROW(settimeoffset, 0, domctl_settimeoffset),
    ROW(resumedomain, 0, op_resume),
    ROW(sendtrigger, 0, domctl_sendtrigger),
    ROW(subscribe, 0, op_unsupported),
    ROW(gethvmcontext, COPY_BACK, domctl_gethvmcontext),
    ROW(sethvmcontext, 0, domctl_sethvmcontext),
    ROW(set_address_size, 0, op_set_address_size),
    ROW(get_address_size, COPY_BACK, op_get_address_size),
    ROW(assign_device, 0, op_unsupported),
    ROW(test_assign_device, 0, op_unsupported),
    ROW(deassign_device, 0, op_unsupported),
    ROW(get_device_group, 0, op_unsupported),
    ROW(bind_pt_irq, 0, op_unsupported),
    ROW(unbind_pt_irq, 0, op_unsupported),
    ROW(memory_mapping, 0, op_unsupported),
    ROW(ioport_mapping, 0, op_unsupported),
    ROW(set_ext_vcpucontext, 0, domctl_set_ext_vcpucontext),
    ROW(get_ext_vcpucontext, COPY_BACK, domctl_get_ext_vcpucontext),
    ROW(set_target, 0, op_unsupported),
    ROW(debug_op, 0, op_unsupported),
    ROW(gethvmcontext_partial, 0, op_invalid),
    ROW(vm_event_op, 0, op_unsupported),
    ROW(mem_sharing_op, 0, op_unsupported),
    ROW(gettscinfo, COPY_BACK, domctl_gettsc),
    ROW(settscinfo, 0, domctl_settsc),
    ROW(getpageframeinfo3, 0, domctl_getpageframeinfo),
    ROW(setvcpuextstate, 0, domctl_setvcpuextstate),
    ROW(getvcpuextstate, COPY_BACK, domctl_getvcpuextstate),
    ROW(set_access_required, 0, op_unsupported),
    ROW(set_virq_handler, 0, op_unsupported),
    ROW(get_vcpu_msrs, COPY_BACK, domctl_vcpu_msrs),
    ROW(set_vcpu_msrs, COPY_BACK, domctl_vcpu_msrs),
    ROW(setvnumainfo, 0, op_unsupported),
    ROW(psr_cmt_op, 0, op_unsupported),
    ROW(monitor_op, 0, op_unsupported),
    ROW(psr_alloc, 0, op_unsupported),
    ROW(soft_reset, 0, op_unsupported),
    ROW(vuart_op, 0, op_unsupported),
    ROW(get_cpu_policy, COPY_BACK, domctl_get_cpu_policy),
    ROW(set_cpu_policy, COPY_BACK, domctl_set_cpu_policy),
    ROW(vmtrace_op, 0, op_unsupported),
    ROW(get_paging_mempool_size, COPY_BACK, op_get_mempool),
    ROW(set_paging_mempool_size, 0, op_set_mempool),
#undef ROW
};

static long run_row(struct domain *caller, struct xen_domctl *op)
{
    uint8_t flags = domctls[op->cmd].flags;
    struct domain *d = NULL;
    long rc;

    if (flags & NO_DOMAIN) {
        return domctls[op->cmd].run(caller, NULL, op);
    }
    d = op->domain == DOMID_SELF ? domain_get(caller->domid)
                                 : domain_get(op->domain);
    if (d == NULL) {
        return -ESRCH;
    }
    rc = (flags & DYING_OK) || atomic_load(&d->dying) == DOMDYING_alive
         ? domctls[op->cmd].run(caller, d, op) : -EINVAL;
    domain_put(d);
    return rc;
}

/* Nobody could learn the number of the domain just made. */
static void take_back(domid_t domid)
{
    struct domain *d = domain_get(domid);

    if (d != NULL) {
        while (domain_kill(d) == -ERESTART) {
            /* It has no memory: once is enough. */
        }
        domain_put(d);
    }
}

DOOR(do_domctl)
{
    struct domain *caller = current->domain;
    struct xen_domctl op;
    long rc;

    if (!caller->is_control) {
        return -EPERM;
    }
    if (copy_from_guest(&op, guest_handle(a0), sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
        return -EACCES;
    }
    if (op.cmd >= ARRAY_SIZE(domctls) || domctls[op.cmd].run == NULL) {
        return -ENOSYS;
    }
    rc = run_row(caller, &op);
    if (rc == -ERESTART) {
        return HYPERCALL_CONTINUE(__HYPERVISOR_domctl, a0);
    }
    if ((domctls[op.cmd].flags & COPY_BACK) && (rc == 0 || rc == -EINVAL) &&
        copy_to_guest(guest_handle(a0), &op, sizeof(op)) != 0) {
        if (rc == 0 && op.cmd == XEN_DOMCTL_createdomain) {
            take_back(op.domain);
        }
        rc = -EFAULT;
    }
    return rc;
}
