/* SPDX-License-Identifier: MIT */
/*
 * HVMOP_* parameters and the saved state of HVM and PVH guests.  Record
 * layouts are left to toolstack/build.  Covered by tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

#include <errno.h>
#include <string.h>

int ctl_hvm_set_param(struct hyp *h, unsigned int domid, uint32_t index,
                      uint64_t value)
{
    struct xen_hvm_param arg = {
        .domid = (domid_t)domid, .index = index, .value = value
    };

    return (int)hyp_call_cmd(h, __HYPERVISOR_hvm_op, HVMOP_set_param, &arg,
                             sizeof(arg));
}

int ctl_hvm_get_param(struct hyp *h, unsigned int domid, uint32_t index,
                      uint64_t *value)
{
    struct xen_hvm_param arg = { .domid = (domid_t)domid, .index = index };
    int rc = (int)hyp_call_cmd(h, __HYPERVISOR_hvm_op, HVMOP_get_param, &arg,
                               sizeof(arg));

    if (rc == 0) {
        *value = arg.value;
    }
    return rc;
}

static struct xen_domctl context_op(uint32_t cmd, unsigned int domid,
                                    void *bounce, uint32_t size)
{
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.domain = (domid_t)domid;
    op.u.hvmcontext.size = size;
    set_xen_guest_handle(op.u.hvmcontext.buffer, bounce);
    return op;
}

int ctl_hvm_get_context(struct hyp *h, unsigned int domid, void *buf,
                        uint32_t size)
{
    void *bounce = buf != NULL ? hyp_buf_get(h, size) : NULL;
    struct xen_domctl op;
    int rc;

    if (buf != NULL && bounce == NULL) {
        return -ENOMEM;
    }
    op = context_op(XEN_DOMCTL_gethvmcontext, domid, bounce,
                    buf != NULL ? size : 0);
    rc = ctl_domctl(h, &op);
    if (rc == 0) {
        rc = (int)op.u.hvmcontext.size;
    }
    if (buf != NULL) {
        memcpy(buf, bounce, size);
        hyp_buf_put(h, bounce, size);
    }
    return rc;
}

int ctl_hvm_set_context(struct hyp *h, unsigned int domid, const void *buf,
                        uint32_t size)
{
    void *bounce = hyp_buf_get(h, size);
    struct xen_domctl op;
    int rc;

    if (bounce == NULL) {
        return -ENOMEM;
    }
    memcpy(bounce, buf, size);
    op = context_op(XEN_DOMCTL_sethvmcontext, domid, bounce, size);
    rc = ctl_domctl(h, &op);
    hyp_buf_put(h, bounce, size);
    return rc;
}
