/* SPDX-License-Identifier: MIT */
/*
 * control/domctl_set.c - settings of a domain: affinity, weight, time stamp
 * counter, CPU policy, access to devices.
 */
#include <control/control_domain.h>
#include <control/cpu_policies.h>
#include <control/domctl.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <mm/heap.h>
#include <physdev/io_perm.h>
#include <sched/sched.h>
#include <time/systime.h>
#include <vdev/front.h>

/* ---- bitmaps ------------------------------------------------------------------ */

/* Up to 64 bits; what is beyond is not looked at. */
static int control_bitmap_get(const struct xenctl_bitmap *b, uint64_t *out)
{
    size_t bytes = (min(b->nr_bits, 64u) + 7) / 8;

    *out = 0;
    if (copy_from_guest(out, DOMCTL_HANDLE(b->bitmap), bytes) != 0) {
        return -EFAULT;
    }
    if (b->nr_bits < 64) {
        *out &= (1ull << b->nr_bits) - 1;
    }
    return 0;
}

int control_bitmap_put(const struct xenctl_bitmap *b, uint64_t v)
{
    size_t bytes = ((size_t)b->nr_bits + 7) / 8;
    size_t n = min(bytes, sizeof(v));

    if (b->nr_bits < 64) {
        v &= (1ull << b->nr_bits) - 1;
    }
    if (bytes > PAGE_SIZE) {
        return -E2BIG;
    }
    if (copy_to_guest(DOMCTL_HANDLE(b->bitmap), &v, n) != 0 ||
        (bytes > n &&
         clear_guest(guest_handle_add(DOMCTL_HANDLE(b->bitmap), n),
                     bytes - n) != 0)) {
        return -EFAULT;
    }
    return 0;
}

/* ---- affinity ------------------------------------------------------------------- */

static int affinity_known(const struct xen_domctl_vcpuaffinity *a,
                          const struct vcpu *v)
{
    return v == NULL ? -ESRCH
         : a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)
           ? 0 : -EINVAL;
}

static int put_affinity(struct xen_domctl_vcpuaffinity *a, cpumask_t hard,
                        cpumask_t soft)
{
    int rc = 0;

    if (a->flags & XEN_VCPUAFFINITY_HARD) {
        rc = control_bitmap_put(&a->cpumap_hard, hard);
    }
    if (rc == 0 && (a->flags & XEN_VCPUAFFINITY_SOFT)) {
        rc = control_bitmap_put(&a->cpumap_soft, soft);
    }
    return rc;
}

long domctl_setvcpuaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v = domain_vcpu(d, a->vcpu);
    cpumask_t hard, soft;
    int rc = affinity_known(a, v);

    if (rc != 0) {
        return rc;
    }
    sched_get_affinity(v, &hard, &soft);
    if (a->flags & XEN_VCPUAFFINITY_HARD) {
        rc = control_bitmap_get(&a->cpumap_hard, &hard);
    }
    if (rc == 0 && (a->flags & XEN_VCPUAFFINITY_SOFT)) {
        rc = control_bitmap_get(&a->cpumap_soft, &soft);
    }
    if (rc == 0) {
        rc = sched_set_affinity(v, hard, soft);
    }
    if (rc != 0) {
        return rc;
    }
    hard &= cpu_online_mask;
    return put_affinity(a, hard, soft & hard);
}

long domctl_getvcpuaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v = domain_vcpu(d, a->vcpu);
    cpumask_t hard, soft;
    int rc = affinity_known(a, v);

    if (rc != 0) {
        return rc;
    }
    sched_get_affinity(v, &hard, &soft);
    return put_affinity(a, hard, soft);
}

/* One node: an affinity that includes it is all there is. */
long domctl_setnodeaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op)
{
    uint64_t nodes;
    int rc = control_bitmap_get(&op->u.nodeaffinity.nodemap, &nodes);

    if (rc == 0 && !(nodes & 1)) {
        rc = -EINVAL;
    }
    return rc;
}

long domctl_getnodeaffinity(struct domain *c, struct domain *d,
                            struct xen_domctl *op)
{
    return control_bitmap_put(&op->u.nodeaffinity.nodemap,
                              d->control->node_affinity);
}

long domctl_scheduler(struct domain *c, struct domain *d,
                      struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

    if (s->sched_id != XEN_SCHEDULER_CREDIT2) {
        return -EINVAL;
    }
    if (s->cmd == XEN_DOMCTL_SCHEDOP_getinfo) {
        uint16_t weight, cap;

        sched_get_params(d, &weight, &cap);
        s->u.credit2.weight = weight;
        s->u.credit2.cap = cap;
        return 0;
    }
    if (s->cmd == XEN_DOMCTL_SCHEDOP_putinfo) {
        uint16_t weight, cap;

        /* Weight 0 leaves it as it is. */
        sched_get_params(d, &weight, &cap);
        if (s->u.credit2.weight != 0) {
            weight = s->u.credit2.weight;
        }
        return sched_set_params(d, weight, s->u.credit2.cap);
    }
    return -EINVAL;
}

/* ---- time stamp counter ----------------------------------------------------------- */

/* Guests read the counter itself: an emulated one is refused. */
long domctl_settsc(struct domain *c, struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_tsc_info *t = &op->u.tsc_info;

    if (t->tsc_mode > 3) {
        return -EINVAL;
    }
    if (t->tsc_mode != 0 && t->tsc_mode != 2) {
        return -EOPNOTSUPP;
    }
    spin_lock(&d->lock);
    d->control->tsc_mode = t->tsc_mode;
    d->control->tsc_incarnation = t->incarnation;
    d->control->tsc_elapsed_nsec = t->elapsed_nsec;
    spin_unlock(&d->lock);
    return 0;
}

long domctl_gettsc(struct domain *c, struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_tsc_info *t = &op->u.tsc_info;

    t->tsc_mode = d->control->tsc_mode;
    t->incarnation = d->control->tsc_incarnation;
    t->gtsc_khz = tsc_khz;
    t->elapsed_nsec = systime_ns();
    t->pad = 0;
    return 0;
}

/* ---- CPU policy --------------------------------------------------------------------- */

long domctl_get_cpu_policy(struct domain *c, struct domain *d,
                           struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;

    return cpu_policy_give(d->policy, &p->nr_leaves, DOMCTL_HANDLE(p->leaves),
                           &p->nr_msrs, DOMCTL_HANDLE(p->msrs));
}

static long set_leaves(struct cpu_policy *mine, bool hvm,
                       struct xen_domctl_cpu_policy *p)
{
    const struct cpu_policy *most =
        cpu_policy_system(hvm ? XEN_SYSCTL_cpu_policy_hvm_max
                              : XEN_SYSCTL_cpu_policy_pv_max);

    for (uint32_t i = 0; i < p->nr_leaves; i++) {
        struct cpu_leaf leaf;

        if (copy_from_guest(&leaf,
                            guest_handle_index(DOMCTL_HANDLE(p->leaves), i,
                                               sizeof(leaf)),
                            sizeof(leaf)) != 0) {
            return -EFAULT;
        }
        if (!cpu_policy_set(mine, most, &leaf)) {
            p->err_leaf = leaf.leaf;
            p->err_subleaf = leaf.subleaf;
            return -EINVAL;
        }
    }
    return 0;
}

/* MSR bits of a policy: a PV guest has none, so only zeros are accepted. */
static long check_msrs(struct xen_domctl_cpu_policy *p)
{
    for (uint32_t i = 0; i < p->nr_msrs; i++) {
        xen_msr_entry_t m;

        if (copy_from_guest(&m, guest_handle_index(DOMCTL_HANDLE(p->msrs), i,
                                                   sizeof(m)),
                            sizeof(m)) != 0) {
            return -EFAULT;
        }
        if (m.flags != 0 || m.val != 0) {
            p->err_msr = m.idx;
            return -EINVAL;
        }
    }
    return 0;
}

long domctl_set_cpu_policy(struct domain *c, struct domain *d,
                           struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
    struct cpu_policy *new;
    struct vcpu *v = domain_vcpu(d, 0);
    long rc;

    p->err_leaf = p->err_subleaf = p->err_msr = ~0u;
    if (p->nr_leaves > 512 || p->nr_msrs > 64) {
        return -E2BIG;
    }
    if (d == c || (v != NULL && v->is_initialised)) {
        return -EEXIST;              /* it may have looked already */
    }
    new = heap_new(struct cpu_policy);
    if (new == NULL) {
        return -ENOMEM;
    }
    *new = *d->policy;
    rc = set_leaves(new, d->hvm != NULL, p);
    if (rc == 0) {
        rc = check_msrs(p);
    }
    if (rc == 0) {
        spin_lock(&d->lock);
        *d->policy = *new;
        spin_unlock(&d->lock);
    }
    heap_free(new);
    return rc;
}

/* ---- devices ---------------------------------------------------------------------- */

long domctl_irq_permission(struct domain *c, struct domain *d,
                           struct xen_domctl *op)
{
    return io_irq_permit(d, op->u.irq_permission.pirq,
                         op->u.irq_permission.allow_access != 0);
}

long domctl_iomem_permission(struct domain *c, struct domain *d,
                             struct xen_domctl *op)
{
    uint64_t first = op->u.iomem_permission.first_mfn, last;

    if (op->u.iomem_permission.nr_mfns == 0 ||
        ckd_add(&last, first, op->u.iomem_permission.nr_mfns - 1)) {
        return -EINVAL;
    }
    return io_mem_permit(d, first, last,
                         op->u.iomem_permission.allow_access != 0);
}

long domctl_ioport_permission(struct domain *c, struct domain *d,
                              struct xen_domctl *op)
{
    uint32_t first = op->u.ioport_permission.first_port, last;

    if (op->u.ioport_permission.nr_ports == 0) {
        return 0;
    }
    if (ckd_add(&last, first, op->u.ioport_permission.nr_ports - 1)) {
        return -EINVAL;
    }
    return io_port_permit(d, first, last,
                          op->u.ioport_permission.allow_access != 0);
}

/* The emulated clock's distance from UTC; PV guests read ours. */
long domctl_settimeoffset(struct domain *c, struct domain *d,
                          struct xen_domctl *op)
{
    if (d->hvm == NULL) {
        return -EOPNOTSUPP;
    }
    vrtc_set_offset(d->vdev, op->u.settimeoffset.time_offset_seconds);
    return 0;
}

/* Buttons of the machine, and NMI. */
long domctl_sendtrigger(struct domain *c, struct domain *d,
                        struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.sendtrigger.vcpu);
    uint32_t what = op->u.sendtrigger.trigger;

    if (d->hvm == NULL || (what != XEN_DOMCTL_SENDTRIGGER_NMI &&
                           !(d->vdev->devices & XEN_X86_EMU_PM))) {
        return -EOPNOTSUPP;
    }
    if (what == XEN_DOMCTL_SENDTRIGGER_NMI && v == NULL) {
        return -ESRCH;
    }
    switch (what) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        hvm_vcpu_nmi(v);
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
        vdev_power_button(d->vdev);
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        vdev_sleep_button(d->vdev);
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}
