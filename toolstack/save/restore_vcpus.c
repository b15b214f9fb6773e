/* SPDX-License-Identifier: MIT */
/*
 * vCPUs of the new domain.  Their records are kept until all pages are in
 * place, because a context names page tables and descriptor pages.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/err.h>
#include <save/restoring.h>
#include <save/tables.h>
#include <stdlib.h>
#include <string.h>

static struct restored_vcpu *of_record(struct restoring *s,
                                       struct save_vcpu *v)
{
    memcpy(v, s->r->body, sizeof(*v));
    return &s->vcpu[v->id];
}

static void *copy_rest(const struct restoring *s, size_t *len)
{
    void *copy;

    *len = s->r->len - sizeof(struct save_vcpu);
    copy = malloc(*len);
    if (copy != NULL) {
        memcpy(copy, s->r->body + sizeof(struct save_vcpu), *len);
    }
    return copy;
}

int restore_take_vcpu(struct restoring *s)
{
    struct save_vcpu v;
    struct restored_vcpu *to = of_record(s, &v);
    size_t len;

    to->context = copy_rest(s, &len);
    return restoring_failed(s, to->context == NULL ? -ENOMEM : 0,
                            "cannot keep a vCPU's registers");
}

int restore_take_ext(struct restoring *s)
{
    struct save_vcpu v;
    struct restored_vcpu *to = of_record(s, &v);

    memcpy(&to->ext, s->r->body + sizeof(v), sizeof(to->ext));
    to->has_ext = true;
    return 0;
}

int restore_take_xstate(struct restoring *s)
{
    struct save_vcpu v;
    struct restored_vcpu *to = of_record(s, &v);

    free(to->xstate);
    to->xstate = copy_rest(s, &to->xstate_len);
    to->xstate_mask = v.mask;
    return restoring_failed(s, to->xstate == NULL ? -ENOMEM : 0,
                            "cannot keep a vCPU's registers");
}

int restore_take_msrs(struct restoring *s)
{
    struct save_vcpu v;
    struct restored_vcpu *to = of_record(s, &v);

    to->nr_msrs = v.count;
    memcpy(to->msrs, s->r->body + sizeof(v), v.count * sizeof(to->msrs[0]));
    return 0;
}

/* ---- putting them in --------------------------------------------------------- */

static bool to_mfn(const struct restoring *s, unsigned long *pfn)
{
    bool ok = save_is_present(&s->s, *pfn);

    *pfn = ok ? s->mem.p2m[*pfn] : NO_FRAME;
    return ok;
}

static bool translate(const struct restoring *s, uint32_t id,
                      struct vcpu_guest_context *c)
{
    unsigned long root = c->ctrlreg[3] >> 12, user = c->ctrlreg[1] >> 12;
    bool ok = to_mfn(s, &root);

    for (unsigned int i = 0; i * 512 < c->gdt_ents && i < 16; i++) {
        ok = to_mfn(s, &c->gdt_frames[i]) && ok;
    }
    c->ctrlreg[3] = root << 12;
    if ((c->ctrlreg[1] & 1) != 0) {
        ok = to_mfn(s, &user) && ok;
        c->ctrlreg[1] = user << 12;
    } else {
        c->ctrlreg[1] = 0;
    }
    if (id == 0) {                     /* its start_info */
        ok = to_mfn(s, (unsigned long *)&c->user_regs.rdx) && ok;
    }
    return ok;
}

static int set_context(struct restoring *s, uint32_t id)
{
    struct restored_vcpu *v = &s->vcpu[id];

    if (!translate(s, id, v->context)) {
        return err_set(s->e, -EINVAL, ERR_CONFIG, "not a usable save file",
                       "VCPU", "the registers of vCPU %u name a page that is "
                       "not there", id);
    }
    return restoring_failed(s, ctl_vcpu_set_context(s->h, s->domid, id,
                                                    v->context),
                            "the hypervisor refuses the state of a vCPU");
}

static int set_ext(struct restoring *s, uint32_t id)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_ext_vcpucontext,
                             .domain = (domid_t)s->domid };

    if (!s->vcpu[id].has_ext) {
        return 0;
    }
    op.u.ext_vcpucontext = s->vcpu[id].ext;
    op.u.ext_vcpucontext.vcpu = id;
    return restoring_failed(s, ctl_domctl(s->h, &op), "the hypervisor refuses "
                            "the entry points of a vCPU");
}

int restore_set_xstate(struct restoring *s, uint32_t id)
{
    struct restored_vcpu *v = &s->vcpu[id];
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuextstate,
                             .domain = (domid_t)s->domid };
    void *buf;
    int rc;

    if (v->xstate == NULL) {
        return 0;
    }
    buf = hyp_buf_get(s->h, v->xstate_len);
    if (buf == NULL) {
        return restoring_failed(s, -ENOMEM, "cannot set up a vCPU");
    }
    memcpy(buf, v->xstate, v->xstate_len);
    op.u.vcpuextstate.vcpu = id;
    op.u.vcpuextstate.xfeature_mask = v->xstate_mask;
    op.u.vcpuextstate.size = v->xstate_len;
    set_xen_guest_handle(op.u.vcpuextstate.buffer, buf);
    rc = ctl_domctl(s->h, &op);
    hyp_buf_put(s->h, buf, v->xstate_len);
    return restoring_failed(s, rc, "this machine refuses the floating point "
                            "state of a vCPU");
}

static int set_msrs(struct restoring *s, uint32_t id)
{
    struct restored_vcpu *v = &s->vcpu[id];
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_vcpu_msrs,
                             .domain = (domid_t)s->domid };
    size_t len = v->nr_msrs * sizeof(v->msrs[0]);
    void *buf;
    int rc;

    if (v->nr_msrs == 0) {
        return 0;
    }
    buf = hyp_buf_get(s->h, len);
    if (buf == NULL) {
        return restoring_failed(s, -ENOMEM, "cannot set up a vCPU");
    }
    memcpy(buf, v->msrs, len);
    op.u.vcpu_msrs.vcpu = id;
    op.u.vcpu_msrs.msr_count = v->nr_msrs;
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, buf);
    rc = ctl_domctl(s->h, &op);
    hyp_buf_put(s->h, buf, len);
    return restoring_failed(s, rc, "this machine refuses the MSRs of a vCPU");
}

int restore_vcpus(struct restoring *s)
{
    static int (*const parts[])(struct restoring *s, uint32_t id) = {
        set_context, set_ext, restore_set_xstate, set_msrs,
    };
    int rc = 0;

    for (uint32_t id = 0; id < s->s.guest.nr_vcpus; id++) {
        for (size_t i = 0; rc == 0 && s->vcpu[id].context != NULL && i < 4;
             i++) {
            rc = parts[i](s, id);
        }
    }
    return rc;
}

void restore_vcpus_free(struct restoring *s)
{
    for (uint32_t id = 0; id < SAVE_VCPUS_MAX; id++) {
        free(s->vcpu[id].context);
        free(s->vcpu[id].xstate);
    }
}
