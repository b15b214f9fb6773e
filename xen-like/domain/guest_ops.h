/* SPDX-License-Identifier: MIT */
/*
 * domain/guest_ops.h - what PV and HVM guests do differently.
 *
 * Filled by pv/pv_domain (and hvm/hvm_domain), handed down by init/.
 */
#ifndef DOMAIN_GUEST_OPS_H
#define DOMAIN_GUEST_OPS_H

#include <abi/public.h>
#include <hv/types.h>

struct domain;
struct vcpu;

struct guest_ops {
    const char *name;
    /* Save and load everything of a vcpu that the CPU holds (page tables,
     * GDT, segment bases, FPU, debug registers), interrupts off. */
    void (*switch_from)(struct vcpu *v);
    void (*switch_to)(struct vcpu *v);
    /* Leave the hypervisor into the current vcpu; never returns. */
    noreturn void (*resume)(void);
    /* Whole context, by domctl or VCPUOP_initialise; vcpu is not running.
     * 0, -EINVAL, -ERESTART (page-table validation was preempted). */
    int (*set_context)(struct vcpu *v, const struct vcpu_guest_context *ctx);
    void (*get_context)(struct vcpu *v, struct vcpu_guest_context *ctx);
    /* An event became pending for a vcpu that may be running elsewhere. */
    void (*event_notify)(struct vcpu *v);
    /* Would the current vcpu take an interrupt now?  It does not sleep then.
     * NULL: the flags of its vcpu_info say so. */
    bool (*event_deliverable)(struct vcpu *v);
};

#endif
