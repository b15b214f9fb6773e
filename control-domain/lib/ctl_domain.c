/* SPDX-License-Identifier: MIT */
/*
 * XEN_DOMCTL_* calls about a whole domain.  The order of calls that makes a
 * guest is left to toolstack/build.  Covered by tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

#include <errno.h>
#include <string.h>

/* Xen's ERESTART is the kernel-internal number, unknown to <errno.h>. */
#define XEN_ERESTART 85

int ctl_domctl(struct hyp *h, struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return (int)hyp_call_arg(h, __HYPERVISOR_domctl, op, sizeof(*op));
}

static struct xen_domctl domctl(uint32_t cmd, unsigned int domid)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.domain = (domid_t)domid;
    return op;
}

static int simple(struct hyp *h, uint32_t cmd, unsigned int domid)
{
    struct xen_domctl op = domctl(cmd, domid);

    return ctl_domctl(h, &op);
}

int ctl_domain_create(struct hyp *h, unsigned int *domid,
                      const struct xen_domctl_createdomain *config)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_createdomain, *domid);
    int rc;

    op.u.createdomain = *config;
    rc = ctl_domctl(h, &op);
    if (rc == 0) {
        *domid = op.domain;
    }
    return rc;
}

int ctl_domain_destroy(struct hyp *h, unsigned int domid)
{
    int rc;

    do {
        rc = simple(h, XEN_DOMCTL_destroydomain, domid);
    } while (rc == -XEN_ERESTART || rc == -EAGAIN);
    return rc;
}

int ctl_domain_pause(struct hyp *h, unsigned int domid)
{
    return simple(h, XEN_DOMCTL_pausedomain, domid);
}

int ctl_domain_unpause(struct hyp *h, unsigned int domid)
{
    return simple(h, XEN_DOMCTL_unpausedomain, domid);
}

int ctl_domain_resume(struct hyp *h, unsigned int domid)
{
    return simple(h, XEN_DOMCTL_resumedomain, domid);
}

int ctl_domain_info(struct hyp *h, unsigned int domid,
                    struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_getdomaininfo, domid);
    int rc = ctl_domctl(h, &op);

    if (rc != 0) {
        return rc;
    }
    /* The call answers with the first domain at or above the id. */
    if (op.u.getdomaininfo.domain != domid) {
        return -ESRCH;
    }
    *info = op.u.getdomaininfo;
    return 0;
}

int ctl_domain_list(struct hyp *h, unsigned int first,
                    struct xen_domctl_getdomaininfo *info, unsigned int max)
{
    size_t bytes = max * sizeof(info[0]);
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
    void *buf = hyp_buf_get(h, bytes);
    int rc;

    if (buf == NULL) {
        return -ENOMEM;
    }
    op.u.getdomaininfolist.first_domain = (domid_t)first;
    op.u.getdomaininfolist.max_domains = max;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, buf);
    rc = ctl_sysctl(h, &op);
    if (rc == 0) {
        rc = (int)op.u.getdomaininfolist.num_domains;
        rc = rc > (int)max ? (int)max : rc;
        memcpy(info, buf, (size_t)rc * sizeof(info[0]));
    }
    hyp_buf_put(h, buf, bytes);
    return rc;
}

int ctl_domain_max_mem(struct hyp *h, unsigned int domid, uint64_t max_kb)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_max_mem, domid);

    op.u.max_mem.max_memkb = max_kb;
    return ctl_domctl(h, &op);
}

int ctl_domain_set_address_size(struct hyp *h, unsigned int domid,
                                unsigned int bits)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_set_address_size, domid);

    op.u.address_size.size = bits;
    return ctl_domctl(h, &op);
}

int ctl_domain_set_tsc(struct hyp *h, unsigned int domid, uint32_t mode,
                       uint64_t elapsed_ns, uint32_t khz, uint32_t incarnation)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_settscinfo, domid);

    op.u.tsc_info.tsc_mode = mode;
    op.u.tsc_info.gtsc_khz = khz;
    op.u.tsc_info.incarnation = incarnation;
    op.u.tsc_info.elapsed_nsec = elapsed_ns;
    return ctl_domctl(h, &op);
}

int ctl_domain_set_paging_pool(struct hyp *h, unsigned int domid,
                               uint64_t bytes)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_set_paging_mempool_size, domid);

    op.u.paging_mempool.size = bytes;
    return ctl_domctl(h, &op);
}

/* credit and credit2 share one shape: weight, cap. */
int ctl_domain_sched_get(struct hyp *h, unsigned int domid, uint32_t sched_id,
                         uint16_t *weight, uint16_t *cap)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_scheduler_op, domid);
    int rc;

    op.u.scheduler_op.sched_id = sched_id;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    rc = ctl_domctl(h, &op);
    if (rc == 0) {
        *weight = op.u.scheduler_op.u.credit.weight;
        *cap = op.u.scheduler_op.u.credit.cap;
    }
    return rc;
}

int ctl_domain_sched_set(struct hyp *h, unsigned int domid, uint32_t sched_id,
                         uint16_t weight, uint16_t cap)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_scheduler_op, domid);

    op.u.scheduler_op.sched_id = sched_id;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op.u.scheduler_op.u.credit.weight = weight;
    op.u.scheduler_op.u.credit.cap = cap;
    return ctl_domctl(h, &op);
}

int ctl_domain_trigger(struct hyp *h, unsigned int domid, uint32_t trigger)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger,
                             .domain = (domid_t)domid };

    op.u.sendtrigger.trigger = trigger;
    return ctl_domctl(h, &op);
}

int ctl_domain_shutdown(struct hyp *h, unsigned int domid, uint32_t reason)
{
    struct sched_remote_shutdown arg = {
        .domain_id = (domid_t)domid, .reason = reason
    };

    return (int)hyp_call_cmd(h, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
                             &arg, sizeof(arg));
}
