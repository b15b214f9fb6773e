/* SPDX-License-Identifier: MIT */
/*
 * control/cpu_policies.c - see cpu_policies.h.  The rules are in
 * lib/cpu_policy; tests there.
 */
#include <arch/atomic.h>
#include <arch/cpu.h>
#include <control/cpu_policies.h>
#include <core/lock.h>
#include <hv/errno.h>
#include <hvm/backend.h>

ABI_ASSERT(sizeof(struct cpu_leaf) == sizeof(xen_cpuid_leaf_t));
ABI_ASSERT(CPU_NO_SUBLEAF == XEN_CPUID_NO_SUBLEAF);

#define MSR_IDX_PLATFORM_INFO 0xceu
#define MSR_IDX_ARCH_CAPS     0x10au

/* Tools keep two limits of the hypervisor's leaves beside the policy and
 * write them back: they get them here, or their buffer would be too small. */
static const struct cpu_leaf hv_limits[] = {
    { .leaf = 0x40000000u, .subleaf = CPU_NO_SUBLEAF },
    { .leaf = 0x40000100u, .subleaf = CPU_NO_SUBLEAF },
};

static struct cpu_policy host, pv, hvm;          /* [I] once ready */
static uint32_t ready;                       /* [a] */
static spinlock_t lock = SPINLOCK_INIT(LOCK_LEAF);

static void real_cpuid(uint32_t leaf, uint32_t subleaf, struct cpu_leaf *out)
{
    struct cpuid_regs r = cpuid(leaf, subleaf);

    out->a = r.eax;
    out->b = r.ebx;
    out->c = r.ecx;
    out->d = r.edx;
}

static void read_once(void)
{
    if (atomic_load_acquire(&ready)) {
        return;
    }
    spin_lock(&lock);
    if (!atomic_load(&ready)) {
        cpu_policy_read(&host, real_cpuid);
        cpu_policy_limit(&pv, &host, false);
        cpu_policy_limit(&hvm, &host, true);
        atomic_store_release(&ready, 1);
    }
    spin_unlock(&lock);
}

const struct cpu_policy *cpu_policy_system(uint32_t index)
{
    read_once();
    switch (index) {
    case XEN_SYSCTL_cpu_policy_raw:
    case XEN_SYSCTL_cpu_policy_host:
        return &host;
    case XEN_SYSCTL_cpu_policy_pv_max:
    case XEN_SYSCTL_cpu_policy_pv_default:
        return &pv;
    case XEN_SYSCTL_cpu_policy_hvm_max:
    case XEN_SYSCTL_cpu_policy_hvm_default:
        return hvm_backend != NULL ? &hvm : NULL;
    default:
        return NULL;
    }
}

/* MSRs that belong to a policy; PV guests have none of their bits. */
static const xen_msr_entry_t policy_msrs[] = {
    { .idx = MSR_IDX_PLATFORM_INFO }, { .idx = MSR_IDX_ARCH_CAPS },
};

int cpu_policy_give(const struct cpu_policy *p, uint32_t *nr_leaves,
                    guest_handle_t leaves, uint32_t *nr_msrs,
                    guest_handle_t msrs)
{
    uint32_t nr = p->nr + ARRAY_SIZE(hv_limits);

    if (leaves.va != 0) {
        guest_handle_t rest = guest_handle_index(leaves, p->nr,
                                                 sizeof(p->leaf[0]));

        if (*nr_leaves < nr) {
            return -ENOBUFS;
        }
        if (copy_to_guest(leaves, p->leaf, p->nr * sizeof(p->leaf[0])) != 0 ||
            copy_to_guest(rest, hv_limits, sizeof(hv_limits)) != 0) {
            return -EFAULT;
        }
    }
    *nr_leaves = leaves.va != 0 ? nr
                                : CPU_POLICY_LEAVES + ARRAY_SIZE(hv_limits);
    if (msrs.va != 0) {
        if (*nr_msrs < ARRAY_SIZE(policy_msrs)) {
            return -ENOBUFS;
        }
        if (copy_to_guest(msrs, policy_msrs, sizeof(policy_msrs)) != 0) {
            return -EFAULT;
        }
    }
    *nr_msrs = ARRAY_SIZE(policy_msrs);
    return 0;
}

long cpu_policy_sysctl(struct xen_sysctl_cpu_policy *op)
{
    const struct cpu_policy *p = cpu_policy_system(op->index);

    if (op->_rsvd != 0 || op->index > XEN_SYSCTL_cpu_policy_hvm_default) {
        return -EINVAL;
    }
    if (p == NULL) {
        return -EOPNOTSUPP;
    }
    return cpu_policy_give(p, &op->nr_leaves,
                           guest_handle((uint64_t)op->leaves.p),
                           &op->nr_msrs, guest_handle((uint64_t)op->msrs.p));
}

long cpu_featureset_sysctl(struct xen_sysctl_cpu_featureset *op)
{
    static const uint8_t index[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
        [XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
        [XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
        [XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
        [XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
        [XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
    };
    uint32_t words[CPU_FEATURE_WORDS], nr;
    const struct cpu_policy *p;
    long rc = 0;

    if (op->index >= ARRAY_SIZE(index)) {
        return -EINVAL;
    }
    p = cpu_policy_system(index[op->index]);
    if (p == NULL) {
        return -EOPNOTSUPP;
    }
    if (op->features.p == NULL) {
        op->nr_features = CPU_FEATURE_WORDS;
        return 0;
    }
    cpu_policy_features(p, words);
    nr = min(op->nr_features, CPU_FEATURE_WORDS);
    if (copy_to_guest(guest_handle((uint64_t)op->features.p), words,
                      nr * sizeof(words[0])) != 0) {
        return -EFAULT;
    }
    rc = nr < CPU_FEATURE_WORDS ? -ENOBUFS : 0;
    op->nr_features = nr;
    return rc;
}
