/* SPDX-License-Identifier: MIT */
/*
 * event/bits2l.c - the two-level bitmaps in shared_info and the upcall.
 *
 * Owns the guest-visible bits: pending and mask per port, a selector word
 * and the upcall flag per vcpu.  Everything is one atomic operation on a
 * word the guest may scribble over at any time; nothing read here is
 * trusted further.  32-bit code has other words (abi/info32.h).
 * Tested by tests/unit/event/test_evtchn.c.
 */
#include <domain/guest_ops.h>
#include <event/poll.h>
#include <event/table.h>
#include <sched/sched.h>
#include <hv/errno.h>

bool bits2l_is_pending(const struct domain *d, evtchn_port_t port)
{
    return test_bit(port, d->shared_info->evtchn_pending);
}

void vcpu_mark_events_pending(struct vcpu *v)
{
    /* The exit path of the current vcpu looks at the flag by itself, and
     * vcpu_kick() knows. */
    if (atomic_xchg(&v->info->evtchn_upcall_pending, 1) == 0) {
        if (unlikely(v->hvm != NULL)) {
            v->domain->ops->event_notify(v);
        }
        vcpu_kick(v);
    }
}

static uint32_t *select32(const struct vcpu *v)
{
    return &((struct vcpu_info32 *)v->info)->evtchn_pending_sel;
}

void bits2l_select(struct vcpu *v, evtchn_port_t port)
{
    bool known;

    if (likely(atomic_load(&v->domain->info32) == 0)) {
        known = test_and_set_bit(port / 64, &v->info->evtchn_pending_sel);
    } else {
        known = test_and_set_bit32(port / 32 % 32, select32(v));
    }
    if (!known) {
        vcpu_mark_events_pending(v);
    }
}

int evtchn_unmask(struct domain *d, evtchn_port_t port)
{
    struct evtchn *chn = evtchn_port(d, port);
    struct vcpu *v;

    if (chn == NULL) {
        return -EINVAL;
    }
    v = domain_vcpu(d, atomic_load(&chn->notify));
    if (test_and_clear_bit(port, bits2l_masks(d)) && v != NULL &&
        bits2l_is_pending(d, port)) {
        bits2l_select(v, port);
    }
    return 0;
}

/* The vcpu's flags begin anew in @v->info: have it look everywhere once, so
 * that nothing that arrived in the old place is lost. */
void bits2l_info_moved(struct vcpu *v)
{
    if (likely(atomic_load(&v->domain->info32) == 0)) {
        atomic_store(&v->info->evtchn_pending_sel, ~0ul);
    } else {
        atomic_store(select32(v), ~0u);
    }
    atomic_store(&v->info->evtchn_upcall_pending, 0);   /* told anew */
    vcpu_mark_events_pending(v);
}
