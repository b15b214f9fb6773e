/* SPDX-License-Identifier: MIT */
/*
 * XEN_DOMCTL_* calls about one vCPU.  What a context contains is left to
 * toolstack/build.  Covered by tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

#include <errno.h>
#include <string.h>

static struct xen_domctl domctl(uint32_t cmd, unsigned int domid)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.domain = (domid_t)domid;
    return op;
}

int ctl_vcpu_max(struct hyp *h, unsigned int domid, uint32_t max)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_max_vcpus, domid);

    op.u.max_vcpus.max = max;
    return ctl_domctl(h, &op);
}

static int context_op(struct hyp *h, uint32_t cmd, unsigned int domid,
                      uint32_t vcpu, struct vcpu_guest_context *ctx)
{
    struct xen_domctl op = domctl(cmd, domid);
    void *buf = hyp_buf_get(h, sizeof(*ctx));
    int rc;

    if (buf == NULL) {
        return -ENOMEM;
    }
    memcpy(buf, ctx, sizeof(*ctx));
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, buf);
    rc = ctl_domctl(h, &op);
    memcpy(ctx, buf, sizeof(*ctx));
    hyp_buf_put(h, buf, sizeof(*ctx));
    return rc;
}

int ctl_vcpu_set_context(struct hyp *h, unsigned int domid, uint32_t vcpu,
                         const struct vcpu_guest_context *ctx)
{
    struct vcpu_guest_context copy = *ctx;

    return context_op(h, XEN_DOMCTL_setvcpucontext, domid, vcpu, &copy);
}

int ctl_vcpu_get_context(struct hyp *h, unsigned int domid, uint32_t vcpu,
                         struct vcpu_guest_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
    return context_op(h, XEN_DOMCTL_getvcpucontext, domid, vcpu, ctx);
}

int ctl_vcpu_info(struct hyp *h, unsigned int domid, uint32_t vcpu,
                  struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = domctl(XEN_DOMCTL_getvcpuinfo, domid);
    int rc;

    op.u.getvcpuinfo.vcpu = vcpu;
    rc = ctl_domctl(h, &op);
    if (rc == 0) {
        *info = op.u.getvcpuinfo;
    }
    return rc;
}

/* Both maps share one buffer: the first half is the hard one. */
static int affinity_op(struct hyp *h, uint32_t cmd, unsigned int domid,
                       uint32_t vcpu, uint32_t flags, uint8_t *hard,
                       uint8_t *soft, uint32_t nr_bits)
{
    size_t bytes = (nr_bits + 7) / 8;
    struct xen_domctl op = domctl(cmd, domid);
    uint8_t *buf = hyp_buf_get(h, 2 * bytes);
    struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
    int rc;

    if (buf == NULL) {
        return -ENOMEM;
    }
    if (hard != NULL) {
        memcpy(buf, hard, bytes);
    }
    if (soft != NULL) {
        memcpy(buf + bytes, soft, bytes);
    }
    a->vcpu = vcpu;
    a->flags = flags;
    a->cpumap_hard.nr_bits = hard != NULL ? nr_bits : 0;
    a->cpumap_soft.nr_bits = soft != NULL ? nr_bits : 0;
    set_xen_guest_handle(a->cpumap_hard.bitmap, buf);
    set_xen_guest_handle(a->cpumap_soft.bitmap, buf + bytes);
    rc = ctl_domctl(h, &op);
    if (hard != NULL) {
        memcpy(hard, buf, bytes);
    }
    if (soft != NULL) {
        memcpy(soft, buf + bytes, bytes);
    }
    hyp_buf_put(h, buf, 2 * bytes);
    return rc;
}

int ctl_vcpu_set_affinity(struct hyp *h, unsigned int domid, uint32_t vcpu,
                          uint32_t flags, uint8_t *hard, uint8_t *soft,
                          uint32_t nr_bits)
{
    return affinity_op(h, XEN_DOMCTL_setvcpuaffinity, domid, vcpu, flags, hard,
                       soft, nr_bits);
}

int ctl_vcpu_get_affinity(struct hyp *h, unsigned int domid, uint32_t vcpu,
                          uint32_t flags, uint8_t *hard, uint8_t *soft,
                          uint32_t nr_bits)
{
    return affinity_op(h, XEN_DOMCTL_getvcpuaffinity, domid, vcpu, flags, hard,
                       soft, nr_bits);
}
