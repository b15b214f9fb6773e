/* SPDX-License-Identifier: MIT */
/*
 * What raises events besides other domains: VIRQs, physical interrupts, vcpu
 * timers; polling for ports and the moved vcpu_info.
 */
#include <control/sched_op.h>
#include <core/softirq.h>
#include <event/poll.h>
#include <event/vcpu_info.h>
#include <sched/sched.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "two.h"

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

static bool takes;

static bool takes_interrupt(struct vcpu *v)
{
    return takes;
}

/* A loader that never looks at its flags: an event told it once, and they
 * stay up.  Polling has to wait all the same. */
static void poll_asks_the_cpu_of_a_guest_that_has_its_own(void **state)
{
    static const struct guest_ops hvm = { .event_deliverable =
                                          takes_interrupt };
    struct two *t = *state;
    struct vcpu *v = t->a->vcpu[0];
    evtchn_port_t ipi;

    t->a->ops = &hvm;
    takes = false;
    assert_int_equal(evtchn_bind_ipi(v, &ipi), 0);
    v->info->evtchn_upcall_pending = 1;
    assert_int_equal(evtchn_poll(&ipi, 1, 0), 0);
    assert_int_equal(v->blocked, 1);
    assert_int_equal(evtchn_send(t->a, ipi), 0);
    assert_int_equal(v->blocked, 0);

    clear_bit(ipi, t->a->shared_info->evtchn_pending);
    takes = true;
    assert_int_equal(evtchn_poll(&ipi, 1, 0), 0);
    assert_int_equal(v->blocked, 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        T(poll_asks_the_cpu_of_a_guest_that_has_its_own),
        T(a_moved_vcpu_info_loses_no_event),
        T(vcpu_info_needs_a_writable_frame_of_its_domain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
