/* SPDX-License-Identifier: MIT */
/*
 * control/domctl_ctx.c - registers of a vcpu, in and out.  The vcpu does not
 * run meanwhile; what may stand in a context is checked by guest_ops.
 */
#include <arch/msr.h>
#include <arch/xstate.h>
#include <control/domctl.h>
#include <domain/guest_ops.h>
#include <domain/tsc_aux.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <pv/pv_domain.h>
#include <sched/sched.h>

#define MAX_XSTATE 4096u

static int set_context(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    struct domain *d = v->domain;
    int rc;

    vcpu_pause(v);
    spin_lock(&d->lock);
    rc = d->ops->set_context(v, ctx);
    if (rc == 0) {
        atomic_store(&v->is_initialised, 1);
        atomic_store(&v->is_up, (ctx->flags & VGCF_online) != 0);
    }
    spin_unlock(&d->lock);
    vcpu_unpause(v);
    return rc;
}

long domctl_setvcpucontext(struct domain *c, struct domain *d,
                           struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context *ctx;
    long rc = -EFAULT;

    if (d == c || (v == NULL && op->u.vcpucontext.vcpu >= d->max_vcpus)) {
        return -EINVAL;
    }
    if (v == NULL) {
        return -ESRCH;
    }
    if (op->u.vcpucontext.ctxt.p == NULL) {
        return -EINVAL;
    }
    ctx = heap_new(struct vcpu_guest_context);
    if (ctx == NULL) {
        return -ENOMEM;
    }
    if (copy_from_guest(ctx, DOMCTL_HANDLE(op->u.vcpucontext.ctxt),
                        sizeof(*ctx)) == 0) {
        rc = set_context(v, ctx);
    }
    heap_free(ctx);
    return rc;
}

long domctl_getvcpucontext(struct domain *c, struct domain *d,
                           struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context *ctx;
    long rc;

    if (d == c) {
        return -EINVAL;
    }
    if (v == NULL) {
        return -ESRCH;
    }
    if (!v->is_initialised) {
        return -ENODATA;
    }
    ctx = heap_new(struct vcpu_guest_context);
    if (ctx == NULL) {
        return -ENOMEM;
    }
    vcpu_pause(v);
    d->ops->get_context(v, ctx);
    ctx->flags |= v->is_up ? VGCF_online : 0;
    vcpu_unpause(v);
    rc = copy_to_guest(DOMCTL_HANDLE(op->u.vcpucontext.ctxt), ctx,
                       sizeof(*ctx));
    heap_free(ctx);
    return rc;
}

/* ---- callbacks that the context has no room for ------------------------------ */

static struct vcpu *other_vcpu(struct domain *c, struct domain *d, uint32_t id,
                               long *rc)
{
    struct vcpu *v = domain_vcpu(d, id);

    *rc = v == NULL ? -ESRCH : d == c ? -EINVAL : 0;
    return *rc == 0 ? v : NULL;
}

long domctl_get_ext_vcpucontext(struct domain *c, struct domain *d,
                                struct xen_domctl *op)
{
    struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
    const struct pv_callback *cb;
    long rc;
    struct vcpu *v = other_vcpu(c, d, e->vcpu, &rc);

    if (v == NULL) {
        return rc;
    }
    memset(e, 0, sizeof(*e));
    e->vcpu = v->vcpu_id;
    e->size = sizeof(*e);
    if (v->pv == NULL) {
        return 0;
    }
    cb = v->pv->cb;
    e->size = sizeof(*e);
    e->syscall32_callback_eip = cb[PV_CB_SYSCALL32].rip;
    e->syscall32_callback_cs = GUEST_CS64;
    e->syscall32_disables_events = cb[PV_CB_SYSCALL32].mask_events;
    e->sysenter_callback_eip = cb[PV_CB_SYSENTER].rip;
    e->sysenter_callback_cs = GUEST_CS64;
    e->sysenter_disables_events = cb[PV_CB_SYSENTER].mask_events;
    memset(&e->vmce, 0, sizeof(e->vmce));
    return 0;
}

long domctl_set_ext_vcpucontext(struct domain *c, struct domain *d,
                                struct xen_domctl *op)
{
    const struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
    struct pv_callback *cb;
    long rc;
    struct vcpu *v = other_vcpu(c, d, e->vcpu, &rc);

    if (v == NULL) {
        return rc;
    }
    if (v->pv == NULL) {
        return 0;
    }
    if (!is_canonical(e->syscall32_callback_eip) ||
        !is_canonical(e->sysenter_callback_eip)) {
        return -EINVAL;
    }
    vcpu_pause(v);
    cb = v->pv->cb;
    cb[PV_CB_SYSCALL32].rip = e->syscall32_callback_eip;
    cb[PV_CB_SYSCALL32].mask_events = e->syscall32_disables_events != 0;
    cb[PV_CB_SYSENTER].rip = e->sysenter_callback_eip;
    cb[PV_CB_SYSENTER].mask_events = e->sysenter_disables_events != 0;
    vcpu_unpause(v);
    return 0;
}

/* ---- extended state: xcr0, what was ever enabled, the image ------------------ */

struct ext_header {
    uint64_t xcr0, accum;
};

long domctl_getvcpuextstate(struct domain *c, struct domain *d,
                            struct xen_domctl *op)
{
    struct xen_domctl_vcpuextstate *e = &op->u.vcpuextstate;
    uint64_t need = sizeof(struct ext_header) + xstate_size;
    guest_handle_t buf = DOMCTL_HANDLE(e->buffer);
    struct ext_header h;
    long rc;
    struct vcpu *v = other_vcpu(c, d, e->vcpu, &rc);

    if (v == NULL) {
        return rc;
    }
    if (buf.va == 0 || e->size == 0) {
        e->size = need;
        e->xfeature_mask = xstate_mask;
        return 0;
    }
    if (e->size != need || e->xfeature_mask != xstate_mask) {
        return -EINVAL;
    }
    vcpu_pause(v);
    h = (struct ext_header){ v->xstate->xcr0, v->xstate->accum };
    rc = copy_to_guest(buf, &h, sizeof(h));
    if (rc == 0) {
        rc = copy_to_guest(guest_handle_add(buf, sizeof(h)), v->xstate->image,
                           xstate_size);
    }
    vcpu_unpause(v);
    return rc;
}

/* An image the CPU will take: known components only, nothing reserved. */
static bool image_ok(const uint8_t *image, const struct ext_header *h)
{
    uint64_t bv[8];
    uint32_t mxcsr;

    memcpy(bv, image + 512, sizeof(bv));
    memcpy(&mxcsr, image + 24, sizeof(mxcsr));
    for (unsigned int i = 1; i < 8; i++) {
        if (bv[i] != 0) {
            return false;
        }
    }
    return (bv[0] & ~h->accum) == 0 && (mxcsr & 0xffff0000u) == 0;
}

static long load_extstate(struct vcpu *v, const struct ext_header *h,
                          const uint8_t *image)
{
    if ((h->accum & ~xstate_mask) != 0 || (h->xcr0 & ~h->accum) != 0 ||
        !image_ok(image, h) || xstate_set_xcr0(v->xstate, h->xcr0) != 0) {
        return -EINVAL;
    }
    v->xstate->accum = h->accum;
    memcpy(v->xstate->image, image, xstate_size);
    return 0;
}

long domctl_setvcpuextstate(struct domain *c, struct domain *d,
                            struct xen_domctl *op)
{
    struct xen_domctl_vcpuextstate *e = &op->u.vcpuextstate;
    guest_handle_t buf = DOMCTL_HANDLE(e->buffer);
    struct ext_header h;
    uint8_t *image;
    long rc;
    struct vcpu *v = other_vcpu(c, d, e->vcpu, &rc);

    if (v == NULL) {
        return rc;
    }
    if (e->size != sizeof(h) + xstate_size || xstate_mask == 0 ||
        xstate_size > MAX_XSTATE) {
        return -EINVAL;
    }
    image = heap_alloc(MAX_XSTATE);
    if (image == NULL) {
        return -ENOMEM;
    }
    rc = copy_from_guest(&h, buf, sizeof(h));
    if (rc == 0) {
        rc = copy_from_guest(image, guest_handle_add(buf, sizeof(h)),
                             xstate_size);
    }
    if (rc == 0) {
        vcpu_pause(v);
        rc = load_extstate(v, &h, image);
        vcpu_unpause(v);
    }
    heap_free(image);
    return rc;
}

/* ---- MSRs that the context has no room for: one ------------------------------ */

#define NR_MSRS 1u

static long get_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m)
{
    const struct xen_domctl_vcpu_msr aux = { .index = MSR_TSC_AUX,
                                             .value = v->tsc_aux };
    guest_handle_t buf = DOMCTL_HANDLE(m->msrs);
    uint32_t room = m->msr_count, need = aux.value != 0;

    m->msr_count = buf.va == 0 ? NR_MSRS : need;
    if (buf.va == 0 || need == 0) {
        return 0;
    }
    return room < need ? -ENOBUFS : copy_to_guest(buf, &aux, sizeof(aux));
}

/* On -EINVAL the count is the index of what is wrong. */
static long set_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m)
{
    guest_handle_t buf = DOMCTL_HANDLE(m->msrs);
    struct xen_domctl_vcpu_msr msr;
    uint32_t nr = m->msr_count;

    if (nr > NR_MSRS) {
        return -EINVAL;
    }
    for (m->msr_count = 0; m->msr_count < nr; m->msr_count++) {
        if (copy_from_guest(&msr, guest_handle_index(buf, m->msr_count,
                                                     sizeof(msr)),
                            sizeof(msr)) != 0) {
            return -EFAULT;
        }
        if (msr.reserved != 0 || msr.index != MSR_TSC_AUX ||
            !tsc_aux_set(v, msr.value)) {
            return -EINVAL;
        }
    }
    return 0;
}

long domctl_vcpu_msrs(struct domain *c, struct domain *d,
                      struct xen_domctl *op)
{
    long rc;
    struct vcpu *v = other_vcpu(c, d, op->u.vcpu_msrs.vcpu, &rc);

    if (v == NULL || v->pv == NULL) {
        return v == NULL ? rc : -EINVAL;
    }
    vcpu_pause(v);
    rc = op->cmd == XEN_DOMCTL_get_vcpu_msrs ? get_msrs(v, &op->u.vcpu_msrs)
                                             : set_msrs(v, &op->u.vcpu_msrs);
    vcpu_unpause(v);
    return rc;
}

/* ---- all of a hardware-assisted guest ---------------------------------------- */

static long copy_context_out(struct domain *d, struct xen_domctl_hvmcontext *h,
                             void *buf, uint32_t cap)
{
    uint32_t len = 0;
    long rc = hvm_context_save(d, buf, cap, &len);

    if (rc == 0 && h->size < len) {
        rc = -ENOSPC;
    }
    if (rc == 0) {
        h->size = len;
        rc = copy_to_guest(DOMCTL_HANDLE(h->buffer), buf, len);
    }
    return rc;
}

long domctl_gethvmcontext(struct domain *c, struct domain *d,
                          struct xen_domctl *op)
{
    struct xen_domctl_hvmcontext *h = &op->u.hvmcontext;
    unsigned int order = 0;
    void *buf;
    long rc;

    if (d == c || d->hvm == NULL) {
        return -EINVAL;
    }
    if (h->buffer.p == NULL) {
        h->size = HVM_CONTEXT_MAX(d);
        return 0;
    }
    while ((PAGE_SIZE << order) < HVM_CONTEXT_MAX(d)) {
        order++;
    }
    buf = heap_alloc_pages(order);
    if (buf == NULL) {
        return -ENOMEM;
    }
    domain_pause(d);
    spin_lock(&d->lock);
    rc = copy_context_out(d, h, buf, HVM_CONTEXT_MAX(d));
    spin_unlock(&d->lock);
    domain_unpause(d);
    heap_free_pages(buf, order);
    return rc;
}

long domctl_sethvmcontext(struct domain *c, struct domain *d,
                          struct xen_domctl *op)
{
    const struct xen_domctl_hvmcontext *h = &op->u.hvmcontext;
    unsigned int order = 0;
    void *buf;
    long rc;

    if (d == c || d->hvm == NULL || h->size > HVM_CONTEXT_MAX(d)) {
        return -EINVAL;
    }
    while ((PAGE_SIZE << order) < h->size) {
        order++;
    }
    buf = heap_alloc_pages(order);
    if (buf == NULL) {
        return -ENOMEM;
    }
    rc = copy_from_guest(buf, DOMCTL_HANDLE(h->buffer), h->size);
    if (rc == 0) {
        domain_pause(d);
        spin_lock(&d->lock);
        rc = hvm_context_load(d, buf, h->size);
        spin_unlock(&d->lock);
        domain_unpause(d);
    }
    heap_free_pages(buf, order);
    return rc;
}
