/* SPDX-License-Identifier: MIT */
/*
 * domain/unit.h - what each subsystem does when a domain or vcpu is made or
 * goes.  init/units.c holds the one table, in order; domain/ runs it forwards
 * to create, and backwards to undo from the failing row.
 *
 * relinquish: called while dying, all vcpus stopped, other domains may still
 *         hold references; may return -ERESTART to be called again, must
 *         end in 0.  Then free: the last reference is gone.
 */
#ifndef DOMAIN_UNIT_H
#define DOMAIN_UNIT_H

struct domain;
struct vcpu;

struct domain_unit {
    const char *name;
    int (*domain_init)(struct domain *d);
    int (*vcpu_init)(struct vcpu *v);
    int (*relinquish)(struct domain *d);
    void (*vcpu_free)(struct vcpu *v);
    void (*domain_free)(struct domain *d);
};

void domain_set_units(const struct domain_unit *table, unsigned int nr);


/* What domain/ needs from above (sched/, event/, core of the machine). */
struct domain_hooks {
    void (*vcpu_pause_sync)(struct vcpu *v);
    void (*vcpu_pause_nosync)(struct vcpu *v);
    void (*vcpu_unpause)(struct vcpu *v);
    void (*domain_event)(void);              /* VIRQ_DOM_EXC to dom0 */
    void (*hardware_shutdown)(unsigned int reason);   /* dom0 shut down */
};
void domain_set_hooks(const struct domain_hooks *h);

#endif
