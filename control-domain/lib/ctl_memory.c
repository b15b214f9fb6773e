/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_* calls for another domain, page-table pinning and the first grants.
 * Layout of a guest's memory is left to toolstack/build.  Covered by
 * tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

#include <lib/foreign.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static int64_t memory_op(struct hyp *h, unsigned int cmd, void *arg,
                         size_t size)
{
    return hyp_call_cmd(h, __HYPERVISOR_memory_op, cmd, arg, size);
}

static int64_t reservation(struct hyp *h, unsigned int cmd, unsigned int domid,
                           uint64_t *frames, uint64_t count,
                           unsigned int order, unsigned int mem_flags)
{
    size_t bytes = count * sizeof(frames[0]);
    struct xen_memory_reservation arg = {
        .nr_extents = count, .extent_order = order, .mem_flags = mem_flags,
        .domid = (domid_t)domid,
    };
    void *list = hyp_buf_get(h, bytes);
    int64_t rc;

    if (list == NULL) {
        return -ENOMEM;
    }
    memcpy(list, frames, bytes);
    set_xen_guest_handle(arg.extent_start, list);
    rc = memory_op(h, cmd, &arg, sizeof(arg));
    memcpy(frames, list, bytes);
    hyp_buf_put(h, list, bytes);
    return rc;
}

int64_t ctl_memory_populate(struct hyp *h, unsigned int domid,
                            uint64_t *frames, uint64_t count,
                            unsigned int order, unsigned int mem_flags)
{
    return reservation(h, XENMEM_populate_physmap, domid, frames, count, order,
                       mem_flags);
}

int64_t ctl_memory_decrease(struct hyp *h, unsigned int domid,
                            const uint64_t *frames, uint64_t count,
                            unsigned int order)
{
    /* reservation() writes the list back unchanged for this call. */
    return reservation(h, XENMEM_decrease_reservation, domid,
                       (uint64_t *)(uintptr_t)frames, count, order, 0);
}

int ctl_memory_claim(struct hyp *h, unsigned int domid, uint64_t pages)
{
    struct xen_memory_reservation arg = {
        .nr_extents = pages, .domid = (domid_t)domid
    };

    return (int)memory_op(h, XENMEM_claim_pages, &arg, sizeof(arg));
}

int ctl_memory_set_map(struct hyp *h, unsigned int domid, const void *entries,
                       unsigned int count)
{
    struct xen_foreign_memory_map arg = { .domid = (domid_t)domid };
    size_t bytes = count * 20u;
    void *list = hyp_buf_get(h, bytes);
    int rc;

    if (list == NULL) {
        return -ENOMEM;
    }
    memcpy(list, entries, bytes);
    arg.map.nr_entries = count;
    set_xen_guest_handle(arg.map.buffer, list);
    rc = (int)memory_op(h, XENMEM_set_memory_map, &arg, sizeof(arg));
    hyp_buf_put(h, list, bytes);
    return rc;
}

int ctl_mmuext(struct hyp *h, unsigned int domid, unsigned int cmd,
               uint64_t mfn)
{
    struct mmuext_op *op = hyp_buf_get(h, sizeof(*op));
    int rc;

    if (op == NULL) {
        return -ENOMEM;
    }
    op->cmd = cmd;
    op->arg1.mfn = mfn;
    rc = (int)hyp_call(h, __HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0, domid,
                       0);
    hyp_buf_put(h, op, sizeof(*op));
    return rc;
}

static void seed(struct grant_entry_v1 *entry, uint64_t gfn,
                 unsigned int domid)
{
    if (gfn == ~(uint64_t)0) {
        return;
    }
    entry->frame = (uint32_t)gfn;
    entry->domid = (domid_t)domid;
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
}

int ctl_grant_seed(struct hyp *h, unsigned int domid, uint64_t console_gfn,
                   unsigned int console_domid, uint64_t store_gfn,
                   unsigned int store_domid)
{
    struct grant_entry_v1 *table;

    table = foreign_map_resource(h, domid, XENMEM_resource_grant_table,
                                 XENMEM_resource_grant_table_id_shared, 0, 1,
                                 PROT_READ | PROT_WRITE);
    if (table == NULL) {
        return -errno;
    }
    seed(&table[GNTTAB_RESERVED_CONSOLE], console_gfn, console_domid);
    seed(&table[GNTTAB_RESERVED_XENSTORE], store_gfn, store_domid);
    return foreign_unmap(table, 1);
}
