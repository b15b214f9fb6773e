/* SPDX-License-Identifier: MIT */
/*
 * The doors above event channels: EVTCHNOP_*, polling, timers, shutting down.
 */
#include <control/sched_op.h>
#include <event/evtchn_op.h>
#include <event/poll.h>
#include <sched/sched.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "two.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_door_checks_domains_and_rights),
        T(what_cannot_be_copied_out_is_taken_back),
        T(every_operation_survives_a_bad_pointer),
        T(virq_and_ipi_name_a_vcpu_that_exists),
        T(set_timer_op_knows_zero_past_and_absurd),
        T(block_opens_the_upcall_mask),
        T(poll_door_limits_the_number_of_ports),
        T(only_the_control_domain_shuts_others_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
