/* SPDX-License-Identifier: MIT */
/*
 * Event channels: every state a port can be in, every refusal, who is woken
 * and who is not; the EVTCHNOP_* and polling doors above them; VIRQs,
 * physical interrupts, vcpu timers and the moved vcpu_info.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <control/sched_op.h>
#include <core/softirq.h>
#include <event/evtchn_op.h>
#include <event/pirq.h>
#include <event/poll.h>
#include <event/table.h>
#include <event/vcpu_info.h>
#include <mm/heap.h>
#include <sched/sched.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

/* ---- the scheduler, as far as events see it ------------------------------------ */

static unsigned int nr_kicks, nr_quiesces;
static struct vcpu *kicked;

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

struct two {
    struct domain *a, *b;
};

static const struct pirq_ops *no_pirqs;

static int setup(void **state)
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

static int teardown(void **state)
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
static void connect(struct two *t, evtchn_port_t *pa, evtchn_port_t *pb)
{
    assert_int_equal(evtchn_alloc_unbound(t->b, t->a->domid, pb), 0);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, *pb, pa), 0);
    clear_bit(*pa, t->a->shared_info->evtchn_pending);
    memset(t->a->shared_info->vcpu_info, 0,
           sizeof(t->a->shared_info->vcpu_info));
    nr_kicks = 0;
}

static int status_of(struct domain *d, evtchn_port_t port)
{
    struct evtchn_status st = { .port = port };

    return evtchn_status(d, &st) == 0 ? (int)st.status : -1;
}

/* ---- ports ---------------------------------------------------------------------------- */

static void ports_are_handed_out_from_1_upwards(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    for (evtchn_port_t want = 1; want <= 200; want++) {
        assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), 0);
        assert_int_equal(port, want);
    }
    assert_int_equal(evtchn_close(t->a, 77), 0);
    assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), 0);
    assert_int_equal(port, 77);
}

static void ports_end_at_the_quota(void **state)
{
    struct two *t = *state;
    evtchn_port_t port = 0;

    for (unsigned int i = 1; i < 300; i++) {
        assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), 0);
    }
    assert_int_equal(port, 299);
    assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), -ENOSPC);
    assert_int_equal(evtchn_bind_ipi(t->a->vcpu[0], &port), -ENOSPC);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &port),
                     -ENOSPC);
    assert_int_equal(port, 299);
    /* The failed bind left nothing: there is room again, and it works. */
    assert_int_equal(evtchn_close(t->a, 5), 0);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &port), 0);
    assert_int_equal(port, 5);
}

static void every_port_can_be_used_when_all_are_taken(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    while (evtchn_bind_ipi(t->a->vcpu[1], &port) == 0) {
        assert_int_equal(evtchn_send(t->a, port), 0);
        assert_true(bits2l_is_pending(t->a, port));
        assert_int_equal(evtchn_unmask(t->a, port), 0);
    }
    assert_int_equal(port, 299);
}

static void a_failed_allocation_changes_nothing(void **state)
{
    struct two *t = *state;
    evtchn_port_t port = 9;

    fake_heap_fail_at = 1;
    assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), -ENOMEM);
    assert_int_equal(port, 9);
    assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), 0);
    assert_int_equal(port, 1);
}

static void a_dying_domain_gets_no_ports(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    assert_int_equal(evtchn_alloc_unbound(t->b, 0, &port), 0);
    t->b->dying = DOMDYING_dying;
    assert_int_equal(evtchn_alloc_unbound(t->b, 0, &port), -EINVAL);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, port, &port),
                     -EINVAL);
    t->b->dying = DOMDYING_alive;
}

/* ---- bind, send, close -------------------------------------------------------------------- */

static void bind_refuses_a_port_that_has_a_peer(void **state)
{
    struct two *t = *state;
    evtchn_port_t remote, first, second = 77;

    assert_int_equal(evtchn_alloc_unbound(t->b, t->a->domid, &remote), 0);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, remote, &first), 0);
    assert_true(bits2l_is_pending(t->a, first));

    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, remote, &second),
                     -EINVAL);
    assert_int_equal(second, 77);
}

static void bind_refuses_a_port_meant_for_another_domain(void **state)
{
    struct two *t = *state;
    evtchn_port_t remote, port;

    assert_int_equal(evtchn_alloc_unbound(t->b, 5, &remote), 0);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, remote, &port),
                     -EINVAL);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, 0, &port), -EINVAL);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, ~0u, &port),
                     -EINVAL);
}

static void send_sets_the_peers_port_and_kicks_its_vcpu(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb;

    connect(t, &pa, &pb);
    assert_int_equal(evtchn_bind_vcpu(t->b, pb, 1), 0);
    assert_int_equal(evtchn_send(t->a, pa), 0);

    assert_true(bits2l_is_pending(t->b, pb));
    assert_false(bits2l_is_pending(t->a, pa));
    assert_int_equal(t->b->vcpu[1]->info->evtchn_upcall_pending, 1);
    assert_int_equal(t->b->vcpu[1]->info->evtchn_pending_sel, 1);
    assert_int_equal(t->b->vcpu[0]->info->evtchn_upcall_pending, 0);
    assert_ptr_equal(kicked, t->b->vcpu[1]);
}

static void a_second_send_is_merged_with_the_first(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb;

    connect(t, &pa, &pb);
    assert_int_equal(evtchn_send(t->a, pa), 0);
    assert_int_equal(evtchn_send(t->a, pa), 0);

    assert_int_equal(nr_kicks, 1);
}

static void a_masked_port_becomes_pending_without_upcall(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb;

    connect(t, &pa, &pb);
    set_bit(pb, t->b->shared_info->evtchn_mask);
    assert_int_equal(evtchn_send(t->a, pa), 0);
    assert_true(bits2l_is_pending(t->b, pb));
    assert_int_equal(nr_kicks, 0);

    assert_int_equal(evtchn_unmask(t->b, pb), 0);
    assert_int_equal(nr_kicks, 1);
    assert_int_equal(t->b->vcpu[0]->info->evtchn_upcall_pending, 1);
    assert_false(bits2l_is_masked(t->b, pb));
}

static void send_depends_on_the_state_of_the_port(void **state)
{
    struct two *t = *state;
    evtchn_port_t unbound, virq, ipi;

    assert_int_equal(evtchn_alloc_unbound(t->a, 1, &unbound), 0);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &virq), 0);
    assert_int_equal(evtchn_bind_ipi(t->a->vcpu[1], &ipi), 0);

    assert_int_equal(evtchn_send(t->a, unbound), 0);
    assert_int_equal(evtchn_send(t->a, virq), -EINVAL);
    assert_int_equal(evtchn_send(t->a, 100), -EINVAL);
    assert_int_equal(evtchn_send(t->a, 4096), -EINVAL);
    assert_int_equal(evtchn_send(t->a, ~0u), -EINVAL);
    assert_int_equal(nr_kicks, 0);
    assert_int_equal(evtchn_send(t->a, ipi), 0);
    assert_ptr_equal(kicked, t->a->vcpu[1]);
}

static void closing_one_end_leaves_the_other_unbound(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb, again;
    struct evtchn_status st;

    connect(t, &pa, &pb);
    assert_int_equal(evtchn_close(t->a, pa), 0);
    st = (struct evtchn_status){ .port = pb };
    assert_int_equal(evtchn_status(t->b, &st), 0);
    assert_int_equal(st.status, EVTCHNSTAT_unbound);
    assert_int_equal(st.u.unbound.dom, t->a->domid);

    /* Its events go nowhere now, and it can be bound again. */
    assert_int_equal(evtchn_send(t->b, pb), 0);
    assert_false(bits2l_is_pending(t->a, pa));
    assert_int_equal(evtchn_bind_interdomain(t->a, t->b, pb, &again), 0);
    assert_int_equal(evtchn_close(t->b, pb), 0);
    assert_int_equal(status_of(t->a, again), EVTCHNSTAT_unbound);
    assert_int_equal(evtchn_close(t->a, again), 0);
    assert_int_equal(evtchn_close(t->a, again), -EINVAL);
}

static void close_forgets_a_pending_event(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    assert_int_equal(evtchn_bind_ipi(t->a->vcpu[0], &port), 0);
    assert_int_equal(evtchn_send(t->a, port), 0);
    assert_int_equal(evtchn_close(t->a, port), 0);

    assert_false(bits2l_is_pending(t->a, port));
}

static void close_refuses_what_is_not_open(void **state)
{
    struct two *t = *state;

    assert_int_equal(evtchn_close(t->a, 0), -EINVAL);
    assert_int_equal(evtchn_close(t->a, 1), -EINVAL);
    assert_int_equal(evtchn_close(t->a, 4096), -EINVAL);
    assert_int_equal(evtchn_close(t->a, ~0u), -EINVAL);
}

static void a_domain_may_talk_to_itself(void **state)
{
    struct two *t = *state;
    evtchn_port_t one, two_;

    assert_int_equal(evtchn_alloc_unbound(t->a, 0, &one), 0);
    assert_int_equal(evtchn_bind_interdomain(t->a, t->a, one, &two_), 0);
    clear_bit(two_, t->a->shared_info->evtchn_pending);
    assert_int_equal(evtchn_send(t->a, two_), 0);
    assert_true(bits2l_is_pending(t->a, one));
    assert_false(bits2l_is_pending(t->a, two_));
    assert_int_equal(evtchn_close(t->a, one), 0);
    assert_int_equal(status_of(t->a, two_), EVTCHNSTAT_unbound);
}

static void bind_vcpu_moves_only_what_may_move(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb, timer, debug_all, ipi;

    connect(t, &pa, &pb);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &timer), 0);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_DOM_EXC,
                                      &debug_all), 0);
    assert_int_equal(evtchn_bind_ipi(t->a->vcpu[0], &ipi), 0);

    assert_int_equal(evtchn_bind_vcpu(t->a, pa, 1), 0);
    assert_int_equal(evtchn_bind_vcpu(t->a, debug_all, 1), 0);
    assert_int_equal(evtchn_bind_vcpu(t->a, timer, 1), -EINVAL);
    assert_int_equal(evtchn_bind_vcpu(t->a, ipi, 1), -EINVAL);
    assert_int_equal(evtchn_bind_vcpu(t->a, 200, 1), -EINVAL);
    assert_int_equal(evtchn_bind_vcpu(t->a, pa, 2), -ENOENT);
    assert_int_equal(evtchn_bind_vcpu(t->a, pa, ~0u), -ENOENT);
}

static void reset_closes_everything(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb, port;

    connect(t, &pa, &pb);
    for (int i = 0; i < 250; i++) {
        assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), 0);
    }
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_DEBUG, &port), 0);
    assert_int_equal(evtchn_reset(t->a), 0);

    for (port = 1; port <= 252; port++) {
        assert_int_equal(status_of(t->a, port), EVTCHNSTAT_closed);
    }
    assert_int_equal(status_of(t->b, pb), EVTCHNSTAT_unbound);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_DEBUG, &port), 0);
    assert_int_equal(port, 1);
}

static void reset_gives_way_and_comes_back(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;
    int rounds = 1;

    for (int i = 0; i < 200; i++) {
        assert_int_equal(evtchn_alloc_unbound(t->a, 1, &port), 0);
    }
    softirq_raise(SOFTIRQ_TASK);
    while (evtchn_reset(t->a) == -ERESTART) {
        rounds++;
    }

    assert_int_equal(rounds, 4);      /* 64 + 64 + 64 + 8 */
}

/* ---- VIRQs, pirqs, timers -------------------------------------------------------------------- */

static void a_virq_reaches_the_vcpu_that_bound_it(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    virq_send_vcpu(t->b->vcpu[1], VIRQ_TIMER);
    assert_int_equal(nr_kicks, 0);
    assert_int_equal(evtchn_bind_virq(t->b->vcpu[1], VIRQ_TIMER, &port), 0);
    virq_send_vcpu(t->b->vcpu[1], VIRQ_TIMER);
    assert_true(bits2l_is_pending(t->b, port));
    assert_ptr_equal(kicked, t->b->vcpu[1]);

    assert_int_equal(evtchn_close(t->b, port), 0);
    nr_kicks = 0;
    virq_send_vcpu(t->b->vcpu[1], VIRQ_TIMER);
    assert_int_equal(nr_kicks, 0);
}

static void virqs_are_bound_once_and_global_ones_on_vcpu_0(void **state)
{
    struct two *t = *state;
    evtchn_port_t port, other;

    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &port), 0);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &other),
                     -EEXIST);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[1], VIRQ_TIMER, &other), 0);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[1], VIRQ_DOM_EXC, &other),
                     -EINVAL);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], NR_VIRQS, &other),
                     -EINVAL);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], ~0u, &other), -EINVAL);
}

static void a_global_virq_goes_to_the_hardware_domain(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    virq_send_global(VIRQ_DOM_EXC);   /* nobody bound it: no harm */
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_DOM_EXC, &port), 0);
    assert_int_equal(evtchn_bind_vcpu(t->a, port, 1), 0);
    virq_send_global(VIRQ_DOM_EXC);

    assert_true(bits2l_is_pending(t->a, port));
    assert_ptr_equal(kicked, t->a->vcpu[1]);
    /* Closing a moved one frees the binding of vcpu 0. */
    assert_int_equal(evtchn_close(t->a, port), 0);
    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_DOM_EXC, &port), 0);
}

static int bind_result;
static unsigned int nr_unbound, moved_to;

static int fake_bind(struct domain *d, unsigned int pirq, bool share)
{
    if (bind_result == 0) {
        evtchn_send_pirq(d, pirq);    /* may arrive before bind returns */
    }
    return bind_result;
}

static void fake_unbind(struct domain *d, unsigned int pirq)
{
    nr_unbound++;
}

static void fake_moved(struct domain *d, unsigned int pirq, struct vcpu *v)
{
    moved_to = v->vcpu_id;
}

static void a_pirq_is_an_event_until_its_port_closes(void **state)
{
    static const struct pirq_ops ops = { fake_bind, fake_unbind, fake_moved };
    struct two *t = *state;
    evtchn_port_t port, other;

    assert_int_equal(evtchn_bind_pirq(t->a, 9, false, &port), -EINVAL);
    pirq_set_ops(&ops);
    nr_unbound = 0;
    bind_result = -EBUSY;
    assert_int_equal(evtchn_bind_pirq(t->a, 9, false, &port), -EBUSY);
    assert_false(evtchn_pirq_bound(t->a, 9));
    bind_result = 0;
    assert_int_equal(evtchn_bind_pirq(t->a, 9, false, &port), 0);
    assert_int_equal(port, 1);
    assert_true(bits2l_is_pending(t->a, port));
    assert_int_equal(evtchn_bind_pirq(t->a, 9, false, &other), -EEXIST);
    assert_int_equal(evtchn_bind_pirq(t->a, NR_IRQS, false, &other), -EINVAL);
    assert_int_equal(evtchn_send(t->a, port), -EINVAL);
    assert_int_equal(evtchn_bind_vcpu(t->a, port, 1), 0);
    assert_int_equal(moved_to, 1);

    assert_int_equal(evtchn_close(t->a, port), 0);
    assert_int_equal(nr_unbound, 1);
    evtchn_send_pirq(t->a, 9);
    evtchn_send_pirq(t->a, ~0u);
    assert_false(bits2l_is_pending(t->a, port));
}

static void a_singleshot_timer_raises_virq_timer_once(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t port;

    assert_int_equal(evtchn_bind_virq(v, VIRQ_TIMER, &port), 0);
    assert_int_equal(vcpu_timer_set_singleshot(v, fake_now_ns + 1000, 0), 0);
    fake_run_timers();
    assert_false(bits2l_is_pending(t->a, port));
    fake_now_ns += 1000;
    fake_run_timers();
    assert_true(bits2l_is_pending(t->a, port));
    assert_true(fake_next_deadline() == ~0ull);

    assert_int_equal(vcpu_timer_set_singleshot(v, fake_now_ns - 1,
                                               VCPU_SSHOTTMR_future), -ETIME);
    assert_int_equal(vcpu_timer_set_singleshot(v, fake_now_ns - 1, 0), 0);
    vcpu_timer_stop_singleshot(v);
    assert_true(fake_next_deadline() == ~0ull);
}

static void a_periodic_timer_ticks_while_the_vcpu_runs(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t port;

    assert_int_equal(evtchn_bind_virq(v, VIRQ_TIMER, &port), 0);
    assert_int_equal(vcpu_timer_set_periodic(v, 999999), -EINVAL);
    assert_int_equal(vcpu_timer_set_periodic(v, 2000000), 0);
    for (int i = 0; i < 3; i++) {
        fake_now_ns += 2000000;
        fake_run_timers();
        assert_true(bits2l_is_pending(t->a, port));
        clear_bit(port, t->a->shared_info->evtchn_pending);
    }
    v->blocked = 1;
    fake_now_ns += 2000000;
    fake_run_timers();
    assert_false(bits2l_is_pending(t->a, port));
    vcpu_timer_stop_periodic(v);
    assert_true(fake_next_deadline() == ~0ull);
}

/* ---- polling ---------------------------------------------------------------------------------- */

static void poll_blocks_until_its_port_is_pending(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t ipi, other;

    assert_int_equal(evtchn_bind_ipi(v, &ipi), 0);
    assert_int_equal(evtchn_bind_ipi(v, &other), 0);
    set_bit(ipi, t->a->shared_info->evtchn_mask);
    set_bit(other, t->a->shared_info->evtchn_mask);
    assert_int_equal(evtchn_poll(&ipi, 1, 0), 0);
    assert_int_equal(v->blocked, 1);
    assert_int_equal(evtchn_send(t->a, other), 0);
    assert_int_equal(v->blocked, 1);
    assert_int_equal(evtchn_send(t->a, ipi), 0);
    assert_int_equal(v->blocked, 0);

    /* It is pending now: polling again does not block. */
    assert_int_equal(evtchn_poll(&ipi, 1, 0), 0);
    assert_int_equal(v->blocked, 0);
}

static void poll_of_many_ports_wakes_for_each(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t p[3];

    for (int i = 0; i < 3; i++) {
        assert_int_equal(evtchn_bind_ipi(v, &p[i]), 0);
        set_bit(p[i], t->a->shared_info->evtchn_mask);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(evtchn_poll(p, 3, 0), 0);
        assert_int_equal(v->blocked, 1);
        assert_int_equal(evtchn_send(t->a, p[i]), 0);
        assert_int_equal(v->blocked, 0);
        clear_bit(p[i], t->a->shared_info->evtchn_pending);
    }
}

static void poll_ends_at_its_timeout(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t ipi;

    assert_int_equal(evtchn_bind_ipi(v, &ipi), 0);
    assert_int_equal(evtchn_poll(&ipi, 1, fake_now_ns + 50), 0);
    fake_run_timers();
    assert_int_equal(v->blocked, 1);
    fake_now_ns += 50;
    fake_run_timers();
    assert_int_equal(v->blocked, 0);
    assert_int_equal(v->polling, false);
}

static void poll_notices_an_upcall_and_bad_ports(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t bad = 4096, good = 1;

    assert_int_equal(evtchn_poll(&bad, 1, 0), -EINVAL);
    assert_int_equal(v->blocked, 0);
    v->info->evtchn_upcall_pending = 1;
    assert_int_equal(evtchn_poll(&good, 1, 0), 0);
    assert_int_equal(v->blocked, 0);
    v->info->evtchn_upcall_mask = 1;
    assert_int_equal(evtchn_poll(&good, 1, 0), 0);
    assert_int_equal(v->blocked, 1);
    vcpu_unblock(v);
}

/* ---- vcpu_info ----------------------------------------------------------------------------------- */

static void a_moved_vcpu_info_loses_no_event(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    mfn_t mfn = fake_frame_of(0);
    struct vcpu_info *place = (void *)((char *)mfn_to_virt(mfn) + 128);

    v->info->evtchn_upcall_mask = 1;
    v->info->arch.cr2 = 0x1234;
    assert_int_equal(vcpu_info_register(v, mfn, 128), 0);

    assert_ptr_equal(v->info, place);
    assert_int_equal(place->evtchn_upcall_mask, 1);
    assert_int_equal(place->arch.cr2, 0x1234);
    assert_int_equal(place->evtchn_upcall_pending, 1);
    assert_true(place->evtchn_pending_sel == ~0ul);
    assert_int_equal(fake_frames[mfn_x(mfn)].writable_uses, 1);

    assert_int_equal(vcpu_info_register(v, mfn, 128), -EINVAL);
    assert_int_equal(fake_frames[mfn_x(mfn)].writable_uses, 1);
    vcpu_info_detach_all(t->a);
    vcpu_info_put_all(t->a);
    assert_int_equal(fake_frames[mfn_x(mfn)].writable_uses, 0);
    assert_int_equal(fake_frames[mfn_x(mfn)].refs, 1);
    assert_ptr_equal(v->info, &t->a->shared_info->vcpu_info[0]);
}

static void vcpu_info_needs_a_writable_frame_of_its_domain(void **state)
{
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    mfn_t mine = fake_frame_of(0), other = fake_frame_of(1);

    assert_int_equal(vcpu_info_register(v, other, 0), -EINVAL);
    assert_int_equal(vcpu_info_register(v, mine, PAGE_SIZE - 56), -EINVAL);
    assert_int_equal(vcpu_info_register(v, mine, 4), -EINVAL);
    assert_int_equal(vcpu_info_register(v, _mfn(~0ull), 0), -EINVAL);
    assert_int_equal(vcpu_info_register(t->a->vcpu[1], mine, 0), -EINVAL);
    fake_frames[mfn_x(mine)].is_table = true;
    assert_int_equal(vcpu_info_register(v, mine, 0), -EINVAL);
    assert_int_equal(fake_frames[mfn_x(mine)].refs, 1);
    assert_int_equal(fake_frames[mfn_x(other)].refs, 1);
}

/* ---- the doors -------------------------------------------------------------------------------------- */

static long call(unsigned int cmd, void *arg)
{
    return do_event_channel_op(cmd, (uint64_t)arg, 0, 0, 0, 0);
}

static void the_door_checks_domains_and_rights(void **state)
{
    struct two *t = *state;
    struct evtchn_alloc_unbound alloc = { .dom = 0, .remote_dom = 1 };
    struct evtchn_bind_interdomain bind = { .remote_dom = 9 };
    struct evtchn_status st = { .dom = 1, .port = 1 };
    struct evtchn_reset reset = { .dom = 0 };

    test_become(t->b->vcpu[0]);       /* not the control domain */
    assert_int_equal(call(EVTCHNOP_alloc_unbound, &alloc), -EPERM);
    assert_int_equal(call(EVTCHNOP_bind_interdomain, &bind), -ESRCH);
    assert_int_equal(call(EVTCHNOP_reset, &reset), -EPERM);
    st.dom = 0;
    assert_int_equal(call(EVTCHNOP_status, &st), -EPERM);
    alloc.dom = DOMID_SELF;
    alloc.remote_dom = DOMID_SELF;
    assert_int_equal(call(EVTCHNOP_alloc_unbound, &alloc), 0);
    assert_int_equal(alloc.port, 1);
    st.dom = DOMID_SELF;
    assert_int_equal(call(EVTCHNOP_status, &st), 0);
    assert_int_equal(st.status, EVTCHNSTAT_unbound);
    assert_int_equal(st.u.unbound.dom, 1);

    test_become(t->a->vcpu[0]);       /* the control domain, for another */
    alloc = (struct evtchn_alloc_unbound){ .dom = 1, .remote_dom = 0 };
    assert_int_equal(call(EVTCHNOP_alloc_unbound, &alloc), 0);
    assert_int_equal(alloc.port, 2);
    bind = (struct evtchn_bind_interdomain){ .remote_dom = 1,
                                             .remote_port = 2 };
    assert_int_equal(call(EVTCHNOP_bind_interdomain, &bind), 0);
    assert_int_equal(bind.local_port, 1);
    st = (struct evtchn_status){ .dom = 1, .port = 2 };
    assert_int_equal(call(EVTCHNOP_status, &st), 0);
    assert_int_equal(st.u.interdomain.dom, 0);
    assert_int_equal(st.u.interdomain.port, 1);
    alloc.dom = 9;
    assert_int_equal(call(EVTCHNOP_alloc_unbound, &alloc), -ESRCH);
}

static void what_cannot_be_copied_out_is_taken_back(void **state)
{
    struct two *t = *state;
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF };
    struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER };
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };

    fake_copies_until_fault = 0;
    assert_int_equal(call(EVTCHNOP_alloc_unbound, &alloc), -EFAULT);
    fake_copies_until_fault = 0;
    assert_int_equal(call(EVTCHNOP_bind_virq, &virq), -EFAULT);
    fake_copies_until_fault = 0;
    assert_int_equal(call(EVTCHNOP_bind_ipi, &ipi), -EFAULT);
    fake_copies_until_fault = -1;

    assert_int_equal(status_of(t->a, 1), EVTCHNSTAT_closed);
    assert_int_equal(call(EVTCHNOP_bind_virq, &virq), 0);
    assert_int_equal(virq.port, 1);
}

static void every_operation_survives_a_bad_pointer(void **state)
{
    for (unsigned int cmd = 0; cmd < 20; cmd++) {
        long want = cmd <= EVTCHNOP_reset ? -EFAULT : -ENOSYS;

        assert_int_equal(call(cmd, NULL), want);
    }
    assert_int_equal(call(~0u, NULL), -ENOSYS);
}

static void virq_and_ipi_name_a_vcpu_that_exists(void **state)
{
    struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER, .vcpu = 2 };
    struct evtchn_bind_ipi ipi = { .vcpu = ~0u };

    assert_int_equal(call(EVTCHNOP_bind_virq, &virq), -ENOENT);
    assert_int_equal(call(EVTCHNOP_bind_ipi, &ipi), -ENOENT);
    virq.virq = NR_VIRQS;
    assert_int_equal(call(EVTCHNOP_bind_virq, &virq), -EINVAL);
}

static void set_timer_op_knows_zero_past_and_absurd(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    assert_int_equal(evtchn_bind_virq(t->a->vcpu[0], VIRQ_TIMER, &port), 0);
    assert_int_equal(do_set_timer_op(fake_now_ns + 99, 0, 0, 0, 0, 0), 0);
    assert_int_equal(do_set_timer_op(0, 0, 0, 0, 0, 0), 0);
    assert_true(fake_next_deadline() == ~0ull);
    assert_int_equal(do_set_timer_op(~0ull, 0, 0, 0, 0, 0), 0);
    fake_run_timers();
    assert_true(bits2l_is_pending(t->a, port));
}

static long sched_call(unsigned int cmd, void *arg)
{
    return do_sched_op(cmd, (uint64_t)arg, 0, 0, 0, 0);
}

static void block_opens_the_upcall_mask(void **state)
{
    struct two *t = *state;

    t->a->vcpu[0]->info->evtchn_upcall_mask = 1;
    assert_int_equal(sched_call(SCHEDOP_block, NULL), 0);
    assert_int_equal(t->a->vcpu[0]->info->evtchn_upcall_mask, 0);
    assert_int_equal(t->a->vcpu[0]->blocked, 1);
}

static void poll_door_limits_the_number_of_ports(void **state)
{
    static evtchn_port_t ports[129];
    struct two *t = *state;
    struct sched_poll poll = { .nr_ports = 129 };

    set_xen_guest_handle(poll.ports, ports);
    assert_int_equal(sched_call(SCHEDOP_poll, &poll), -EINVAL);
    poll.nr_ports = ~0u;
    assert_int_equal(sched_call(SCHEDOP_poll, &poll), -EINVAL);
    poll.nr_ports = 128;
    assert_int_equal(sched_call(SCHEDOP_poll, &poll), 0);
    assert_int_equal(t->a->vcpu[0]->blocked, 1);
    vcpu_unblock(t->a->vcpu[0]);
    poll.nr_ports = 1;
    set_xen_guest_handle(poll.ports, NULL);
    assert_int_equal(sched_call(SCHEDOP_poll, &poll), -EFAULT);
}

static void only_the_control_domain_shuts_others_down(void **state)
{
    struct two *t = *state;
    struct sched_remote_shutdown op = { .domain_id = 0, .reason = 1 };
    struct sched_shutdown own = { .reason = SHUTDOWN_reboot };

    test_become(t->b->vcpu[0]);
    assert_int_equal(sched_call(SCHEDOP_remote_shutdown, &op), -EPERM);
    assert_int_equal(t->a->is_shut_down, 0);
    assert_int_equal(sched_call(SCHEDOP_shutdown, &own), 0);
    assert_int_equal(t->b->shutdown_code, SHUTDOWN_reboot);
    test_become(t->a->vcpu[0]);
    assert_int_equal(sched_call(SCHEDOP_remote_shutdown, &op), -EPERM);
    op.domain_id = 7;
    assert_int_equal(sched_call(SCHEDOP_remote_shutdown, &op), -ESRCH);
    op.domain_id = 1;
    op.reason = SHUTDOWN_crash;
    assert_int_equal(sched_call(SCHEDOP_remote_shutdown, &op), 0);
    assert_int_equal(t->b->shutdown_code, SHUTDOWN_crash);
    assert_int_equal(sched_call(SCHEDOP_pin_override, NULL), -ENOSYS);
    assert_int_equal(sched_call(99, NULL), -ENOSYS);
}

/* ---- anything goes --------------------------------------------------------------------------------------- */

static void random_operations_keep_both_tables_in_step(void **state)
{
    struct two *t = *state;
    evtchn_port_t port;

    srandom(11);
    for (int i = 0; i < 30000; i++) {
        struct domain *d = random() % 2 ? t->a : t->b;
        struct domain *o = random() % 2 ? t->a : t->b;
        evtchn_port_t p = (evtchn_port_t)random() % 310;
        int rc;

        switch (random() % 6) {
        case 0:
            rc = evtchn_alloc_unbound(d, o->domid, &port);
            break;
        case 1:
            rc = evtchn_bind_interdomain(d, o, p, &port);
            break;
        case 2:
            rc = evtchn_bind_ipi(d->vcpu[random() % 2], &port);
            break;
        case 3:
            rc = evtchn_bind_virq(d->vcpu[0], (unsigned int)random() % 30,
                                  &port);
            break;
        case 4:
            rc = evtchn_close(d, p);
            break;
        default:
            rc = evtchn_send(d, p);
            break;
        }
        assert_true(rc <= 0);
        assert_int_equal(fake_locks_held, 0);
    }
    for (port = 1; port < 300; port++) {
        struct evtchn *chn = evtchn_port(t->a, port);

        if (chn != NULL && chn->state == PORT_INTERDOMAIN) {
            assert_ptr_equal(chn->peer->peer, chn);      /* INV-EV2 */
            assert_int_equal(chn->peer->state, PORT_INTERDOMAIN);
        } else if (chn != NULL && chn->state == PORT_IPI) {
            assert_ptr_equal(chn->peer, chn);
        } else if (chn != NULL) {
            assert_null(chn->peer);
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(ports_are_handed_out_from_1_upwards),
        T(ports_end_at_the_quota),
        T(every_port_can_be_used_when_all_are_taken),
        T(a_failed_allocation_changes_nothing),
        T(a_dying_domain_gets_no_ports),
        T(bind_refuses_a_port_that_has_a_peer),
        T(bind_refuses_a_port_meant_for_another_domain),
        T(send_sets_the_peers_port_and_kicks_its_vcpu),
        T(a_second_send_is_merged_with_the_first),
        T(a_masked_port_becomes_pending_without_upcall),
        T(send_depends_on_the_state_of_the_port),
        T(closing_one_end_leaves_the_other_unbound),
        T(close_forgets_a_pending_event),
        T(close_refuses_what_is_not_open),
        T(a_domain_may_talk_to_itself),
        T(bind_vcpu_moves_only_what_may_move),
        T(reset_closes_everything),
        T(reset_gives_way_and_comes_back),
        T(a_virq_reaches_the_vcpu_that_bound_it),
        T(virqs_are_bound_once_and_global_ones_on_vcpu_0),
        T(a_global_virq_goes_to_the_hardware_domain),
        T(a_pirq_is_an_event_until_its_port_closes),
        T(a_singleshot_timer_raises_virq_timer_once),
        T(a_periodic_timer_ticks_while_the_vcpu_runs),
        T(poll_blocks_until_its_port_is_pending),
        T(poll_of_many_ports_wakes_for_each),
        T(poll_ends_at_its_timeout),
        T(poll_notices_an_upcall_and_bad_ports),
        T(a_moved_vcpu_info_loses_no_event),
        T(vcpu_info_needs_a_writable_frame_of_its_domain),
        T(the_door_checks_domains_and_rights),
        T(what_cannot_be_copied_out_is_taken_back),
        T(every_operation_survives_a_bad_pointer),
        T(virq_and_ipi_name_a_vcpu_that_exists),
        T(set_timer_op_knows_zero_past_and_absurd),
        T(block_opens_the_upcall_mask),
        T(poll_door_limits_the_number_of_ports),
        T(only_the_control_domain_shuts_others_down),
        T(random_operations_keep_both_tables_in_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
