/* SPDX-License-Identifier: MIT */
/*
 * Creates the domain and sets what must be set before memory arrives: number
 * of vCPUs, affinity, weight, memory ceiling, paging pool or address size,
 * TSC mode.
 * Tests: tests/unit/toolstack/test_build.c makes each call fail in turn.
 */
#include <build/create.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/hvm_map.h>
#include <string.h>

#define DEFAULT_MAX_PORT 1023u
#define SLACK_KIB        1024u         /* above what is populated */
#define CPUMASK_BYTES    64u

struct creating {
    struct hyp *h;
    const struct domain_def *def;
    unsigned int domid;
    struct err *e;
};

static int failed(const struct creating *c, int rc, const char *what)
{
    return rc == 0 ? 0 : err_errno(c->e, rc, what, "domain %s", c->def->name);
}

static int make(struct creating *c)
{
    const struct domain_def *def = c->def;
    struct xen_domctl_createdomain config = {
        .max_vcpus = def->max_vcpus,
        .max_evtchn_port = def->max_event_channels < 0
                               ? DEFAULT_MAX_PORT
                               : (uint32_t)def->max_event_channels,
        .max_grant_frames = def->max_grant_frames,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };

    if (def->type != GUEST_PV) {
        config.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
        config.arch.emulation_flags = def->type == GUEST_PVH
            ? XEN_X86_EMU_LAPIC : XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI;
    }
    memcpy(config.handle, def->uuid, sizeof(config.handle));
    c->domid = 0;
    return failed(c, ctl_domain_create(c->h, &c->domid, &config),
                  "the hypervisor refuses a new domain");
}

static int set_vcpus(struct creating *c)
{
    return failed(c, ctl_vcpu_max(c->h, c->domid, c->def->max_vcpus),
                  "cannot give the domain its vCPUs");
}

static const char *cpuset_of(const struct domain_def *def, unsigned int vcpu)
{
    for (size_t i = 0; i < def->nr_pins; i++) {
        if (def->pins[i].vcpu == vcpu) {
            return def->pins[i].cpuset;
        }
    }
    return def->cpuset;
}

static int set_affinity(struct creating *c)
{
    for (unsigned int v = 0; v < c->def->max_vcpus; v++) {
        const char *cpuset = cpuset_of(c->def, v);
        uint8_t mask[CPUMASK_BYTES];
        int rc;

        if (cpuset == NULL) {
            continue;
        }
        if (!def_cpuset_parse(cpuset, mask, sizeof(mask))) {
            return err_set(c->e, -EINVAL, ERR_RESOURCE, "cannot pin a vCPU",
                           cpuset, "no such CPU");
        }
        rc = ctl_vcpu_set_affinity(c->h, c->domid, v, XEN_VCPUAFFINITY_HARD,
                                   mask, NULL, sizeof(mask) * 8);
        if (rc != 0) {
            return err_set(c->e, rc, ERR_RESOURCE, "cannot pin a vCPU",
                           cpuset, "the hypervisor says: %s", strerror(-rc));
        }
    }
    return 0;
}

/* Other schedulers have no weight: then there is nothing to set. */
static int set_weight(struct creating *c)
{
    uint32_t sched = 0;
    uint16_t weight, cap;

    if (ctl_host_sched_id(c->h, &sched) != 0 ||
        ctl_domain_sched_get(c->h, c->domid, sched, &weight, &cap) != 0) {
        return 0;
    }
    return failed(c, ctl_domain_sched_set(c->h, c->domid, sched,
                                          (uint16_t)c->def->weight, cap),
                  "cannot set the scheduling weight");
}

static int set_limits(struct creating *c)
{
    uint64_t more = SLACK_KIB +
                    (c->def->type == GUEST_HVM ? HVM_VIDEO_KIB + HVM_UEFI_KIB
                                               : 0);

    return failed(c, ctl_domain_max_mem(c->h, c->domid,
                                        c->def->memory_kib + more),
                  "cannot set the memory limit");
}

/*
 * What nested paging may use: a page for each MiB to map it, as much again
 * for it to be split, and some for each vCPU.  A hypervisor that counts these
 * pages as its own has no such limit.
 */
static int set_pool(struct creating *c)
{
    uint64_t pages = 256ull * c->def->max_vcpus +
                     2 * (c->def->memory_kib / 1024);
    int rc = ctl_domain_set_paging_pool(c->h, c->domid,
                                        pages * XEN_PAGE_SIZE);

    return rc == -ENOSYS || rc == -EOPNOTSUPP ? 0 : rc;
}

static int set_mode(struct creating *c)
{
    int rc = 0;

    if (c->def->tsc_mode >= 0) {
        rc = ctl_domain_set_tsc(c->h, c->domid, (uint32_t)c->def->tsc_mode, 0,
                                0, 0);
    }
    if (rc == 0) {
        rc = c->def->type == GUEST_PV
                 ? ctl_domain_set_address_size(c->h, c->domid, 64)
                 : set_pool(c);
    }
    return failed(c, rc, "cannot set the domain's mode");
}

int create_domain(struct hyp *h, const struct domain_def *def,
                  unsigned int *domid, struct err *e)
{
    static int (*const steps[])(struct creating *c) = {
        set_vcpus, set_affinity, set_weight, set_limits, set_mode,
    };
    struct creating c = { h, def, 0, e };
    int rc = make(&c);

    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](&c);
        if (rc != 0) {
            ctl_domain_destroy(h, c.domid);
            return rc;
        }
    }
    *domid = c.domid;
    return 0;
}
