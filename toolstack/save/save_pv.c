/* SPDX-License-Identifier: MIT */
/*
 * Writes what a PV guest is, in the order in which it is built again.  It
 * changes nothing of the guest: after any failure it can be resumed.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <save/guest_pv.h>
#include <save/save_pv.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define MAX_LEAVES 1024u
#define MAX_MSRS   128u
#define MAX_XSTATE 16384u
#define FRAME(cr3) ((cr3) >> 12)

struct saving {
    struct save_job *job;
    struct guest_pv g;
    struct page_batch batch;
    uint8_t *packed;
    struct err *e;
};

static int cannot(struct saving *s, int rc, const char *what)
{
    return rc == 0 ? 0 : err_errno(s->e, rc, what, "domain %u",
                                   s->job->domid);
}

static int add(struct saving *s, const char *name, const void *data,
               size_t len)
{
    int rc = save_writer_add(s->job->w, name, data, len);

    return rc == 0 ? 0 : err_errno(s->e, rc, "cannot write the save file",
                                   NULL);
}

static int add_parts(struct saving *s, const char *name,
                     const struct iovec *parts, unsigned int nr)
{
    int rc = save_writer_record(s->job->w, name, parts, nr);

    return rc == 0 ? 0 : err_errno(s->e, rc, "cannot write the save file",
                                   NULL);
}

/* ---- facts ------------------------------------------------------------------- */

static int add_xml(struct saving *s)
{
    return add(s, "XML", s->job->xml, strlen(s->job->xml));
}

static int add_guest(struct saving *s)
{
    struct save_guest g = { .kind = SAVE_KIND_PV64,
                            .nr_vcpus = s->g.info.max_vcpu_id + 1,
                            .nr_pfns = s->g.nr_pfns,
                            .p2m_form = s->g.p2m_form };

    return add(s, "GUEST", &g, sizeof(g));
}

static int add_tsc(struct saving *s)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_gettscinfo,
                             .domain = (domid_t)s->job->domid };
    int rc = ctl_domctl(s->job->h, &op);
    struct save_tsc t = { op.u.tsc_info.tsc_mode, op.u.tsc_info.gtsc_khz,
                          op.u.tsc_info.incarnation, 0,
                          op.u.tsc_info.elapsed_nsec };

    return rc != 0 ? cannot(s, rc, "cannot read the guest's clock")
                   : add(s, "TSC", &t, sizeof(t));
}

/* A hypervisor that cannot tell has nothing to be restored. */
static int add_cpuid(struct saving *s)
{
    size_t bytes = MAX_LEAVES * sizeof(struct xen_cpuid_leaf) +
                   MAX_MSRS * sizeof(struct xen_msr_entry);
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_cpu_policy,
                             .domain = (domid_t)s->job->domid };
    uint8_t *leaves = hyp_buf_get(s->job->h, bytes);
    uint8_t *msrs;
    struct save_cpuid c;
    int rc = 0;

    if (leaves == NULL) {
        return cannot(s, -ENOMEM, "cannot read the guest's CPU policy");
    }
    msrs = leaves + MAX_LEAVES * sizeof(struct xen_cpuid_leaf);
    op.u.cpu_policy.nr_leaves = MAX_LEAVES;
    op.u.cpu_policy.nr_msrs = MAX_MSRS;
    set_xen_guest_handle(op.u.cpu_policy.leaves, (void *)leaves);
    set_xen_guest_handle(op.u.cpu_policy.msrs, (void *)msrs);
    if (ctl_domctl(s->job->h, &op) == 0) {
        struct iovec parts[] = { { &c, sizeof(c) }, { leaves, 0 },
                                 { msrs, 0 } };

        c.nr_leaves = op.u.cpu_policy.nr_leaves;
        c.nr_msrs = op.u.cpu_policy.nr_msrs;
        parts[1].iov_len = c.nr_leaves * sizeof(struct xen_cpuid_leaf);
        parts[2].iov_len = c.nr_msrs * sizeof(struct xen_msr_entry);
        rc = add_parts(s, "CPUID", parts, 3);
    }
    hyp_buf_put(s->job->h, leaves, bytes);
    return rc;
}

static int add_memory(struct saving *s)
{
    struct save_memory m = { s->g.nr_pfns, s->g.nr_pages };
    size_t bytes = (s->g.nr_pfns + 7) / 8;
    uint8_t *map = calloc(1, bytes);
    struct iovec parts[] = { { &m, sizeof(m) }, { map, bytes } };
    int rc;

    if (map == NULL) {
        return cannot(s, -ENOMEM, "cannot list the guest's pages");
    }
    for (uint64_t pfn = 0; pfn < s->g.nr_pfns; pfn++) {
        if (s->g.p2m[pfn] != NO_FRAME) {
            map[pfn / 8] |= (uint8_t)(1u << pfn % 8);
        }
    }
    s->job->nr_pages = m.nr_pages;
    rc = add_parts(s, "MEMORY", parts, 2);
    free(map);
    return rc;
}

static int add_p2m(struct saving *s)
{
    struct save_p2m p = { s->g.nr_list };
    struct iovec parts[] = { { &p, sizeof(p) },
                             { s->g.list, s->g.nr_list * 8 } };

    return add_parts(s, "P2M", parts, 2);
}

/* ---- pages -------------------------------------------------------------------- */

static int write_batch(struct saving *s)
{
    struct page_batch *b = &s->batch;
    uint32_t raw = b->with_data * SAVE_PAGE;
    struct save_pages p = { b->count, SAVE_RAW, raw, 0 };
    struct iovec parts[] = { { &p, sizeof(p) },
                             { b->entries, b->count * 8 }, { b->data, raw } };

    if (s->job->pack && raw > 0) {
        size_t room = ZSTD_compressBound(SAVE_BATCH * SAVE_PAGE);
        size_t len = ZSTD_compress(s->packed, room, b->data, raw, 1);

        if (!ZSTD_isError(len) && len < raw) {
            p.encoding = SAVE_ZSTD;
            parts[2] = (struct iovec){ s->packed, len };
        }
    }
    return add_parts(s, "PAGES", parts, 3);
}

static int all_pages(struct saving *s)
{
    uint64_t pfn = 0;

    for (;;) {
        int rc = guest_pv_batch(&s->g, &pfn, &s->batch, s->e);

        if (rc != 0 || s->batch.count == 0) {
            return rc;
        }
        rc = write_batch(s);
        if (rc == 0 && s->job->cancel != NULL && *s->job->cancel) {
            rc = err_set(s->e, -EINTR, ERR_FAILED, "interrupted", NULL,
                         "the state is as before");
        }
        if (rc != 0) {
            return rc;
        }
    }
}

static int add_pages(struct saving *s)
{
    int rc;

    s->batch.data = malloc((size_t)SAVE_BATCH * SAVE_PAGE);
    s->packed = s->job->pack
                    ? malloc(ZSTD_compressBound(SAVE_BATCH * SAVE_PAGE))
                    : NULL;
    if (s->batch.data == NULL || (s->job->pack && s->packed == NULL)) {
        return cannot(s, -ENOMEM, "cannot copy the guest's pages");
    }
    rc = all_pages(s);
    if (rc == 0 && s->job->verify) {
        rc = add(s, "VERIFY", "", 0);
        rc = rc == 0 ? all_pages(s) : rc;
    }
    return rc;
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
        return cannot(s, rc, "cannot read a vCPU's registers");
    }
    if (!translate(s, id, &c)) {
        return err_set(s->e, -ERANGE, ERR_FAILED, "cannot save the guest",
                       NULL, "a frame in the registers of vCPU %u is not its "
                       "memory", id);
    }
    return add_parts(s, "VCPU", parts, 2);
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
    return rc != 0 ? cannot(s, rc, "cannot read a vCPU's entry points")
                   : add_parts(s, "VCPUEXT", parts, 2);
}

static int add_xstate(struct saving *s, uint32_t id)
{
    struct save_vcpu v = { .id = id };
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuextstate,
                             .domain = (domid_t)s->job->domid };
    struct xen_domctl_vcpuextstate *x = &op.u.vcpuextstate;
    uint8_t *buf = hyp_buf_get(s->job->h, MAX_XSTATE);
    struct iovec parts[] = { { &v, sizeof(v) }, { buf, 0 } };
    int rc = -ENOMEM;

    if (buf != NULL) {
        x->vcpu = id;
        rc = ctl_domctl(s->job->h, &op);       /* how much? */
    }
    if (rc == 0 && x->size > MAX_XSTATE) {
        rc = -E2BIG;
    }
    if (rc == 0 && x->size > 0) {
        set_xen_guest_handle(x->buffer, (void *)buf);
        rc = ctl_domctl(s->job->h, &op);
    }
    v.mask = x->xfeature_mask;
    parts[1].iov_len = x->size;
    if (rc != 0) {
        cannot(s, rc, "cannot read a vCPU's floating point state");
    } else if (x->size > 0) {
        rc = add_parts(s, "XSTATE", parts, 2);
    }
    hyp_buf_put(s->job->h, buf, MAX_XSTATE);
    return rc;
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
    rc = rc != 0 ? cannot(s, rc, "cannot read a vCPU's MSRs")
                 : add_parts(s, "MSRS", parts, 2);
    hyp_buf_put(s->job->h, buf, SAVE_PAGE);
    return rc;
}

static int add_vcpus(struct saving *s)
{
    static int (*const parts[])(struct saving *s, uint32_t id) = {
        add_context, add_extended, add_xstate, add_msrs,
    };
    int rc = 0;

    for (uint32_t id = 0; rc == 0 && id <= s->g.info.max_vcpu_id; id++) {
        struct xen_domctl_getvcpuinfo info;

        rc = cannot(s, ctl_vcpu_info(s->job->h, s->job->domid, id, &info),
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
    return add(s, "SHARED", s->g.shared, sizeof(s->g.shared));
}

static int add_outside(struct saving *s)
{
    int rc = add(s, "STORE", s->job->store, s->job->store_len);

    return rc == 0 ? add(s, "DISKS", s->job->disks, s->job->disks_len) : rc;
}

static int end(struct saving *s)
{
    int rc = save_writer_end(s->job->w);

    return rc == 0 ? 0 : err_errno(s->e, rc, "cannot write the save file",
                                   NULL);
}

int save_pv(struct save_job *job, struct err *e)
{
    static int (*const steps[])(struct saving *s) = {
        add_xml, add_guest, add_tsc, add_cpuid, add_memory, add_p2m,
        add_pages, add_vcpus, add_shared, add_outside, end,
    };
    struct saving *s = calloc(1, sizeof(*s));
    int rc;

    if (s == NULL) {
        return err_errno(e, -ENOMEM, "cannot save the guest", NULL);
    }
    s->job = job;
    s->e = e;
    rc = guest_pv_open(&s->g, job->h, job->domid, e);
    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](s);
    }
    guest_pv_close(&s->g);
    free(s->batch.data);
    free(s->packed);
    free(s);
    return rc;
}
