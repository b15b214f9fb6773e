/* SPDX-License-Identifier: MIT */
/*
 * Takes records as they come and finishes the guest after the last: p2m list,
 * pins, shared info, start info, vCPUs, clock, first grants.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/err.h>
#include <lib/foreign.h>
#include <save/restoring.h>
#include <save/tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define E820_RAM    1u
#define LEGACY_CPUS 32u                /* vcpu_info slots of shared_info */

int restoring_failed(struct restoring *s, int rc, const char *what)
{
    return rc == 0 ? 0 : err_errno(s->e, rc, what, "domain %u (%s)", s->domid,
                                   s->def->name);
}

/* ---- records ------------------------------------------------------------------ */

static int take_nothing(struct restoring *s)
{
    return 0;                          /* save_check() has kept it */
}

static int take_guest(struct restoring *s)
{
    static const uint32_t kinds[] = {
        [GUEST_PV] = SAVE_KIND_PV64, [GUEST_PVH] = SAVE_KIND_PVH,
        [GUEST_HVM] = SAVE_KIND_HVM,
    };

    if (s->s.guest.kind != kinds[s->def->type]) {
        return save_reader_bad(s->r, s->e, "it is not of the type that the "
                               "configuration has");
    }
    if (s->s.guest.nr_vcpus != s->def->max_vcpus) {
        return save_reader_bad(s->r, s->e, "its number of vCPUs is not that "
                               "of the configuration");
    }
    return 0;
}

static int take_tsc(struct restoring *s)
{
    memcpy(&s->tsc, s->r->body, sizeof(s->tsc));
    return 0;
}

static int take_shared(struct restoring *s)
{
    memcpy(s->shared, s->r->body, sizeof(s->shared));
    return 0;
}

static int take_store(struct restoring *s)
{
    return restoring_failed(s, buf_add(s->store, s->r->body, s->r->len),
                            "cannot keep the store entries");
}

/* What the guest has seen of the CPU must still be true. */
static int take_cpuid(struct restoring *s)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_cpu_policy,
                             .domain = (domid_t)s->domid };
    size_t len = s->r->len - sizeof(struct save_cpuid);
    struct save_cpuid c;
    uint8_t *buf = hyp_buf_get(s->h, len);
    int rc;

    if (buf == NULL) {
        return restoring_failed(s, -ENOMEM, "cannot set the CPU policy");
    }
    memcpy(&c, s->r->body, sizeof(c));
    memcpy(buf, s->r->body + sizeof(c), len);
    op.u.cpu_policy.nr_leaves = c.nr_leaves;
    op.u.cpu_policy.nr_msrs = c.nr_msrs;
    set_xen_guest_handle(op.u.cpu_policy.leaves, (void *)buf);
    set_xen_guest_handle(op.u.cpu_policy.msrs, (void *)
        (buf + c.nr_leaves * sizeof(struct xen_cpuid_leaf)));
    rc = ctl_domctl(s->h, &op);
    hyp_buf_put(s->h, buf, len);
    if (rc == 0) {
        return 0;
    }
    return err_set(s->e, rc, ERR_UNSUPPORTED, "cannot restore the guest here",
                   s->def->name, "the CPU that it has seen differs: leaf %x, "
                   "subleaf %x, MSR %x", op.u.cpu_policy.err_leaf,
                   op.u.cpu_policy.err_subleaf, op.u.cpu_policy.err_msr);
}

static int take_record(struct restoring *s)
{
    static int (*const takers[SAVE_TYPES])(struct restoring *s) = {
        [SAVE_XML] = take_nothing, [SAVE_GUEST] = take_guest,
        [SAVE_MEMORY] = restore_memory, [SAVE_PAGES] = restore_pages,
        [SAVE_P2M] = take_nothing, [SAVE_VCPU] = restore_take_vcpu,
        [SAVE_VCPUEXT] = restore_take_ext,
        [SAVE_XSTATE] = restore_take_xstate,
        [SAVE_MSRS] = restore_take_msrs, [SAVE_SHARED] = take_shared,
        [SAVE_TSC] = take_tsc, [SAVE_CPUID] = take_cpuid,
        [SAVE_STORE] = take_store, [SAVE_DISKS] = take_nothing,
        [SAVE_VERIFY] = take_nothing, [SAVE_HVMCTX] = restore_take_context,
        [SAVE_PARAMS] = restore_take_params,
        [SAVE_EMULATOR] = restore_take_emulator,
    };
    int type = save_check(&s->s, s->r, s->e);

    return type < 0 ? type : type == SAVE_PASSED_OVER ? 0 : takers[type](s);
}

static int take_records(struct restoring *s, volatile sig_atomic_t *cancel)
{
    int rc;

    while ((rc = save_reader_next(s->r, s->e)) > 0) {
        rc = take_record(s);
        if (rc == 0 && cancel != NULL && *cancel) {
            rc = err_set(s->e, -EINTR, ERR_FAILED, "interrupted",
                         s->def->name, "the state is as before");
        }
        if (rc != 0) {
            return rc;
        }
    }
    return rc < 0 ? rc : save_check_complete(&s->s, s->e);
}

/* ---- finishing ------------------------------------------------------------------ */

int restoring_channels(struct restoring *s)
{
    int rc = ctl_event_alloc_unbound(s->h, s->domid, 0, &s->g->store_port);

    if (rc == 0) {
        rc = ctl_event_alloc_unbound(s->h, s->domid, 0, &s->g->console_port);
    }
    return restoring_failed(s, rc, "cannot allocate the first event channels");
}

/* Without a map the guest goes by what it knows: no error. */
static int set_memory_map(struct restoring *s)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) ram = { 0, s->def->memory_kib * 1024, E820_RAM };

    ctl_memory_set_map(s->h, s->domid, &ram, 1);
    return 0;
}

/*
 * Event channels are made anew by the guest, its p2m list is announced again:
 * of the old page only the vCPUs' parts travel, with events masked.
 */
static int set_shared(struct restoring *s)
{
    const struct shared_info *old = (const void *)s->shared;
    struct xen_domctl_getdomaininfo info;
    struct shared_info *to = NULL;
    int rc = ctl_domain_info(s->h, s->domid, &info);

    if (rc == 0) {
        uint64_t mfn = info.shared_info_frame;

        to = foreign_map(s->h, s->domid, PROT_READ | PROT_WRITE, &mfn, 1,
                         NULL);
        rc = to == NULL ? -errno : 0;
    }
    if (rc != 0) {
        return restoring_failed(s, rc, "cannot map the shared info page");
    }
    for (unsigned int i = 0; i < LEGACY_CPUS; i++) {
        to->vcpu_info[i].evtchn_upcall_mask = 1;
        to->vcpu_info[i].evtchn_upcall_pending = 0;
        to->vcpu_info[i].evtchn_pending_sel = 0;
        to->vcpu_info[i].arch = old->vcpu_info[i].arch;
    }
    memset(to->evtchn_pending, 0, sizeof(to->evtchn_pending));
    memset(to->evtchn_mask, 0xff, sizeof(to->evtchn_mask));
    foreign_unmap(to, 1);
    s->shared_info = (uint64_t)info.shared_info_frame << XEN_PAGE_SHIFT;
    return 0;
}

static int bad_start_info(struct restoring *s)
{
    return err_set(s->e, -EINVAL, ERR_CONFIG, "not a usable save file", "VCPU",
                   "vCPU 0 does not say where the guest's start info is");
}

/* The guest has put pfns where the frames of store and console stood. */
static int set_start_info(struct restoring *s)
{
    uint64_t mfn = restoring_plain(s, s->vcpu[0].context->user_regs.rdx);
    struct start_info *si;

    if (mfn == NO_FRAME) {
        return bad_start_info(s);
    }
    si = foreign_map(s->h, s->domid, PROT_READ | PROT_WRITE, &mfn, 1, NULL);
    if (si == NULL) {
        return restoring_failed(s, -errno, "cannot map the guest's memory");
    }
    s->g->store_mfn = restoring_plain(s, si->store_mfn);
    s->g->console_mfn = restoring_plain(s, si->console.domU.mfn);
    memcpy(si->magic, "xen-3.0-x86_64", 15);
    si->shared_info = s->shared_info;
    si->flags = s->s.guest.p2m_form == SAVE_P2M_LINEAR ? SIF_VIRT_P2M_4TOOLS
                                                       : 0;
    si->store_mfn = s->g->store_mfn;
    si->store_evtchn = s->g->store_port;
    si->console.domU.mfn = s->g->console_mfn;
    si->console.domU.evtchn = s->g->console_port;
    foreign_unmap(si, 1);
    return s->g->store_mfn == NO_FRAME || s->g->console_mfn == NO_FRAME
               ? bad_start_info(s) : 0;
}

int restoring_set_tsc(struct restoring *s)
{
    return restoring_failed(s, ctl_domain_set_tsc(s->h, s->domid, s->tsc.mode,
                                                  s->tsc.elapsed_ns,
                                                  s->tsc.khz,
                                                  s->tsc.incarnation),
                            "cannot set the guest's clock");
}

int restoring_seed_grants(struct restoring *s)
{
    return restoring_failed(s, ctl_grant_seed(s->h, s->domid,
                                              s->g->console_mfn, 0,
                                              s->g->store_mfn, 0),
                            "cannot grant the console and store pages");
}

static int finish_pv(struct restoring *s)
{
    static int (*const steps[])(struct restoring *s) = {
        restoring_channels, set_memory_map, restore_p2m_list, set_shared,
        set_start_info, restore_pins, restore_vcpus, restoring_set_tsc,
        restoring_seed_grants,
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](s);
    }
    return rc;
}

int restore_pv(struct hyp *h, unsigned int domid, const struct domain_def *def,
               struct save_reader *r, struct guest_ends *g, struct buf *store,
               struct buf *emulator, volatile sig_atomic_t *cancel,
               struct err *e)
{
    struct restoring *s = calloc(1, sizeof(*s));
    int rc;

    if (s == NULL) {
        return err_errno(e, -ENOMEM, "cannot restore the guest", NULL);
    }
    s->h = h;
    s->domid = domid;
    s->def = def;
    s->r = r;
    s->g = g;
    s->store = store;
    s->emulator = emulator;
    buf_init(&s->context, 1u << 20);
    buf_init(&s->params, 4096);
    s->e = e;
    rc = take_records(s, cancel);
    if (rc == 0) {
        rc = s->s.guest.kind == SAVE_KIND_PV64 ? finish_pv(s)
                                               : restore_hvm_finish(s);
    }
    restore_vcpus_free(s);
    buf_free(&s->context);
    buf_free(&s->params);
    memory_forget(&s->mem);
    save_state_fini(&s->s);
    free(s);
    return rc;
}
