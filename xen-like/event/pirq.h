/* SPDX-License-Identifier: MIT */
/*
 * event/pirq.h - physical interrupts as events; the seam to physdev/.
 *
 * Owns    the port of each pirq of a domain.  Leaves what a pirq is, who may
 *         have it, masking and end-of-interrupt to physdev/pirq_map, which
 *         hands its functions down.
 * Locks   bind and unbind are called with the port table locked: they may
 *         take LOCK_PIRQ and LOCK_IRQDESC.
 */
#ifndef EVENT_PIRQ_H
#define EVENT_PIRQ_H

#include <event/evtchn.h>

struct pirq_ops {
    /* Let interrupts flow to evtchn_send_pirq(@d, @pirq), which may be
     * called before this returns.  -EINVAL no such pirq, -EPERM, -EBUSY. */
    int (*guest_bind)(struct domain *d, unsigned int pirq, bool share);
    void (*guest_unbind)(struct domain *d, unsigned int pirq);
    /* The event goes to another vcpu now; may be NULL. */
    void (*guest_moved)(struct domain *d, unsigned int pirq, struct vcpu *v);
};

void pirq_set_ops(const struct pirq_ops *ops);

#endif
