/* SPDX-License-Identifier: MIT */
/*
 * control/sysctl.c - the XEN_SYSCTL_* door: facts of the host, lists of
 * domains, the console ring.  What this hypervisor has no notion of (pools,
 * NUMA, trace buffers) answers as a host with one of it, or not at all.
 * Tests: tests/guests/control.
 */
#include <arch/cpu.h>
#include <control/cpu_policies.h>
#include <control/domctl.h>
#include <control/doors.h>
#include <core/console.h>
#include <core/keyhandler.h>
#include <hv/errno.h>
#include <hvm/backend.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/frame_table.h>
#include <mm/heap.h>
#include <sched/sched.h>
#include <time/systime.h>
#include <xen/sysctl.h>

ABI_ASSERT(XEN_SYSCTL_INTERFACE_VERSION == 0x15);
ABI_ASSERT(sizeof(struct xen_sysctl) == 136);

#define POOL       0u
#define LIST_MAX   1024u
#define RATELIMIT_US 1000u
#define LOCAL_DISTANCE 10u

static long op_readconsole(struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *r = &op->u.readconsole;
    guest_handle_t h = DOMCTL_HANDLE(r->buffer);
    uint32_t index = r->incremental ? r->index : 0, done = 0;
    char text[256];

    while (done < r->count) {
        size_t room = min((size_t)(r->count - done), sizeof(text));
        size_t n = console_read_ring(text, room, &index);

        if (n == 0) {
            break;
        }
        if (copy_to_guest(guest_handle_add(h, done), text, n) != 0) {
            return -EFAULT;
        }
        done += (uint32_t)n;
    }
    if (r->clear) {
        console_clear_ring();
    }
    r->count = done;
    r->index = index;
    return 0;
}

static long op_physinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *p = &op->u.physinfo;

    memset(p, 0, sizeof(*p));
    p->threads_per_core = 1;
    p->cores_per_socket = 1;
    p->nr_cpus = nr_cpus_online;
    p->max_cpu_id = nr_cpu_ids - 1;
    p->nr_nodes = 1;
    p->cpu_khz = tsc_khz;
    p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 |
        (hvm_backend != NULL ? XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap
                             : 0);
    p->total_pages = total_frames;
    p->free_pages = buddy_free_frames();
    p->outstanding_pages = buddy_claimed_frames();
    p->max_mfn = max_mfn - 1;
    p->hw_cap[0] = cpu_features[CPUW_1_EDX];
    p->hw_cap[1] = cpu_features[CPUW_1_ECX];
    p->hw_cap[2] = cpu_features[CPUW_E1_EDX];
    p->hw_cap[3] = cpu_features[CPUW_E1_ECX];
    p->hw_cap[4] = cpu_features[CPUW_D1_EAX];
    p->hw_cap[5] = cpu_features[CPUW_7_EBX];
    p->hw_cap[6] = cpu_features[CPUW_7_ECX];
    p->hw_cap[7] = cpu_features[CPUW_E7_EDX];
    return 0;
}

static long op_sched_id(struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

static long op_scheduler(struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

    if (s->cpupool_id != POOL) {
        return -ESRCH;
    }
    if (s->sched_id != XEN_SCHEDULER_CREDIT2) {
        return -EINVAL;
    }
    if (s->cmd == XEN_SYSCTL_SCHEDOP_getinfo) {
        s->u.sched_credit2.ratelimit_us = RATELIMIT_US;
        return 0;
    }
    return s->cmd == XEN_SYSCTL_SCHEDOP_putinfo ? -EOPNOTSUPP : -EINVAL;
}

static long op_getdomaininfolist(struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
    uint32_t most = min(l->max_domains, LIST_MAX);
    struct xen_domctl_getdomaininfo info;
    domid_t next = l->first_domain;

    for (l->num_domains = 0; l->num_domains < most; l->num_domains++) {
        struct domain *d = next < MAX_DOMID ? domain_get_next(next) : NULL;

        if (d == NULL) {
            break;
        }
        next = d->domid + 1;
        domain_info_fill(d, &info);
        domain_put(d);
        if (copy_to_guest(guest_handle_index(DOMCTL_HANDLE(l->buffer),
                                             l->num_domains, sizeof(info)),
                          &info, sizeof(info)) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

static long op_debug_keys(struct xen_sysctl *op)
{
    char keys[64];
    uint32_t n = min(op->u.debug_keys.nr_keys, (uint32_t)sizeof(keys));

    if (copy_from_guest(keys, DOMCTL_HANDLE(op->u.debug_keys.keys), n) != 0) {
        return -EFAULT;
    }
    for (uint32_t i = 0; i < n; i++) {
        keyhandler_press(keys[i]);
    }
    return 0;
}

static long op_getcpuinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
    uint32_t nr = min(g->max_cpus, (uint32_t)nr_cpus_online);

    for (uint32_t i = 0; i < nr; i++) {
        struct xen_sysctl_cpuinfo info = { .idletime = sched_cpu_idle_ns(i) };

        if (copy_to_guest(guest_handle_index(DOMCTL_HANDLE(g->info), i,
                                             sizeof(info)),
                          &info, sizeof(info)) != 0) {
            return -EFAULT;
        }
    }
    g->nr_cpus = nr;
    return 0;
}

static long op_availheap(struct xen_sysctl *op)
{
    op->u.availheap.avail_bytes = buddy_free_frames() << PAGE_SHIFT;
    return 0;
}

/* Each CPU is a core and a socket of its own, in node 0. */
static long op_cputopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
    uint32_t nr = nr_cpus_online;

    if (t->cputopo.p != NULL) {
        nr = min(nr, t->num_cpus);
        for (uint32_t i = 0; i < nr; i++) {
            struct xen_sysctl_cputopo c = { .core = 0, .socket = i };

            if (copy_to_guest(guest_handle_index(DOMCTL_HANDLE(t->cputopo), i,
                                                 sizeof(c)),
                              &c, sizeof(c)) != 0) {
                return -EFAULT;
            }
        }
    }
    t->num_cpus = nr;
    return 0;
}

static long op_numainfo(struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *n = &op->u.numainfo;
    struct xen_sysctl_meminfo m = {
        .memsize = total_frames << PAGE_SHIFT,
        .memfree = buddy_free_frames() << PAGE_SHIFT,
    };
    uint32_t distance = LOCAL_DISTANCE;
    bool sizes_only = n->meminfo.p == NULL && n->distance.p == NULL;

    if (n->num_nodes >= 1 && n->meminfo.p != NULL &&
        copy_to_guest(DOMCTL_HANDLE(n->meminfo), &m, sizeof(m)) != 0) {
        return -EFAULT;
    }
    if (n->num_nodes >= 1 && n->distance.p != NULL &&
        copy_to_guest(DOMCTL_HANDLE(n->distance), &distance,
                      sizeof(distance)) != 0) {
        return -EFAULT;
    }
    n->num_nodes = sizes_only ? 1 : min(n->num_nodes, 1u);
    return 0;
}

static uint32_t count_domains(void)
{
    struct domain *d;
    uint32_t n = 0;

    for (domid_t id = 0; (d = domain_get_next(id)) != NULL;) {
        id = d->domid + 1;
        domain_put(d);
        n++;
        if (id >= MAX_DOMID) {
            break;
        }
    }
    return n;
}

static long op_cpupool(struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        if (p->cpupool_id != POOL) {
            return -ENOENT;
        }
        p->sched_id = XEN_SCHEDULER_CREDIT2;
        p->n_dom = count_domains();
        return control_bitmap_put(&p->cpumap, cpu_online_mask);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return control_bitmap_put(&p->cpumap, 0);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return p->cpupool_id == POOL ? 0 : -ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return -EOPNOTSUPP;
    default:
        return -ENOSYS;
    }
}

static long op_levelling_caps(struct xen_sysctl *op)
{
    op->u.cpu_levelling_caps.caps = 0;
    return 0;
}

static long op_featureset(struct xen_sysctl *op)
{
    return cpu_featureset_sysctl(&op->u.cpu_featureset);
}

static long op_cpu_policy(struct xen_sysctl *op)
{
    return cpu_policy_sysctl(&op->u.cpu_policy);
}

static long op_unsupported(struct xen_sysctl *op)
{
    return -EOPNOTSUPP;
}

static const struct {
    const char *name;
    long (*run)(struct xen_sysctl *op);
} sysctls[] = {
#define ROW(op, fn) [XEN_SYSCTL_##op] = { #op, fn }
    ROW(readconsole, op_readconsole),
    ROW(tbuf_op, op_unsupported),
    ROW(physinfo, op_physinfo),
    ROW(sched_id, op_sched_id),
    ROW(perfc_op, op_unsupported),
    ROW(getdomaininfolist, op_getdomaininfolist),
    ROW(debug_keys, op_debug_keys),
    ROW(getcpuinfo, op_getcpuinfo),
    ROW(availheap, op_availheap),
    ROW(get_pmstat, op_unsupported),
    ROW(cpu_hotplug, op_unsupported),
    ROW(pm_op, op_unsupported),
    ROW(page_offline_op, op_unsupported),
    ROW(cputopoinfo, op_cputopoinfo),
    ROW(numainfo, op_numainfo),
    ROW(cpupool_op, op_cpupool),
    ROW(scheduler_op, op_scheduler),
    ROW(psr_cmt_op, op_unsupported),
    ROW(pcitopoinfo, op_unsupported),
    ROW(psr_alloc, op_unsupported),
    ROW(get_cpu_levelling_caps, op_levelling_caps),
    ROW(get_cpu_featureset, op_featureset),
    ROW(livepatch_op, op_unsupported),
    ROW(get_cpu_policy, op_cpu_policy),
#undef ROW
};

DOOR(do_sysctl)
{
    struct xen_sysctl op;
    long rc;

    if (!current->domain->is_control) {
        return -EPERM;
    }
    if (copy_from_guest(&op, guest_handle(a0), sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
        return -EACCES;
    }
    if (op.cmd >= ARRAY_SIZE(sysctls) || sysctls[op.cmd].run == NULL) {
        return -ENOSYS;
    }
    rc = sysctls[op.cmd].run(&op);
    if ((rc == 0 || rc == -ENOBUFS) &&
        copy_to_guest(guest_handle(a0), &op, sizeof(op)) != 0) {
        rc = -EFAULT;
    }
    return rc;
}
