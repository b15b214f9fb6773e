/* SPDX-License-Identifier: MIT */
/*
 * A PVH or HVM guest into a stream: its memory by its own frame numbers, the
 * state that the hypervisor keeps of it, that of its device model.
 * Tests: tests/boot/dom0/hvm-save.sh.
 */
#include <build/pvh_layout.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/foreign.h>
#include <lib/hvm_map.h>
#include <save/check_hvm.h>
#include <save/save_hvm.h>
#include <save/saving.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NR_IOREQ 8u                    /* special pages before PVH's */
#define PROBE    512u

/* ---- which frames there are ---------------------------------------------------- */

struct span {
    uint64_t first, end;
};

/*
 * Where a builder or a device model puts memory.  Others, such as the shared
 * info page, the guest asks for again.
 */
#define NR_SPANS 5u

static unsigned int spans_of(const struct save_job *job,
                             struct span to[NR_SPANS])
{
    uint64_t low = hvm_low_end(job->memory_kib) >> XEN_PAGE_SHIFT;
    uint64_t high = hvm_high_end(job->memory_kib) >> XEN_PAGE_SHIFT;
    bool video = job->kind == SAVE_KIND_HVM;

    to[0] = (struct span){ 0, low };
    to[1] = (struct span){ HVM_LOW_MAX >> XEN_PAGE_SHIFT,
                           video ? HVM_WINDOWS_END >> XEN_PAGE_SHIFT
                                 : HVM_LOW_MAX >> XEN_PAGE_SHIFT };
    to[2] = (struct span){ PVH_SPECIAL_PFN - NR_IOREQ,
                           PVH_SPECIAL_PFN + PVH_NR_SPECIAL };
    to[3] = (struct span){ (HVM_4G >> XEN_PAGE_SHIFT) -
                               (video ? HVM_UEFI_KIB / 4 : 0),
                           HVM_4G >> XEN_PAGE_SHIFT };
    to[4] = (struct span){ HVM_4G >> XEN_PAGE_SHIFT,
                           high + (video ? HVM_VIDEO_KIB / 4 : 0) };
    return NR_SPANS;
}

static int probe(struct saving *s, uint64_t first, unsigned int count)
{
    struct guest_pv *g = &s->g;
    uint64_t frames[PROBE];
    int errs[PROBE];
    void *at;

    for (unsigned int i = 0; i < count; i++) {
        frames[i] = first + i;
        errs[i] = 0;
    }
    at = foreign_map(g->h, g->domid, PROT_READ, frames, count, errs);
    if (at == NULL) {
        return errno == ENOENT || errno == EINVAL ? 0 : -errno;
    }
    foreign_unmap(at, count);
    for (unsigned int i = 0; i < count; i++) {
        if (errs[i] == 0) {
            g->p2m[first + i] = first + i;
            g->nr_pages++;
        }
    }
    return 0;
}

static int probe_span(struct saving *s, const struct span *span)
{
    int rc = 0;

    for (uint64_t at = span->first; rc == 0 && at < span->end; at += PROBE) {
        uint64_t left = span->end - at;

        rc = probe(s, at, left < PROBE ? (unsigned int)left : PROBE);
    }
    return saving_cannot(s, rc, "cannot list the guest's pages");
}

/*
 * The VGA's window, if the guest has moved it between RAM and where a BIOS puts
 * windows.  It is aligned to its size, so that one frame tells.
 */
static int probe_moved_window(struct saving *s)
{
    const uint64_t step = HVM_VIDEO_KIB / 4;
    uint64_t low = hvm_low_end(s->job->memory_kib) >> XEN_PAGE_SHIFT;
    uint64_t at = (low + step - 1) / step * step;
    int rc = 0;

    for (; rc == 0 && at < HVM_LOW_MAX >> XEN_PAGE_SHIFT; at += step) {
        const struct span rest = { at + 1, at + step };
        const struct span first = { at, at + 1 };

        rc = probe_span(s, &first);
        if (rc == 0 && s->g.p2m[at] != NO_FRAME) {
            rc = probe_span(s, &rest);
        }
    }
    return rc;
}

static int open_guest(struct saving *s)
{
    struct guest_pv *g = &s->g;
    struct span spans[NR_SPANS];
    unsigned int nr = spans_of(s->job, spans);
    int rc;

    g->h = s->job->h;
    g->domid = s->job->domid;
    g->nr_pfns = spans[nr - 1].end;
    g->p2m = malloc(g->nr_pfns * sizeof(g->p2m[0]));
    rc = g->p2m == NULL ? -ENOMEM : ctl_domain_info(g->h, g->domid, &g->info);
    if (rc != 0) {
        return saving_cannot(s, rc, "cannot list the guest's pages");
    }
    memset(g->p2m, 0xff, g->nr_pfns * sizeof(g->p2m[0]));
    for (unsigned int i = 0; rc == 0 && i < nr; i++) {
        rc = probe_span(s, &spans[i]);
    }
    return rc == 0 && s->job->kind == SAVE_KIND_HVM ? probe_moved_window(s)
                                                    : rc;
}

/* ---- pages ---------------------------------------------------------------------- */

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, SAVE_PAGE - 1) == 0;
}

static int next_batch(const struct guest_pv *g, uint64_t *pfn,
                      struct page_batch *b, struct err *e)
{
    const uint8_t *from;

    b->count = b->with_data = 0;
    for (; *pfn < g->nr_pfns && b->count < SAVE_BATCH; (*pfn)++) {
        if (g->p2m[*pfn] != NO_FRAME) {
            b->entries[b->count++] = *pfn;
        }
    }
    if (b->count == 0) {
        return 0;
    }
    from = foreign_map(g->h, g->domid, PROT_READ, b->entries, b->count, NULL);
    if (from == NULL) {
        return err_errno(e, -errno, "cannot map the guest's memory",
                         "domain %u", g->domid);
    }
    for (uint32_t i = 0; i < b->count; i++) {
        uint8_t *to = b->data + (size_t)b->with_data * SAVE_PAGE;

        /* Copied once: back ends may still write. */
        memcpy(to, from + (size_t)i * SAVE_PAGE, SAVE_PAGE);
        if (is_zero(to)) {
            b->entries[i] |= SAVE_ENTRY_ZERO;
        } else {
            b->with_data++;
        }
    }
    foreign_unmap((void *)(uintptr_t)from, b->count);
    return 0;
}

/* ---- what is known outside of its memory ------------------------------------------ */

static int add_guest(struct saving *s)
{
    struct save_guest g = { .kind = s->job->kind,
                            .nr_vcpus = s->g.info.max_vcpu_id + 1,
                            .nr_pfns = s->g.nr_pfns };

    return saving_add(s, "GUEST", &g, sizeof(g));
}

static int add_params(struct saving *s)
{
    struct save_param list[HVM_NR_PARAMS];
    unsigned int nr = 0;

    for (size_t i = 0; i < save_nr_params; i++) {
        uint64_t value = 0;

        if (ctl_hvm_get_param(s->job->h, s->job->domid, save_params[i],
                              &value) == 0 && value != 0) {
            list[nr++] = (struct save_param){ save_params[i], 0, value };
        }
    }
    return saving_add(s, "PARAMS", list, nr * sizeof(list[0]));
}

static int add_context(struct saving *s)
{
    int size = ctl_hvm_get_context(s->job->h, s->job->domid, NULL, 0);
    uint8_t *buf = size > 0 ? malloc((size_t)size) : NULL;
    int rc = size == 0 ? -EPROTO : size;

    if (size > 0) {
        rc = buf == NULL ? -ENOMEM
                         : ctl_hvm_get_context(s->job->h, s->job->domid, buf,
                                               (uint32_t)size);
    }
    rc = rc < 0 ? saving_cannot(s, rc, "cannot read the guest's state")
                : saving_add(s, "HVMCTX", buf, (size_t)rc);
    free(buf);
    return rc;
}

static int add_xstates(struct saving *s)
{
    int rc = 0;

    for (uint32_t id = 0; rc == 0 && id <= s->g.info.max_vcpu_id; id++) {
        rc = saving_xstate(s, id);
    }
    return rc;
}

static int add_emulator(struct saving *s)
{
    return s->job->kind != SAVE_KIND_HVM ? 0
               : saving_add(s, "EMULATOR", s->job->emulator,
                            s->job->emulator_len);
}

int save_hvm(struct save_job *job, struct err *e)
{
    static saving_step *const steps[] = {
        saving_xml, add_guest, saving_tsc, saving_cpuid, add_params,
        saving_memory, saving_pages, add_context, add_xstates, add_emulator,
        saving_outside, saving_end,
    };

    return saving_run(job, steps, sizeof(steps) / sizeof(steps[0]),
                      next_batch, open_guest, e);
}
