/* SPDX-License-Identifier: MIT */
/*
 * lib/tinydom.c - see tinydom.h.  The domain's code is in tinydom_code.S;
 * its linear addresses start at TINY_VA: code, stack and data, shared_info.
 * Covered by tests/guests/control.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/tinydom.h>

#define TINY_VA 0x400000ul

enum { PAGE_CODE, PAGE_STACK, PAGE_L4, PAGE_L3, PAGE_L2, PAGE_L1 };

extern const uint8_t tinydom_code[], tinydom_code_end[];
extern const uint8_t tinydom_entry[], tinydom_event[];

static struct vcpu_guest_context context;
static uint8_t frames[TINYDOM_PAGES][PAGE_SIZE] ALIGNED_PAGE;
static struct mmu_update map_req[TINYDOM_PAGES], unmap_req[TINYDOM_PAGES];

static long domctl(struct xen_domctl *op, unsigned int cmd, domid_t domid)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domid;
    return hc_domctl(op);
}

long domctl_simple(unsigned int cmd, domid_t domid)
{
    struct xen_domctl op = { .cmd = 0 };

    return domctl(&op, cmd, domid);
}

long domctl_create(domid_t *domid)
{
    struct xen_domctl op = { .u.createdomain = {
        .max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = -1,
        .max_maptrack_frames = -1, .grant_opts = XEN_DOMCTL_GRANT_version(1),
    } };
    long rc = domctl(&op, XEN_DOMCTL_createdomain, 0);

    *domid = op.domain;
    return rc;
}

long domctl_max_vcpus(domid_t domid, unsigned int n)
{
    struct xen_domctl op = { .u.max_vcpus.max = n };

    return domctl(&op, XEN_DOMCTL_max_vcpus, domid);
}

long domctl_max_mem(domid_t domid, uint64_t kb)
{
    struct xen_domctl op = { .u.max_mem.max_memkb = kb };

    return domctl(&op, XEN_DOMCTL_max_mem, domid);
}

long domctl_info(domid_t domid, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = { .cmd = 0 };
    long rc = domctl(&op, XEN_DOMCTL_getdomaininfo, domid);

    *info = op.u.getdomaininfo;
    return rc;
}

long populate(domid_t domid, xen_pfn_t *extents, unsigned long n,
              unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = n,
                                        .extent_order = order,
                                        .domid = domid };

    set_xen_guest_handle(r.extent_start, extents);
    return hc_memory(XENMEM_populate_physmap, &r);
}

static long foreign(struct tinydom *t, bool map)
{
    struct mmu_update *req = map ? map_req : unmap_req;
    unsigned int i;

    for (i = 0; i < TINYDOM_PAGES; i++) {
        req[i].ptr = pte_maddr(frames[i], 1);
        req[i].val = map ? t->mfns[i] * PAGE_SIZE | PTE_KERNEL
                         : maddr_of(frames[i]) | PTE_KERNEL;
    }
    return hc_mmu_update(req, TINYDOM_PAGES, NULL,
                         map ? t->domid : DOMID_SELF);
}

static void flush_frames(void)
{
    mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0);
}

static pte_t entry(uint64_t mfn, uint64_t flags)
{
    return mfn * PAGE_SIZE | flags;
}

static void fill(const struct tinydom *t)
{
    pte_t *l4 = (pte_t *)frames[PAGE_L4], *l3 = (pte_t *)frames[PAGE_L3];
    pte_t *l2 = (pte_t *)frames[PAGE_L2], *l1 = (pte_t *)frames[PAGE_L1];
    unsigned int i;

    for (i = 0; i < TINYDOM_PAGES; i++) {
        memset(frames[i], 0, PAGE_SIZE);
    }
    memcpy(frames[PAGE_CODE], tinydom_code,
           (size_t)(tinydom_code_end - tinydom_code));
    *(uint32_t *)frames[PAGE_STACK] = t->remote_port;
    l4[0] = entry(t->mfns[PAGE_L3], PTE_TABLE);
    l3[0] = entry(t->mfns[PAGE_L2], PTE_TABLE);
    l2[TINY_VA >> 21] = entry(t->mfns[PAGE_L1], PTE_TABLE);
    l1[0] = entry(t->mfns[PAGE_CODE], PTE_KERNEL_RO);
    l1[1] = entry(t->mfns[PAGE_STACK], PTE_KERNEL);
    l1[2] = entry(t->shared_info_mfn, PTE_KERNEL);
}

static long set_context(const struct tinydom *t)
{
    struct xen_domctl op = { .u.vcpucontext.vcpu = 0 };
    uint64_t stack = TINY_VA + 2 * PAGE_SIZE;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = TINY_VA + (uint64_t)(tinydom_entry -
                                                 tinydom_code);
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.rsp = stack;
    context.user_regs.rflags = 0x200;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = stack;
    context.ctrlreg[0] = 0x8005003b;
    context.ctrlreg[3] = xen_pfn_to_cr3(t->mfns[PAGE_L4]);
    context.event_callback_eip = TINY_VA + (uint64_t)(tinydom_event -
                                                      tinydom_code);
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    return domctl(&op, XEN_DOMCTL_setvcpucontext, t->domid);
}

static long connect(struct tinydom *t)
{
    struct evtchn_bind_interdomain op = { .remote_dom = t->domid };
    long rc = event_alloc(t->domid, 0);

    if (rc < 0) {
        return rc;
    }
    t->remote_port = op.remote_port = (evtchn_port_t)rc;
    rc = hc_event(EVTCHNOP_bind_interdomain, &op);
    t->local_port = op.local_port;
    return rc;
}

long tinydom_create(struct tinydom *t)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int i;
    long rc;

    *t = (struct tinydom){ .domid = 0 };
    if ((rc = domctl_create(&t->domid)) != 0 ||
        (rc = domctl_max_vcpus(t->domid, 1)) != 0 ||
        (rc = domctl_max_mem(t->domid, 64)) != 0) {
        return rc;
    }
    for (i = 0; i < TINYDOM_PAGES; i++) {
        t->mfns[i] = i; /* in: the domain's frame number */
    }
    rc = populate(t->domid, t->mfns, TINYDOM_PAGES, 0);
    if (rc != (long)TINYDOM_PAGES) {
        return rc < 0 ? rc : -ENOMEM;
    }
    rc = domctl_info(t->domid, &info);
    t->shared_info_mfn = info.shared_info_frame;
    return rc;
}

long tinydom_build(struct tinydom *t)
{
    long rc = tinydom_create(t);

    if (rc != 0 || (rc = connect(t)) != 0 ||
        (rc = foreign(t, true)) != 0) {
        return rc;
    }
    flush_frames();
    fill(t);
    if ((rc = foreign(t, false)) != 0) {
        return rc;
    }
    flush_frames();
    return set_context(t);
}

long tinydom_run(struct tinydom *t)
{
    return domctl_simple(XEN_DOMCTL_unpausedomain, t->domid);
}

long tinydom_destroy(struct tinydom *t)
{
    event_close(t->local_port);
    return domctl_simple(XEN_DOMCTL_destroydomain, t->domid);
}
