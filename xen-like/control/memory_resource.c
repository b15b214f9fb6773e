/* SPDX-License-Identifier: MIT */
/*
 * control/memory_resource.c - XENMEM_acquire_resource: frames of a domain's
 * grant table for the toolstack, which writes the first grants of a guest,
 * and the shared pages of a device model.
 */
#include <control/memory_op.h>
#include <domain/pages.h>
#include <grant/grant.h>
#include <hv/errno.h>
#include <ioreq/ioreq.h>
#include <p2m/p2m.h>

static long grant_frames(struct domain *d, struct xen_mem_acquire_resource *r,
                         mfn_t *frame)
{
    if (r->id != XENMEM_resource_grant_table_id_shared) {
        return -EOPNOTSUPP;              /* grant table version 2 */
    }
    return r->frame > UINT32_MAX ? -EINVAL
           : grant_resource_frames(d, (uint32_t)r->frame, r->nr_frames, frame);
}

/* Frames of a device model's server: 0 the ring, 1 the slots. */
static long ioreq_frames(struct domain *d, struct xen_mem_acquire_resource *r,
                         mfn_t *frame)
{
    long rc = d->ioreq == NULL || r->id > UINT16_MAX ? -EINVAL : 0;

    for (uint32_t i = 0; rc == 0 && i < r->nr_frames; i++) {
        rc = ioreq_frame(d, (ioservid_t)r->id, r->frame + i, &frame[i]);
    }
    return rc;
}

static uint32_t resource_size(const struct domain *d, unsigned int type)
{
    return type == XENMEM_resource_grant_table ? grant_max_frames(d) : 2;
}

/* A translated caller names the places where it wants them. */
static long map_frames(struct domain *caller,
                       const struct xen_mem_acquire_resource *r,
                       const mfn_t *frame)
{
    uint64_t gfn[MEM_BATCH];
    long rc = copy_from_guest(gfn, HANDLE(r->frame_list),
                              r->nr_frames * sizeof(gfn[0]));

    for (uint32_t i = 0; rc == 0 && i < r->nr_frames; i++) {
        struct page_info *pg = mfn_to_page(frame[i]);

        rc = -EINVAL;
        if (page_get_writable(frame[i],
                              (domid_t)page_owner_id(atomic_load(&pg->word)))) {
            rc = p2m_set(caller, gfn[i], frame[i], 0, P2M_FOREIGN);
            if (rc != 0) {
                page_put_writable(pg);
            }
        }
        while (rc != 0 && i-- > 0) {
            p2m_remove(caller, gfn[i], frame[i]);
        }
        if (rc != 0) {
            break;
        }
    }
    return rc;
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
    if (r.type != XENMEM_resource_grant_table &&
        r.type != XENMEM_resource_ioreq_server) {
        return -EOPNOTSUPP;
    }
    rc = domain_get_for(caller, r.domid, &d);
    if (rc != 0) {
        return rc;
    }
    if (r.frame_list.p == NULL) {
        rc = r.nr_frames != 0 ? -EINVAL : 0;
        r.nr_frames = resource_size(d, r.type);
    } else if (r.nr_frames > MEM_BATCH) {
        rc = -E2BIG;
    } else {
        rc = r.type == XENMEM_resource_grant_table
           ? grant_frames(d, &r, frame) : ioreq_frames(d, &r, frame);
        if (rc == 0 && caller->p2m != NULL) {
            rc = map_frames(caller, &r, frame);
        } else if (rc == 0) {
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
