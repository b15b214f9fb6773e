/* SPDX-License-Identifier: MIT */
/*
 * The world of the event tests: see two.h.  At the end of each, both domains
 * die and nothing may be left of them.
 */
#include <control/sched_op.h>
#include <event/vcpu_info.h>
#include <mm/heap.h>
#include <sched/sched.h>

#include "two.h"

/* ---- the scheduler, as far as events see it ------------------------------------ */

unsigned int nr_kicks, nr_quiesces;
struct vcpu *kicked;

void vcpu_unblock(struct vcpu *v)
{
    v->polling = false;
    v->blocked = 0;
}

void vcpu_kick(struct vcpu *v)
{
    nr_kicks++;
    kicked = v;
    vcpu_unblock(v);
}

bool sched_vcpu_runnable(const struct vcpu *v) { return !v->blocked; }
void sched_quiesce(void) { nr_quiesces++; }
void sched_block(void) { current->blocked = 1; }
void sched_yield_current(void) { }
int sched_watchdog(struct domain *d, uint32_t id, uint32_t s) { return 7; }

/* ---- two domains ------------------------------------------------------------------ */

static const struct pirq_ops *no_pirqs;

int two_setup(void **state)
{
    static struct two t;

    fake_reset(1);
    nr_kicks = nr_quiesces = 0;
    kicked = NULL;
    pirq_set_ops(no_pirqs);
    t.a = test_domain(0, 2, NULL);
    t.b = test_domain(1, 2, NULL);
    for (domid_t id = 0; id < 2; id++) {
        struct domain *d = id == 0 ? t.a : t.b;
        struct vcpu *v;

        d->cfg_max_evtchn = 300;
        assert_int_equal(evtchn_domain_init(d), 0);
        for_each_vcpu(d, v) {
            assert_int_equal(evtchn_vcpu_init(v), 0);
        }
    }
    test_become(t.a->vcpu[0]);
    *state = &t;
    return 0;
}

int two_teardown(void **state)
{
    struct two *t = *state;

    for (domid_t id = 0; id < 2; id++) {
        struct domain *d = id == 0 ? t->a : t->b;
        struct vcpu *v;

        d->dying = DOMDYING_dying;
        assert_int_equal(evtchn_relinquish(d), 0);
        assert_int_equal(d->refcount, 1);
        for_each_vcpu(d, v) {
            evtchn_vcpu_free(v);
        }
        evtchn_domain_free(d);
    }
    assert_true(nr_quiesces >= 2);
    assert_int_equal(fake_locks_held, 0);
    assert_int_equal(fake_heap_live, 0);
    test_domains_free();
    return 0;
}

/* A channel between port *pa of a and *pb of b. */
void two_connect(struct two *t, evtchn_port_t *pa, evtchn_port_t *pb)
{
    assert_int_equal(evtchn_alloc_unbound(t->b, t->a->domid, pb), 0);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, *pb, pa), 0);
    clear_bit(*pa, t->a->shared_info->evtchn_pending);
    memset(t->a->shared_info->vcpu_info, 0,
           sizeof(t->a->shared_info->vcpu_info));
    nr_kicks = 0;
}

int status_of(struct domain *d, evtchn_port_t port)
{
    struct evtchn_status st = { .port = port };

    return evtchn_status(d, &st) == 0 ? (int)st.status : -1;
}
