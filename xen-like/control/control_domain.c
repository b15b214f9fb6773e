/* SPDX-License-Identifier: MIT */
/*
 * control/control_domain.c - see control_domain.h.
 */
#include <control/control_domain.h>
#include <control/cpu_policies.h>
#include <hv/errno.h>
#include <mm/heap.h>

int control_domain_init(struct domain *d)
{
    d->control = heap_new(struct control_domain);
    d->policy = heap_new(struct cpu_policy);
    if (d->control == NULL || d->policy == NULL) {
        control_domain_free(d);
        return -ENOMEM;
    }
    d->control->node_affinity = 1;
    *d->policy = *cpu_policy_system(d->cfg_hvm
        ? XEN_SYSCTL_cpu_policy_hvm_default : XEN_SYSCTL_cpu_policy_pv_default);
    return 0;
}

void control_domain_free(struct domain *d)
{
    heap_free(d->policy);
    d->policy = NULL;
    if (d->control != NULL) {
        heap_free(d->control->e820);
        heap_free(d->control);
        d->control = NULL;
    }
}
