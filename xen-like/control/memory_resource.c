/* SPDX-License-Identifier: MIT */
/*
 * control/memory_resource.c - XENMEM_acquire_resource: frames of a domain's
 * grant table for the toolstack, which writes the first grants of a guest.
 */
#include <control/memory_op.h>
#include <grant/grant.h>
#include <hv/errno.h>

static long grant_frames(struct domain *d, struct xen_mem_acquire_resource *r,
                         mfn_t *frame)
{
    if (r->id != XENMEM_resource_grant_table_id_shared) {
        return -EOPNOTSUPP;              /* grant table version 2 */
    }
    return r->frame > UINT32_MAX ? -EINVAL
           : grant_resource_frames(d, (uint32_t)r->frame, r->nr_frames, frame);
}

long memory_acquire(struct domain *caller, uint64_t start, guest_handle_t arg)
{
    struct xen_mem_acquire_resource r;
    mfn_t frame[MEM_BATCH];
    struct domain *d;
    long rc;

    if (copy_from_guest(&r, arg, sizeof(r)) != 0) {
        return -EFAULT;
    }
    if (r.pad != 0) {
        return -EINVAL;
    }
    if (r.type != XENMEM_resource_grant_table) {
        return -EOPNOTSUPP;
    }
    rc = domain_get_for(caller, r.domid, &d);
    if (rc != 0) {
        return rc;
    }
    if (r.frame_list.p == NULL) {
        rc = r.nr_frames != 0 ? -EINVAL : 0;
        r.nr_frames = grant_max_frames(d);
    } else if (r.nr_frames > MEM_BATCH) {
        rc = -E2BIG;
    } else {
        rc = grant_frames(d, &r, frame);
        if (rc == 0) {
            rc = copy_to_guest(HANDLE(r.frame_list), frame,
                               r.nr_frames * sizeof(frame[0]));
        }
    }
    if (rc == 0) {
        rc = copy_to_guest(arg, &r, sizeof(r));
    }
    domain_put(d);
    return rc;
}
