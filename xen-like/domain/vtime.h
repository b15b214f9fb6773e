/* SPDX-License-Identifier: MIT */
/*
 * domain/vtime.h - time as a guest sees it.
 *
 * Owns    vcpu_time_info in vcpu_info (versioned), wall clock in
 *         shared_info, runstate times and their guest areas.
 * ABI     xen/xen.h (struct vcpu_time_info), xen/vcpu.h (runstate).
 */
#ifndef DOMAIN_VTIME_H
#define DOMAIN_VTIME_H

#include <domain/domain.h>
#include <time/systime.h>
#include <xen/vcpu.h>

struct vtime_vcpu {
    struct vcpu_runstate_info runstate;   /* [S] */
    uint64_t runstate_va;                 /* [C] guest's copy, 0: none */
    uint64_t time_va;                     /* [C] second vcpu_time_info */
    const struct vcpu_info *given_in;     /* [C] where numbers were written */
};

int vtime_vcpu_init(struct vcpu *v);
void vtime_vcpu_free(struct vcpu *v);

/* Fill vcpu_info.time (and a registered area) if these are not the CPU's
 * numbers: a loader may have cleared vcpu_info before its kernel looks. */
void vtime_update(struct vcpu *v);
/* @v->tsc_offset changed: its numbers are others now. */
void vtime_tsc_moved(struct vcpu *v);
/* Wall clock into shared_info of @d / of all domains. */
void vtime_update_wallclock(struct domain *d);
void vtime_update_wallclock_all(void);

/* The scheduler reports each change of state (RUNSTATE_*). */
static inline void vtime_runstate_change(struct vcpu *v, int new_state,
                                         uint64_t now_ns)
{
    struct vcpu_runstate_info *rs = &v->vtime->runstate;

    if (now_ns > rs->state_entry_time) {
        rs->time[rs->state] += now_ns - rs->state_entry_time;
        rs->state_entry_time = now_ns;
    }
    rs->state = new_state;
}
void vtime_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);
int must_check vtime_register_runstate(struct vcpu *v, uint64_t guest_va);
int must_check vtime_register_time_area(struct vcpu *v, uint64_t guest_va);
/* On return to the guest after a switch: write the runstate area. */
void vtime_publish_runstate(struct vcpu *v);

#endif
