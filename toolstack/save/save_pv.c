/* SPDX-License-Identifier: MIT */
/*
 * Writes what a PV guest is, in the order in which it is built again.  It
 * changes nothing of the guest: after any failure it can be resumed.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <save/saving.h>
#include <string.h>

#define FRAME(cr3) ((cr3) >> 12)

/* ---- facts ------------------------------------------------------------------- */

static int add_guest(struct saving *s)
{
    struct save_guest g = { .kind = SAVE_KIND_PV64,
                            .nr_vcpus = s->g.info.max_vcpu_id + 1,
                            .nr_pfns = s->g.nr_pfns,
                            .p2m_form = s->g.p2m_form };

    return saving_add(s, "GUEST", &g, sizeof(g));
}

static int add_p2m(struct saving *s)
{
    struct save_p2m p = { s->g.nr_list };
    struct iovec parts[] = { { &p, sizeof(p) },
                             { s->g.list, s->g.nr_list * 8 } };

    return saving_parts(s, "P2M", parts, 2);
}

/* ---- vCPUs ---------------------------------------------------------------------- */

static bool to_pfn(const struct saving *s, unsigned long *frame)
{
    *frame = guest_pv_pfn(&s->g, *frame);
    return *frame != NO_FRAME;
}

/* Frame numbers of the context, to pfns; false: one is not the guest's. */
static bool translate(const struct saving *s, uint32_t id,
                      struct vcpu_guest_context *c)
{
    unsigned long root = FRAME(c->ctrlreg[3]), user = FRAME(c->ctrlreg[1]);
    bool ok = to_pfn(s, &root);

    for (unsigned int i = 0; i * 512 < c->gdt_ents && i < 16; i++) {
        ok = to_pfn(s, &c->gdt_frames[i]) && ok;
    }
    c->ctrlreg[3] = root << 12;
    if (c->ctrlreg[1] != 0) {
        ok = to_pfn(s, &user) && ok;
        c->ctrlreg[1] = user << 12 | 1;
    }
    if (id == 0) {                     /* its start_info */
        ok = to_pfn(s, (unsigned long *)&c->user_regs.rdx) && ok;
    }
    return ok;
}

static int add_context(struct saving *s, uint32_t id)
{
    struct save_vcpu v = { .id = id };
    struct vcpu_guest_context c;
    struct iovec parts[] = { { &v, sizeof(v) }, { &c, sizeof(c) } };
    int rc = ctl_vcpu_get_context(s->job->h, s->job->domid, id, &c);

    if (rc != 0) {
        return saving_cannot(s, rc, "cannot read a vCPU's registers");
    }
    if (!translate(s, id, &c)) {
        return err_set(s->e, -ERANGE, ERR_FAILED, "cannot save the guest",
                       NULL, "a frame in the registers of vCPU %u is not its "
                       "memory", id);
    }
    return saving_parts(s, "VCPU", parts, 2);
}

static int add_extended(struct saving *s, uint32_t id)
{
    struct save_vcpu v = { .id = id };
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_ext_vcpucontext,
                             .domain = (domid_t)s->job->domid };
    struct iovec parts[] = { { &v, sizeof(v) },
                             { &op.u.ext_vcpucontext,
                               sizeof(op.u.ext_vcpucontext) } };
    int rc;

    op.u.ext_vcpucontext.vcpu = id;
    rc = ctl_domctl(s->job->h, &op);
    return rc != 0 ? saving_cannot(s, rc, "cannot read a vCPU's entry points")
                   : saving_parts(s, "VCPUEXT", parts, 2);
}

static int add_msrs(struct saving *s, uint32_t id)
{
    struct save_vcpu v = { .id = id };
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_vcpu_msrs,
                             .domain = (domid_t)s->job->domid };
    struct xen_domctl_vcpu_msrs *m = &op.u.vcpu_msrs;
    struct xen_domctl_vcpu_msr *buf = hyp_buf_get(s->job->h, SAVE_PAGE);
    struct iovec parts[] = { { &v, sizeof(v) }, { buf, 0 } };
    int rc = -ENOMEM;

    if (buf != NULL) {
        m->vcpu = id;
        rc = ctl_domctl(s->job->h, &op);       /* how many at most? */
    }
    if (rc == 0 && m->msr_count > 64) {
        rc = -E2BIG;
    }
    if (rc == 0 && m->msr_count > 0) {
        set_xen_guest_handle(m->msrs, buf);
        rc = ctl_domctl(s->job->h, &op);
    }
    v.count = m->msr_count;
    parts[1].iov_len = m->msr_count * sizeof(*buf);
    rc = rc != 0 ? saving_cannot(s, rc, "cannot read a vCPU's MSRs")
                 : saving_parts(s, "MSRS", parts, 2);
    hyp_buf_put(s->job->h, buf, SAVE_PAGE);
    return rc;
}

static int add_vcpus(struct saving *s)
{
    static int (*const parts[])(struct saving *s, uint32_t id) = {
        add_context, add_extended, saving_xstate, add_msrs,
    };
    int rc = 0;

    for (uint32_t id = 0; rc == 0 && id <= s->g.info.max_vcpu_id; id++) {
        struct xen_domctl_getvcpuinfo info;

        rc = saving_cannot(s, ctl_vcpu_info(s->job->h, s->job->domid, id, &info),
                    "cannot read a vCPU's state");
        for (size_t i = 0; rc == 0 && info.online && i < 4; i++) {
            rc = parts[i](s, id);
        }
    }
    return rc;
}

/* ---- the rest --------------------------------------------------------------------- */

static int add_shared(struct saving *s)
{
    return saving_add(s, "SHARED", s->g.shared, sizeof(s->g.shared));
}

static int open_guest(struct saving *s)
{
    return guest_pv_open(&s->g, s->job->h, s->job->domid, s->e);
}

int save_pv(struct save_job *job, struct err *e)
{
    static saving_step *const steps[] = {
        saving_xml, add_guest, saving_tsc, saving_cpuid, saving_memory,
        add_p2m, saving_pages, add_vcpus, add_shared, saving_outside,
        saving_end,
    };

    return saving_run(job, steps, sizeof(steps) / sizeof(steps[0]),
                      guest_pv_batch, open_guest, e);
}
