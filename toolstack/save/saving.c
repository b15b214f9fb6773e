/* SPDX-License-Identifier: MIT */
/*
 * The records that guests of all kinds have.  Nothing of the guest is
 * changed: after any failure it can be resumed.
 * Tests: tests/boot/dom0/save.sh, hvm-save.sh.
 */
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <save/saving.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define MAX_LEAVES 1024u
#define MAX_MSRS   128u
#define MAX_XSTATE 16384u

int saving_cannot(struct saving *s, int rc, const char *what)
{
    return rc == 0 ? 0 : err_errno(s->e, rc, what, "domain %u",
                                   s->job->domid);
}

int saving_add(struct saving *s, const char *name, const void *data,
               size_t len)
{
    int rc = save_writer_add(s->job->w, name, data, len);

    return rc == 0 ? 0 : err_errno(s->e, rc, "cannot write the save file",
                                   NULL);
}

int saving_parts(struct saving *s, const char *name,
                     const struct iovec *parts, unsigned int nr)
{
    int rc = save_writer_record(s->job->w, name, parts, nr);

    return rc == 0 ? 0 : err_errno(s->e, rc, "cannot write the save file",
                                   NULL);
}

/* ---- facts ------------------------------------------------------------------- */

int saving_xml(struct saving *s)
{
    return saving_add(s, "XML", s->job->xml, strlen(s->job->xml));
}

int saving_tsc(struct saving *s)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_gettscinfo,
                             .domain = (domid_t)s->job->domid };
    int rc = ctl_domctl(s->job->h, &op);
    struct save_tsc t = { op.u.tsc_info.tsc_mode, op.u.tsc_info.gtsc_khz,
                          op.u.tsc_info.incarnation, 0,
                          op.u.tsc_info.elapsed_nsec };

    return rc != 0 ? saving_cannot(s, rc, "cannot read the guest's clock")
                   : saving_add(s, "TSC", &t, sizeof(t));
}

/* A hypervisor that cannot tell has nothing to be restored. */
int saving_cpuid(struct saving *s)
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
        return saving_cannot(s, -ENOMEM, "cannot read the guest's CPU policy");
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
        rc = saving_parts(s, "CPUID", parts, 3);
    }
    hyp_buf_put(s->job->h, leaves, bytes);
    return rc;
}

int saving_memory(struct saving *s)
{
    struct save_memory m = { s->g.nr_pfns, s->g.nr_pages };
    size_t bytes = (s->g.nr_pfns + 7) / 8;
    uint8_t *map = calloc(1, bytes);
    struct iovec parts[] = { { &m, sizeof(m) }, { map, bytes } };
    int rc;

    if (map == NULL) {
        return saving_cannot(s, -ENOMEM, "cannot list the guest's pages");
    }
    for (uint64_t pfn = 0; pfn < s->g.nr_pfns; pfn++) {
        if (s->g.p2m[pfn] != NO_FRAME) {
            map[pfn / 8] |= (uint8_t)(1u << pfn % 8);
        }
    }
    s->job->nr_pages = m.nr_pages;
    rc = saving_parts(s, "MEMORY", parts, 2);
    free(map);
    return rc;
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
    return saving_parts(s, "PAGES", parts, 3);
}

static int all_pages(struct saving *s)
{
    uint64_t pfn = 0;

    for (;;) {
        int rc = s->next(&s->g, &pfn, &s->batch, s->e);

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

int saving_pages(struct saving *s)
{
    int rc;

    s->batch.data = malloc((size_t)SAVE_BATCH * SAVE_PAGE);
    s->packed = s->job->pack
                    ? malloc(ZSTD_compressBound(SAVE_BATCH * SAVE_PAGE))
                    : NULL;
    if (s->batch.data == NULL || (s->job->pack && s->packed == NULL)) {
        return saving_cannot(s, -ENOMEM, "cannot copy the guest's pages");
    }
    rc = all_pages(s);
    if (rc == 0 && s->job->verify) {
        rc = saving_add(s, "VERIFY", "", 0);
        rc = rc == 0 ? all_pages(s) : rc;
    }
    return rc;
}

int saving_xstate(struct saving *s, uint32_t id)
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
        saving_cannot(s, rc, "cannot read a vCPU's floating point state");
    } else if (x->size > 0) {
        rc = saving_parts(s, "XSTATE", parts, 2);
    }
    hyp_buf_put(s->job->h, buf, MAX_XSTATE);
    return rc;
}

/* ---- the rest --------------------------------------------------------------------- */

int saving_outside(struct saving *s)
{
    int rc = saving_add(s, "STORE", s->job->store, s->job->store_len);

    return rc == 0 ? saving_add(s, "DISKS", s->job->disks, s->job->disks_len) : rc;
}

int saving_end(struct saving *s)
{
    int rc = save_writer_end(s->job->w);

    return rc == 0 ? 0 : err_errno(s->e, rc, "cannot write the save file",
                                   NULL);
}

int saving_run(struct save_job *job, saving_step *const *steps,
               unsigned int nr, saving_batch *next, saving_open *open,
               struct err *e)
{
    struct saving *s = calloc(1, sizeof(*s));
    int rc;

    if (s == NULL) {
        return err_errno(e, -ENOMEM, "cannot save the guest", NULL);
    }
    s->job = job;
    s->e = e;
    s->next = next;
    rc = open(s);
    for (unsigned int i = 0; rc == 0 && i < nr; i++) {
        rc = steps[i](s);
    }
    guest_pv_close(&s->g);
    free(s->batch.data);
    free(s->packed);
    free(s);
    return rc;
}
