/* SPDX-License-Identifier: MIT */
/*
 * control/cpu_policies.h - the CPU policies of this host and of domains.
 *
 * Owns    the host's policy and what PV guests may see of it, read once;
 *         copying policies to and from the tools.
 * ABI     XEN_SYSCTL_get_cpu_policy, get_cpu_featureset, XEN_DOMCTL_get and
 *         set_cpu_policy.
 */
#ifndef CONTROL_CPU_POLICIES_H
#define CONTROL_CPU_POLICIES_H

#include <abi/public.h>
#include <domain/guest_copy.h>
#include <lib/cpu_policy.h>
#include <xen/sysctl.h>

/* The policy of a XEN_SYSCTL_cpu_policy_* index; NULL: not for this host. */
const struct cpu_policy *cpu_policy_system(uint32_t index);

/* Write @p where the tools asked; counts in and out.  -ENOBUFS: too small. */
int must_check cpu_policy_give(const struct cpu_policy *p,
                               uint32_t *nr_leaves, guest_handle_t leaves,
                               uint32_t *nr_msrs, guest_handle_t msrs);

long cpu_policy_sysctl(struct xen_sysctl_cpu_policy *op);
long cpu_featureset_sysctl(struct xen_sysctl_cpu_featureset *op);

#endif
