/* SPDX-License-Identifier: MIT */
/*
 * control/domctl_info.c - what the tools may know of a domain: its state, its
 * vcpus, the types of its frames.  Also used by sysctl getdomaininfolist.
 */
#include <control/domctl.h>
#include <domain/page_type.h>
#include <domain/vtime.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <p2m/p2m.h>

#define PFINFO_MAX 1024u
#define PF_BATCH   64u

/* Running and blocked say something of the domain only while one is up. */
static void fill_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    uint32_t state = XEN_DOMINF_blocked;
    struct vcpu *v;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu(d, v) {
        struct vcpu_runstate_info rs;

        vtime_runstate_get(v, &rs);
        info->cpu_time += rs.time[RUNSTATE_running];
        info->max_vcpu_id = v->vcpu_id;
        if (!v->is_up) {
            continue;
        }
        if (!v->blocked) {
            state &= ~XEN_DOMINF_blocked;
        }
        if (v->is_running) {
            state |= XEN_DOMINF_running;
        }
        info->nr_online_vcpus++;
    }
    info->flags |= info->nr_online_vcpus != 0 ? state : 0;
}

void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->domain = d->domid;
    fill_vcpus(d, info);
    if (atomic_load(&d->dying) == DOMDYING_dead) {
        info->flags |= XEN_DOMINF_dying;
    }
    if (atomic_load(&d->is_shut_down)) {
        info->flags |= XEN_DOMINF_shutdown |
                       (d->shutdown_code & XEN_DOMINF_shutdownmask)
                       << XEN_DOMINF_shutdownshift;
    }
    if (d->controller_paused) {
        info->flags |= XEN_DOMINF_paused;
    }
    info->tot_pages = atomic_load(&d->tot_pages);
    info->max_pages = atomic_load(&d->max_pages);
    info->outstanding_pages = atomic_load(&d->claim);
    info->shared_info_frame = d->hvm != NULL ? ~0ull
                                             : mfn_x(d->shared_info_mfn);
    if (d->hvm != NULL) {
        info->flags |= XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
        info->arch_config.emulation_flags = d->cfg_emulation;
    }
    info->ssidref = d->ssidref;
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->gpaddr_bits = 52;
}

long domctl_getvcpuinfo(struct domain *c, struct domain *d,
                        struct xen_domctl *op)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu *v = domain_vcpu(d, info->vcpu);
    struct vcpu_runstate_info rs;

    if (v == NULL) {
        return -ESRCH;
    }
    vtime_runstate_get(v, &rs);
    info->online = v->is_up;
    info->blocked = v->blocked;
    info->running = v->is_running;
    info->cpu_time = rs.time[RUNSTATE_running];
    info->cpu = v->processor;
    return 0;
}

/* What a frame is used as, in the ABI's numbers. */
static uint64_t frame_type(struct domain *d, uint64_t gfn)
{
    static const uint32_t names[8] = {
        [1] = XEN_DOMCTL_PFINFO_L1TAB, [2] = XEN_DOMCTL_PFINFO_L2TAB,
        [3] = XEN_DOMCTL_PFINFO_L3TAB, [4] = XEN_DOMCTL_PFINFO_L4TAB,
    };
    mfn_t mfn = guest_frame(d, gfn);
    uint64_t w, type;

    if (!page_get(mfn, d->domid)) {
        return XEN_DOMCTL_PFINFO_XTAB;
    }
    w = atomic_load(&mfn_to_page(mfn)->word);
    page_put(mfn_to_page(mfn));
    type = (w & PG_TCOUNT_MASK) != 0
           ? names[(w & PG_TYPE_MASK) >> PG_TYPE_SHIFT] : 0;
    return type | (w & PG_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
}

long domctl_getpageframeinfo(struct domain *c, struct domain *d,
                             struct xen_domctl *op)
{
    guest_handle_t list = DOMCTL_HANDLE(op->u.getpageframeinfo3.array);
    uint64_t num = op->u.getpageframeinfo3.num;
    uint64_t frame[PF_BATCH];

    if (num > PFINFO_MAX) {
        return -E2BIG;
    }
    for (uint64_t at = 0; at < num; at += PF_BATCH) {
        uint64_t n = min(num - at, (uint64_t)PF_BATCH);
        guest_handle_t h = guest_handle_index(list, at, sizeof(frame[0]));

        if (copy_from_guest(frame, h, n * sizeof(frame[0])) != 0) {
            return -EFAULT;
        }
        for (uint64_t i = 0; i < n; i++) {
            frame[i] = frame_type(d, frame[i]);
        }
        if (copy_to_guest(h, frame, n * sizeof(frame[0])) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}
