/* SPDX-License-Identifier: MIT */
/*
 * XEN_DMOP_*: what device models ask of their guest, by a table.  The first
 * buffer is a struct xen_dm_op, others belong to an operation.  Only the
 * control domain runs device models.
 * Tests  tests/unit/control/test_dm_op.c
 */
#include <arch/nospec.h>
#include <control/doors.h>
#include <control/memory_op.h>
#include <domain/continuation.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <ioreq/ioreq.h>
#include <p2m/p2m.h>
#include <vdev/front.h>
#include <xen/hvm/dm_op.h>
#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>

#define MAX_BUFS   3u
#define MAX_VRAM   16384u                 /* pages: 64 MiB */
#define PAGE_BATCH 64u                    /* between looks for preemption */
ABI_ASSERT(sizeof(struct xen_dm_op_buf) == 16);
ABI_ASSERT(offsetof(struct xen_dm_op, u) == 8);

struct bufs {
    unsigned int nr;
    struct xen_dm_op_buf b[MAX_BUFS];
};

static guest_handle_t buf_at(const struct bufs *b, unsigned int i)
{
    return HANDLE(b->b[i].h);
}

/* ---- servers ---------------------------------------------------------------- */
static long op_create(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return ioreq_server_create(d, current->domain->domid,
                               op->u.create_ioreq_server.handle_bufioreq,
                               &op->u.create_ioreq_server.id);
}

/* Pages are had by XENMEM_acquire_resource only, not by guest frames. */
static long op_info(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    struct xen_dm_op_get_ioreq_server_info *i = &op->u.get_ioreq_server_info;

    if (i->flags & ~XEN_DMOP_no_gfns) {
        return -EINVAL;
    }
    i->ioreq_gfn = i->bufioreq_gfn = ~0ull;
    return i->flags & XEN_DMOP_no_gfns
         ? ioreq_server_info(d, i->id, &i->bufioreq_port) : -EOPNOTSUPP;
}

static long range(struct domain *d, bool map,
                  const struct xen_dm_op_ioreq_server_range *r)
{
    return r->pad != 0 ? -EINVAL
         : ioreq_range(d, r->id, map, r->type, r->start, r->end);
}

static long op_map(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return range(d, true, &op->u.map_io_range_to_ioreq_server);
}

static long op_unmap(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return range(d, false, &op->u.unmap_io_range_from_ioreq_server);
}

static long op_state(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return ioreq_server_enable(d, op->u.set_ioreq_server_state.id,
                               op->u.set_ioreq_server_state.enabled != 0);
}

static long op_destroy(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return ioreq_server_destroy(d, op->u.destroy_ioreq_server.id);
}

/* ---- wires -------------------------------------------------------------------- */
static long op_intx(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    const struct xen_dm_op_set_pci_intx_level *i = &op->u.set_pci_intx_level;

    return i->domain != 0 || i->bus != 0 || i->level > 1
         ? -EINVAL : vdev_intx_level(d->vdev, i->device, i->intx, i->level);
}

static long op_isa(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    const struct xen_dm_op_set_isa_irq_level *i = &op->u.set_isa_irq_level;

    return i->level > 1 ? -EINVAL
                        : vdev_isa_level(d->vdev, i->isa_irq, i->level);
}

static long op_link(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return vdev_link_route(d->vdev, op->u.set_pci_link_route.link,
                           op->u.set_pci_link_route.isa_irq);
}

static long op_msi(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return vdev_msi(d->vdev, op->u.inject_msi.addr, op->u.inject_msi.data);
}

/* Only what comes from outside of a CPU: NMI.  Exceptions are its own. */
static long op_event(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    struct vcpu *v = domain_vcpu(d, op->u.inject_event.vcpuid);

    if (v == NULL) {
        return -EINVAL;
    }
    if (op->u.inject_event.type != XEN_DMOP_EVENT_nmi) {
        return -EOPNOTSUPP;
    }
    hvm_vcpu_nmi(v);
    return 0;
}

static long op_shutdown(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    if (op->u.remote_shutdown.reason > SHUTDOWN_MAX) {
        return -EINVAL;
    }
    domain_shutdown(d, op->u.remote_shutdown.reason);
    return 0;
}

static long op_nr_vcpus(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    op->u.nr_vcpus.vcpus = d->max_vcpus;
    return 0;
}

static long op_refused(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    return -EOPNOTSUPP;
}

/* ---- memory --------------------------------------------------------------------- */
/*
 * Which pages of the screen were written since last time: those that have
 * become ordinary RAM again, which all are at first.  @pad counts what is
 * done over continuations; a caller's own number there only skips pages.
 */
static long op_vram(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    struct xen_dm_op_track_dirty_vram *t = &op->u.track_dirty_vram;
    bool written = false;
    long rc = 0;

    if (t->nr > MAX_VRAM || t->first_pfn > ~0ull - t->nr ||
        (t->nr != 0 && (b->nr < 2 || b->b[1].size < (t->nr + 7) / 8))) {
        return -EINVAL;
    }
    t->pad &= ~(PAGE_BATCH - 1);
    while (t->pad < t->nr && rc == 0) {
        unsigned int n = min(t->nr - t->pad, PAGE_BATCH);
        uint64_t word = p2m_clean_range(d, t->first_pfn + t->pad, n);

        written |= word != 0;
        if (copy_to_guest(guest_handle_add(buf_at(b, 1), t->pad / 8), &word,
                          (n + 7) / 8) != 0) {
            rc = -EFAULT;
        }
        t->pad += PAGE_BATCH;
        if (rc == 0 && t->pad < t->nr && hypercall_preempt()) {
            rc = -ERESTART;
        }
    }
    if (written) {
        p2m_flush(d);                     /* one for all */
    }
    t->pad = rc == -ERESTART ? t->pad : 0;
    return rc;
}

/* The device model wrote there by itself: dirty. */
static long op_modified(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    struct xen_dm_op_modified_memory *m = &op->u.modified_memory;
    struct xen_dm_op_modified_memory_extent e;

    if (b->nr < 2 || b->b[1].size / sizeof(e) < m->nr_extents) {
        return -EINVAL;
    }
    /* opaque: the extent to go on with, over continuations */
    for (; m->opaque < m->nr_extents; m->opaque++) {
        if (copy_from_guest(&e, guest_handle_index(buf_at(b, 1), m->opaque,
                                                   sizeof(e)),
                            sizeof(e)) != 0) {
            return -EFAULT;
        }
        if (e.pad != 0 || e.nr > MAX_VRAM) {
            m->nr_extents = m->opaque + 1;
            return -EINVAL;
        }
        for (uint32_t i = 0; i < e.nr; i++) {
            p2m_mark_dirty(d, e.first_pfn + i);
        }
        if (m->opaque + 1 < m->nr_extents && hypercall_preempt()) {
            m->opaque++;
            return -ERESTART;
        }
    }
    m->opaque = 0;
    return 0;
}

static long op_mem_type(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    struct xen_dm_op_set_mem_type *t = &op->u.set_mem_type;
    bool ro = t->mem_type == HVMMEM_ram_ro;

    if (t->pad != 0 || (!ro && t->mem_type != HVMMEM_ram_rw)) {
        return -EINVAL;
    }
    for (; t->nr > 0; t->nr--, t->first_pfn++) {
        enum p2m_type now;

        (void)p2m_lookup(d, t->first_pfn, &now);
        if (now == P2M_RAM_LOGDIRTY) {
            p2m_mark_dirty(d, t->first_pfn);
            now = P2M_RAM;
        }
        if (now != P2M_RAM && now != P2M_RAM_RO) {
            return -EINVAL;
        }
        if (p2m_change_type(d, t->first_pfn, now,
                            ro ? P2M_RAM_RO : P2M_RAM) != 0) {
            return -EBUSY;
        }
        if (t->nr > 1 && t->nr % PAGE_BATCH == 0 && hypercall_preempt()) {
            t->nr--;
            t->first_pfn++;
            return -ERESTART;
        }
    }
    return 0;
}

static long op_relocate(struct domain *d, struct xen_dm_op *op, struct bufs *b)
{
    struct xen_dm_op_relocate_memory *r = &op->u.relocate_memory;
    long rc;

    if (r->pad != 0) {
        return -EINVAL;
    }
    while (r->size > 0) {
        rc = memory_physmap_move(d, r->src_gfn, r->dst_gfn);
        if (rc != 0) {
            return rc;
        }
        r->size--;
        r->src_gfn++;
        r->dst_gfn++;
        if (r->size % PAGE_BATCH == 0 && hypercall_preempt()) {
            return -ERESTART;
        }
    }
    return 0;
}

/* ---- the door ------------------------------------------------------------------- */
#define OUT 1u
#define ROW(nr, name, member, fn, flags) [XEN_DMOP_##nr] = \
    { name, fn, sizeof(((struct xen_dm_op *)0)->u.member), flags }
static const struct {
    const char *name;
    long (*run)(struct domain *d, struct xen_dm_op *op, struct bufs *b);
    uint8_t bytes, flags;
} dm_ops[] = {
    ROW(create_ioreq_server, "create", create_ioreq_server, op_create, OUT),
    ROW(get_ioreq_server_info, "info", get_ioreq_server_info, op_info, OUT),
    ROW(map_io_range_to_ioreq_server, "map", map_io_range_to_ioreq_server,
        op_map, 0),
    ROW(unmap_io_range_from_ioreq_server, "unmap",
        unmap_io_range_from_ioreq_server, op_unmap, 0),
    ROW(set_ioreq_server_state, "state", set_ioreq_server_state, op_state, 0),
    ROW(destroy_ioreq_server, "destroy", destroy_ioreq_server, op_destroy, 0),
    ROW(track_dirty_vram, "vram", track_dirty_vram, op_vram, 0),
    ROW(set_pci_intx_level, "intx", set_pci_intx_level, op_intx, 0),
    ROW(set_isa_irq_level, "isa", set_isa_irq_level, op_isa, 0),
    ROW(set_pci_link_route, "link", set_pci_link_route, op_link, 0),
    ROW(modified_memory, "modified", modified_memory, op_modified, OUT),
    ROW(set_mem_type, "mem_type", set_mem_type, op_mem_type, 0),
    ROW(inject_event, "event", inject_event, op_event, 0),
    ROW(inject_msi, "msi", inject_msi, op_msi, 0),
    ROW(map_mem_type_to_ioreq_server, "map_mem_type",
        map_mem_type_to_ioreq_server, op_refused, 0),
    ROW(remote_shutdown, "shutdown", remote_shutdown, op_shutdown, 0),
    ROW(relocate_memory, "relocate", relocate_memory, op_relocate, 0),
    ROW(pin_memory_cacheattr, "cacheattr", pin_memory_cacheattr, op_refused,
        0),
    ROW(nr_vcpus, "nr_vcpus", nr_vcpus, op_nr_vcpus, OUT),
};

/* Run one; its copy goes back if it has results, or progress to keep. */
static long run(struct domain *d, struct bufs *b)
{
    struct xen_dm_op op = { 0 };
    guest_handle_t h = buf_at(b, 0);
    size_t bytes = min((size_t)b->b[0].size, sizeof(op));
    unsigned int nr;
    long rc;

    if (bytes < offsetof(struct xen_dm_op, u) ||
        copy_from_guest(&op, h, bytes) != 0) {
        return -EFAULT;
    }
    if (op.pad != 0) {
        return -EINVAL;
    }
    if (op.op >= ARRAY_SIZE(dm_ops)) {
        return -EOPNOTSUPP;
    }
    nr = (unsigned int)index_clamp(op.op, ARRAY_SIZE(dm_ops));
    if (dm_ops[nr].run == NULL) {
        return -EOPNOTSUPP;
    }
    if (bytes < offsetof(struct xen_dm_op, u) + dm_ops[nr].bytes) {
        return -EFAULT;
    }
    rc = dm_ops[nr].run(d, &op, b);
    if (rc == -ERESTART || (dm_ops[nr].flags & OUT)) {
        if (copy_to_guest(h, &op, bytes) != 0 && (rc == 0 || rc == -ERESTART)) {
            rc = -EFAULT;
        }
    }
    return rc;
}

DOOR(do_dm_op)
{
    struct bufs b = { .nr = (unsigned int)a1 };
    struct domain *d;
    long rc;

    if (a1 == 0 || a1 > MAX_BUFS) {
        return -E2BIG;
    }
    if (copy_from_guest(b.b, guest_handle(a2), b.nr * sizeof(b.b[0])) != 0) {
        return -EFAULT;
    }
    d = domain_get((domid_t)a0);
    if (d == NULL) {
        return -ESRCH;
    }
    rc = d->hvm == NULL || d->ioreq == NULL ? -EINVAL : run(d, &b);
    domain_put(d);
    return rc == -ERESTART ? HYPERCALL_CONTINUE(__HYPERVISOR_dm_op, a0, a1, a2)
                           : rc;
}
