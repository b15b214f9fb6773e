/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_* calls: facts of the host, its log, its one CPU pool.  Covered
 * by tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

#include <errno.h>
#include <string.h>

int ctl_sysctl(struct hyp *h, struct xen_sysctl *op)
{
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return (int)hyp_call_arg(h, __HYPERVISOR_sysctl, op, sizeof(*op));
}

int ctl_host_physinfo(struct hyp *h, struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
    int rc = ctl_sysctl(h, &op);

    if (rc == 0) {
        *info = op.u.physinfo;
    }
    return rc;
}

int ctl_host_sched_id(struct hyp *h, uint32_t *sched_id)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
    int rc = ctl_sysctl(h, &op);

    if (rc == 0) {
        *sched_id = op.u.sched_id.sched_id;
    }
    return rc;
}

int ctl_host_readconsole(struct hyp *h, char *buf, uint32_t size,
                         uint32_t *index, int clear)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
    struct xen_sysctl_readconsole *rd = &op.u.readconsole;
    char *bounce = hyp_buf_get(h, size);
    int rc;

    if (bounce == NULL) {
        return -ENOMEM;
    }
    rd->clear = clear != 0;
    rd->incremental = index != NULL;
    rd->index = index != NULL ? *index : 0;
    rd->count = size;
    set_xen_guest_handle(rd->buffer, bounce);
    rc = ctl_sysctl(h, &op);
    if (rc == 0 && rd->count <= size) {
        rc = (int)rd->count;
        memcpy(buf, bounce, rd->count);
        if (index != NULL) {
            *index = rd->index;
        }
    }
    hyp_buf_put(h, bounce, size);
    return rc;
}

int ctl_host_debug_keys(struct hyp *h, const char *keys)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
    size_t len = strlen(keys);
    char *bounce = hyp_buf_get(h, len);
    int rc;

    if (bounce == NULL) {
        return -ENOMEM;
    }
    memcpy(bounce, keys, len);
    op.u.debug_keys.nr_keys = (uint32_t)len;
    set_xen_guest_handle(op.u.debug_keys.keys, bounce);
    rc = ctl_sysctl(h, &op);
    hyp_buf_put(h, bounce, len);
    return rc;
}
