/* SPDX-License-Identifier: MIT */
/*
 * grant/grant_op.c - the GNTTABOP_* door.
 *
 * Map, unmap and copy come as arrays: they are copied in and out in batches
 * on the stack, with a preemption check after each; progress is in the
 * pointer and the count.  Version 1 only: version 2, status frames, transfer,
 * transitive and sub-page grants are refused.
 * Tested by tests/unit/grant/ and tests/guests/memory/.
 */
#include <core/percpu.h>
#include <domain/continuation.h>
#include <domain/guest_copy.h>
#include <grant/grant_op.h>
#include <grant/table.h>
#include <hv/errno.h>

ABI_ASSERT(sizeof(struct grant_entry_v1) == 8);
ABI_ASSERT(sizeof(struct gnttab_map_grant_ref) == 32);
ABI_ASSERT(sizeof(struct gnttab_unmap_grant_ref) == 24);
ABI_ASSERT(sizeof(struct gnttab_unmap_and_replace) == 24);
ABI_ASSERT(sizeof(struct gnttab_copy) == 40);
ABI_ASSERT(sizeof(struct gnttab_setup_table) == 24);
ABI_ASSERT(sizeof(struct gnttab_query_size) == 16);

/* ---- arrays: one batch each ------------------------------------------------------ */

static int batch_map(struct domain *ld, guest_handle_t uops, unsigned int nr)
{
    GRANT_SCRATCH struct gnttab_map_grant_ref ops[GRANT_BATCH];

    if (copy_from_guest(ops, uops, nr * sizeof(ops[0])) != 0) {
        return -EFAULT;
    }
    grant_map_batch(ld, ops, nr);
    if (copy_to_guest(uops, ops, nr * sizeof(ops[0])) != 0) {
        grant_map_undo(ld, ops, nr);
        return -EFAULT;
    }
    return 0;
}

/* Both kinds are laid out alike; the second field is the one that differs. */
ABI_ASSERT(sizeof(struct gnttab_unmap_and_replace) ==
           sizeof(struct gnttab_unmap_grant_ref));
ABI_ASSERT(offsetof(struct gnttab_unmap_and_replace, new_addr) ==
           offsetof(struct gnttab_unmap_grant_ref, dev_bus_addr));
ABI_ASSERT(offsetof(struct gnttab_unmap_and_replace, handle) ==
           offsetof(struct gnttab_unmap_grant_ref, handle));
ABI_ASSERT(offsetof(struct gnttab_unmap_and_replace, status) ==
           offsetof(struct gnttab_unmap_grant_ref, status));

static int unmap(struct domain *ld, guest_handle_t uops, unsigned int nr,
                 bool replace)
{
    GRANT_SCRATCH struct gnttab_unmap_grant_ref in[GRANT_BATCH];
    GRANT_SCRATCH struct grant_unmap_op ops[GRANT_BATCH];

    if (copy_from_guest(in, uops, nr * sizeof(in[0])) != 0) {
        return -EFAULT;
    }
    for (unsigned int i = 0; i < nr; i++) {
        ops[i] = (struct grant_unmap_op){
            .host_addr = in[i].host_addr,
            .dev_bus_addr = replace ? 0 : in[i].dev_bus_addr,
            .new_addr = replace ? in[i].dev_bus_addr : 0,
            .handle = in[i].handle,
        };
    }
    grant_unmap_batch(ld, ops, nr);
    for (unsigned int i = 0; i < nr; i++) {
        in[i].status = ops[i].status;
    }
    return copy_to_guest(uops, in, nr * sizeof(in[0]));
}

static int batch_unmap(struct domain *ld, guest_handle_t uops, unsigned int nr)
{
    return unmap(ld, uops, nr, false);
}

static int batch_replace(struct domain *ld, guest_handle_t uops,
                         unsigned int nr)
{
    return unmap(ld, uops, nr, true);
}

static int batch_copy(struct domain *ld, guest_handle_t uops, unsigned int nr)
{
    GRANT_SCRATCH struct gnttab_copy ops[GRANT_BATCH];

    if (copy_from_guest(ops, uops, nr * sizeof(ops[0])) != 0) {
        return -EFAULT;
    }
    grant_copy_batch(ld, ops, nr);
    return copy_to_guest(uops, ops, nr * sizeof(ops[0]));
}

/* ---- single operations --------------------------------------------------------------- */

/* The domain an operation means; GNTST_*. */
static int find_domain(struct domain *caller, domid_t domid,
                       struct domain **d)
{
    int rc = domain_get_for(caller, domid, d);

    return rc == 0 ? GNTST_okay
           : rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
}

static int setup_table(struct domain *d, const struct gnttab_setup_table *op,
                       int16_t *status)
{
    GRANT_SCRATCH mfn_t mfns[GRANT_BATCH];
    uint32_t done = 0;

    if (op->nr_frames > grant_max_frames(d)) {
        *status = GNTST_general_error;
        return 0;
    }
    while (done < op->nr_frames) {
        uint32_t nr = min(op->nr_frames - done, (uint32_t)GRANT_BATCH);
        guest_handle_t list = guest_handle((uint64_t)op->frame_list.p);

        if (grant_resource_frames(d, done, nr, mfns) != 0) {
            *status = GNTST_general_error;
            return 0;
        }
        for (uint32_t i = 0; d->p2m != NULL && i < nr; i++) {
            mfns[i] = INVALID_MFN;    /* for it to add to its physmap */
        }
        if (copy_to_guest(guest_handle_index(list, done, sizeof(mfns[0])),
                          mfns, nr * sizeof(mfns[0])) != 0) {
            return -EFAULT;
        }
        done += nr;
    }
    *status = GNTST_okay;
    return 0;
}

static long op_setup_table(struct domain *caller, guest_handle_t uop)
{
    struct gnttab_setup_table op;
    struct domain *d;
    long rc = 0;

    if (copy_from_guest(&op, uop, sizeof(op)) != 0) {
        return -EFAULT;
    }
    op.status = (int16_t)find_domain(caller, op.dom, &d);
    if (op.status == GNTST_okay) {
        rc = setup_table(d, &op, &op.status);
        domain_put(d);
    }
    return rc != 0 ? rc : copy_to_guest(uop, &op, sizeof(op));
}

static long op_query_size(struct domain *caller, guest_handle_t uop)
{
    struct gnttab_query_size op;
    struct domain *d;

    if (copy_from_guest(&op, uop, sizeof(op)) != 0) {
        return -EFAULT;
    }
    op.status = (int16_t)find_domain(caller, op.dom, &d);
    if (op.status == GNTST_okay) {
        op.nr_frames = grant_nr_frames(d);
        op.max_nr_frames = grant_max_frames(d);
        domain_put(d);
    }
    return copy_to_guest(uop, &op, sizeof(op));
}

static long op_set_version(struct domain *caller, guest_handle_t uop)
{
    struct gnttab_set_version op;

    if (copy_from_guest(&op, uop, sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.version != 1) {
        return op.version == 2 ? -ENOSYS : -EINVAL;
    }
    return copy_to_guest(uop, &op, sizeof(op));
}

static long op_get_version(struct domain *caller, guest_handle_t uop)
{
    struct gnttab_get_version op;
    struct domain *d;
    long rc;

    if (copy_from_guest(&op, uop, sizeof(op)) != 0) {
        return -EFAULT;
    }
    rc = domain_get_for(caller, op.dom, &d);
    if (rc != 0) {
        return rc;
    }
    domain_put(d);
    op.version = 1;
    return copy_to_guest(uop, &op, sizeof(op));
}

/* ---- the door --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t size;                      /* of an element, with @batch */
    int (*batch)(struct domain *ld, guest_handle_t uops, unsigned int nr);
    long (*single)(struct domain *caller, guest_handle_t uop);
} grant_ops[] = {
    [GNTTABOP_map_grant_ref]   = { "map_grant_ref",
        sizeof(struct gnttab_map_grant_ref), batch_map, NULL },
    [GNTTABOP_unmap_grant_ref] = { "unmap_grant_ref",
        sizeof(struct gnttab_unmap_grant_ref), batch_unmap, NULL },
    [GNTTABOP_unmap_and_replace] = { "unmap_and_replace",
        sizeof(struct gnttab_unmap_and_replace), batch_replace, NULL },
    [GNTTABOP_copy]            = { "copy",
        sizeof(struct gnttab_copy), batch_copy, NULL },
    [GNTTABOP_setup_table]     = { "setup_table", 0, NULL, op_setup_table },
    [GNTTABOP_query_size]      = { "query_size",  0, NULL, op_query_size },
    [GNTTABOP_set_version]     = { "set_version", 0, NULL, op_set_version },
    [GNTTABOP_get_version]     = { "get_version", 0, NULL, op_get_version },
};

static long run_batches(uint32_t op, guest_handle_t uops, uint32_t count)
{
    struct domain *ld = current->domain;

    while (count != 0) {
        uint32_t nr = min(count, (uint32_t)GRANT_BATCH);
        int rc = grant_ops[op].batch(ld, uops, nr);

        if (rc != 0) {
            return rc;
        }
        count -= nr;
        uops = guest_handle_add(uops, nr * grant_ops[op].size);
        if (count != 0 && hypercall_preempt()) {
            return HYPERCALL_CONTINUE(__HYPERVISOR_grant_table_op, op,
                                      uops.va, count);
        }
    }
    return 0;
}

long do_grant_table_op(uint64_t cmd, uint64_t uop, uint64_t count, uint64_t a3,
                       uint64_t a4, uint64_t a5)
{
    uint32_t op = (uint32_t)cmd;

    if ((int32_t)count < 0) {
        return -EINVAL;
    }
    if (op >= ARRAY_SIZE(grant_ops)) {
        return -ENOSYS;
    }
    op = (uint32_t)index_clamp(op, ARRAY_SIZE(grant_ops));
    if (grant_ops[op].batch != NULL) {
        return run_batches(op, guest_handle(uop), (uint32_t)count);
    }
    if (grant_ops[op].single == NULL) {
        return -ENOSYS;
    }
    if ((uint32_t)count != 1 && op == GNTTABOP_setup_table) {
        return -EINVAL;
    }
    return grant_ops[op].single(current->domain, guest_handle(uop));
}
