/* SPDX-License-Identifier: MIT */
/*
 * Device-model operations.  Which ones when is left to run/main and the
 * devices.  Exercised by the nested boots.
 */
#include <run/xen_hv.h>

#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/evtchn.h>
#include <lib/foreign.h>
#include <lib/log.h>

#include <xen/hvm/dm_op.h>
#include <xen/sys/privcmd.h>

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RESOURCE_RING  0u              /* frames of the server */
#define RESOURCE_SLOTS 1u

#define HOLD_NS     200000u            /* how long to look without a request */
#define MAX_CREDIT  8u
#define TRY_AFTER   64u                /* events without credit, then one more */

/* ---- dm_op -------------------------------------------------------------------------- */

static int dm_op_buf(struct xen_hv *x, struct xen_dm_op *op, void *buf,
                     size_t bytes)
{
    const struct privcmd_dm_op_buf bufs[2] = {
        { .uptr = op, .size = sizeof(*op) }, { .uptr = buf, .size = bytes },
    };
    struct privcmd_dm_op call = {
        .dom = (domid_t)x->domid, .num = buf != NULL ? 2 : 1, .ubufs = bufs,
    };

    return ioctl(hyp_fd(x->h), IOCTL_PRIVCMD_DM_OP, &call) < 0 ? -errno : 0;
}

static int dm_op(struct xen_hv *x, struct xen_dm_op *op)
{
    return dm_op_buf(x, op, NULL, 0);
}

static int op_io_range(void *arg, bool map, enum hv_space space,
                       uint64_t first, uint64_t last)
{
    static const uint32_t types[] = {
        [HV_PORT] = XEN_DMOP_IO_RANGE_PORT,
        [HV_MMIO] = XEN_DMOP_IO_RANGE_MEMORY,
        [HV_PCI] = XEN_DMOP_IO_RANGE_PCI,
    };
    struct xen_hv *x = arg;
    struct xen_dm_op op = {
        .op = map ? XEN_DMOP_map_io_range_to_ioreq_server
                  : XEN_DMOP_unmap_io_range_from_ioreq_server,
        .u.map_io_range_to_ioreq_server = {
            .id = x->server_id, .type = types[space], .start = first,
            .end = last,
        },
    };
    int rc = dm_op(x, &op);

    if (rc == -EEXIST && map) {
        rc = 0;                        /* a predecessor's */
    }
    if (rc != 0) {
        log_warn("d%u: range %u %#llx..%#llx: %d", x->domid, types[space],
                 (unsigned long long)first, (unsigned long long)last, rc);
    }
    return rc;
}

static int op_isa(void *arg, unsigned int line, bool level)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_set_isa_irq_level,
        .u.set_isa_irq_level = { .isa_irq = (uint8_t)line, .level = level },
    };

    return dm_op(arg, &op);
}

static int op_pci(void *arg, unsigned int device, unsigned int pin, bool level)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_set_pci_intx_level,
        .u.set_pci_intx_level = { .device = (uint8_t)device,
                                  .intx = (uint8_t)pin, .level = level },
    };

    return dm_op(arg, &op);
}

static int op_link(void *arg, unsigned int link, unsigned int line)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_set_pci_link_route,
        .u.set_pci_link_route = { .link = (uint8_t)link,
                                  .isa_irq = (uint8_t)line },
    };

    return dm_op(arg, &op);
}

static int op_msi(void *arg, uint64_t addr, uint32_t data)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_inject_msi,
        .u.inject_msi = { .addr = addr, .data = data },
    };

    return dm_op(arg, &op);
}

static int op_shutdown(void *arg, unsigned int reason)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_remote_shutdown,
        .u.remote_shutdown = { .reason = reason },
    };

    return dm_op(arg, &op);
}

static int op_dirty(void *arg, uint64_t gfn, uint32_t nr, uint8_t *bitmap)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_track_dirty_vram,
        .u.track_dirty_vram = { .nr = nr, .first_pfn = gfn },
    };

    return dm_op_buf(arg, &op, bitmap, (nr + 7) / 8);
}

static int op_modified(void *arg, uint64_t gfn, uint32_t nr)
{
    struct xen_dm_op_modified_memory_extent ext = { .nr = nr,
                                                    .first_pfn = gfn };
    struct xen_dm_op op = {
        .op = XEN_DMOP_modified_memory,
        .u.modified_memory = { .nr_extents = 1 },
    };

    return dm_op_buf(arg, &op, &ext, sizeof(ext));
}

static int op_readonly(void *arg, uint64_t gfn, uint32_t nr, bool on)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_set_mem_type,
        .u.set_mem_type = { .nr = nr, .first_pfn = gfn,
                            .mem_type = on ? HVMMEM_ram_ro : HVMMEM_ram_rw },
    };

    return dm_op(arg, &op);
}

/* ---- memory ------------------------------------------------------------------------- */

#define BATCH 512u

static int op_populate(void *arg, uint64_t gfn, uint32_t nr)
{
    struct xen_hv *x = arg;
    uint64_t frames[BATCH];
    uint32_t done, i;

    for (done = 0; done < nr; done += BATCH) {
        uint32_t n = nr - done < BATCH ? nr - done : BATCH;
        int64_t rc;

        for (i = 0; i < n; i++) {
            frames[i] = gfn + done + i;
        }
        rc = ctl_memory_populate(x->h, x->domid, frames, n, 0, 0);
        if (rc != (int64_t)n) {
            return rc < 0 ? (int)rc : -ENOMEM;
        }
    }
    return 0;
}

static int op_relocate(void *arg, uint64_t from, uint64_t to, uint32_t nr)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_relocate_memory,
        .u.relocate_memory = { .size = nr, .src_gfn = from, .dst_gfn = to },
    };

    /* A frame whose writes are being watched cannot be moved. */
    (void)op_modified(arg, from, nr);
    return dm_op(arg, &op);
}

static void *op_window(void *arg, uint32_t nr)
{
    struct xen_hv *x = arg;
    void *p = mmap(NULL, (size_t)nr * XEN_PAGE_SIZE, PROT_READ | PROT_WRITE,
                   MAP_SHARED, hyp_fd(x->h), 0);

    return p == MAP_FAILED ? NULL : p;
}

static int op_map(void *arg, void *addr, uint64_t gfn, uint32_t nr, int *errs)
{
    struct xen_hv *x = arg;
    uint64_t frames[BATCH];
    uint32_t done, i;
    int rc = 0;

    /* A mapping is made by one call, so more than a batch needs a list. */
    if (nr > BATCH) {
        uint64_t *list = hyp_buf_get(x->h, nr * sizeof(*list));

        if (list == NULL) {
            return -ENOMEM;
        }
        for (done = 0; done < nr; done++) {
            list[done] = gfn + done;
        }
        rc = foreign_map_at(x->h, x->domid, addr, list, nr, errs);
        hyp_buf_put(x->h, list, nr * sizeof(*list));
        return rc;
    }
    for (i = 0; i < nr; i++) {
        frames[i] = gfn + i;
    }
    return foreign_map_at(x->h, x->domid, addr, frames, nr, errs);
}

/* A kernel mapping is filled once: to be filled again it is made anew. */
static void op_unmap(void *arg, void *addr, uint32_t nr)
{
    struct xen_hv *x = arg;

    if (mmap(addr, (size_t)nr * XEN_PAGE_SIZE, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, hyp_fd(x->h), 0) == MAP_FAILED) {
        log_err("d%u: cannot let go of guest memory: %d", x->domid, errno);
        _exit(1);
    }
}

const struct hv_ops xen_hv_ops = {
    .io_range = op_io_range, .isa_level = op_isa, .pci_level = op_pci,
    .pci_link = op_link, .msi = op_msi, .shutdown = op_shutdown,
    .dirty = op_dirty, .modified = op_modified, .readonly = op_readonly,
    .populate = op_populate, .relocate = op_relocate, .window = op_window,
    .map = op_map, .unmap = op_unmap,
};

/* ---- the server ------------------------------------------------------------------------ */

static void notify(void *arg, unsigned int vcpu)
{
    struct xen_hv *x = arg;

    (void)evtchn_notify(x->evtchn_fd, x->port[vcpu]);
}

int xen_hv_open(struct xen_hv *x, unsigned int domid, unsigned int nr_vcpus,
                struct err *e)
{
    memset(x, 0, sizeof(*x));
    x->domid = domid;
    x->nr_vcpus = nr_vcpus;
    x->evtchn_fd = -1;
    x->credit = MAX_CREDIT;
    if (nr_vcpus == 0 || nr_vcpus > XEN_HV_MAX_VCPUS) {
        return err_errno(e, -EINVAL, "cannot serve that many CPUs", "%u",
                         nr_vcpus);
    }
    x->h = hyp_open(e);
    if (x->h == NULL) {
        return -ENODEV;
    }
    x->evtchn_fd = evtchn_open(e);
    return x->evtchn_fd < 0 ? x->evtchn_fd : 0;
}

static int create(struct xen_hv *x)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_create_ioreq_server,
        .u.create_ioreq_server = {
            .handle_bufioreq = HVM_IOREQSRV_BUFIOREQ_ATOMIC
        },
    };
    int rc = dm_op(x, &op);

    x->server_id = op.u.create_ioreq_server.id;
    return rc;
}

static int enable(struct xen_hv *x)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_set_ioreq_server_state,
        .u.set_ioreq_server_state = { .id = x->server_id, .enabled = 1 },
    };

    return dm_op(x, &op);
}

static int map_pages(struct xen_hv *x)
{
    uint8_t *p = foreign_map_resource(x->h, x->domid,
                                      XENMEM_resource_ioreq_server,
                                      x->server_id, RESOURCE_RING, 2,
                                      PROT_READ | PROT_WRITE);

    if (p == NULL) {
        return -errno;
    }
    x->server.ring = (struct buffered_iopage *)(void *)p;
    x->server.slots = (struct shared_iopage *)(void *)
                      (p + RESOURCE_SLOTS * XEN_PAGE_SIZE);
    return 0;
}

static int bind_ports(struct xen_hv *x)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_get_ioreq_server_info,
        .u.get_ioreq_server_info = { .id = x->server_id,
                                     .flags = XEN_DMOP_no_gfns },
    };
    unsigned int i;
    int rc = dm_op(x, &op);

    if (rc == 0) {
        rc = evtchn_bind_interdomain(
            x->evtchn_fd, x->domid,
            op.u.get_ioreq_server_info.bufioreq_port, &x->ring_port);
    }
    for (i = 0; i < x->nr_vcpus && rc == 0; i++) {
        rc = evtchn_bind_interdomain(
            x->evtchn_fd, x->domid, x->server.slots->vcpu_ioreq[i].vp_eport,
            &x->port[i]);
    }
    return rc;
}

int xen_hv_serve(struct xen_hv *x, int keep_id, struct err *e)
{
    int rc = 0;

    x->server.notify = notify;
    x->server.arg = x;
    if (keep_id >= 0) {
        x->server_id = (uint16_t)keep_id;
    } else {
        rc = create(x);
    }
    if (rc != 0) {
        return err_errno(e, rc, "cannot become a device model", "domain %u",
                         x->domid);
    }
    /* Xen writes the ports when it enables, if the page is there by then. */
    rc = map_pages(x);
    if (rc == 0) {
        rc = enable(x);
    }
    if (rc == 0) {
        rc = bind_ports(x);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot see the guest's requests",
                                   "domain %u, server %u", x->domid,
                                   x->server_id);
}

int xen_hv_restrict(struct xen_hv *x)
{
    domid_t domid = (domid_t)x->domid;

    if (ioctl(hyp_fd(x->h), IOCTL_PRIVCMD_RESTRICT, &domid) != 0) {
        return -errno;
    }
    return evtchn_restrict(x->evtchn_fd, x->domid);
}

/*
 * Which port rang does not matter: there are few slots, and looking at all of
 * them never misses one.
 */
static bool serve(struct xen_hv *x)
{
    bool any = server_run_ring(&x->server) > 0;
    unsigned int i;

    for (i = 0; i < x->nr_vcpus; i++) {
        any |= server_run_vcpu(&x->server, i);
    }
    return any;
}

/* A port that rang while it was held rings again when it is unmasked. */
static void release(struct xen_hv *x)
{
    while (x->nr_held > 0) {
        (void)evtchn_unmask(x->evtchn_fd, x->held[--x->nr_held]);
    }
}

static bool worth_holding(struct xen_hv *x)
{
    if (x->credit > 0) {
        return true;
    }
    x->skipped = (x->skipped + 1) % TRY_AFTER;
    return x->skipped == 0;
}

void xen_hv_run(struct xen_hv *x)
{
    unsigned int room = XEN_HV_MAX_VCPUS + 1 - x->nr_held;
    int n = evtchn_pending(x->evtchn_fd, x->held + x->nr_held, room);
    bool any;

    x->nr_held += n > 0 ? (unsigned int)n : 0;
    any = serve(x);
    if (!any || !worth_holding(x)) {
        release(x);
        return;
    }
    x->won = false;
    x->until = evloop_now_ns() + HOLD_NS;
}

bool xen_hv_holding(const struct xen_hv *x)
{
    return x->nr_held > 0;
}

void xen_hv_poll(struct xen_hv *x)
{
    if (serve(x)) {
        x->won = true;
        x->until = evloop_now_ns() + HOLD_NS;
    } else if (evloop_now_ns() >= x->until) {
        x->credit = x->won ? MAX_CREDIT : x->credit - (x->credit > 0);
        release(x);
    }
}

void xen_hv_close(struct xen_hv *x, bool keep_server)
{
    struct xen_dm_op op = {
        .op = XEN_DMOP_destroy_ioreq_server,
        .u.destroy_ioreq_server = { .id = x->server_id },
    };

    if (!keep_server) {
        (void)dm_op(x, &op);
    }
    if (x->evtchn_fd >= 0) {
        evtchn_close(x->evtchn_fd);
    }
    if (x->h != NULL) {
        hyp_close(x->h);
    }
}
