/* SPDX-License-Identifier: MIT */
/*
 * Event channels: every state a port can be in, every refusal, who is woken
 * and who is not; random operations on two tables.
 */
#include <core/softirq.h>
#include <event/vcpu_info.h>

#include "two.h"

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

    two_connect(t, &pa, &pb);
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

    two_connect(t, &pa, &pb);
    assert_int_equal(evtchn_send(t->a, pa), 0);
    assert_int_equal(evtchn_send(t->a, pa), 0);

    assert_int_equal(nr_kicks, 1);
}

static void a_masked_port_becomes_pending_without_upcall(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb;

    two_connect(t, &pa, &pb);
    set_bit(pb, t->b->shared_info->evtchn_mask);
    assert_int_equal(evtchn_send(t->a, pa), 0);
    assert_true(bits2l_is_pending(t->b, pb));
    assert_int_equal(nr_kicks, 0);

    assert_int_equal(evtchn_unmask(t->b, pb), 0);
    assert_int_equal(nr_kicks, 1);
    assert_int_equal(t->b->vcpu[0]->info->evtchn_upcall_pending, 1);
    assert_false(test_bit(pb, t->b->shared_info->evtchn_mask));
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

    two_connect(t, &pa, &pb);
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

    two_connect(t, &pa, &pb);
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

    two_connect(t, &pa, &pb);
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

/* ---- anything goes --------------------------------------------------------------------------------------- */

/* ---- 32-bit code: abi/info32.h --------------------------------------------------- */

static uint32_t word32(struct domain *d, size_t at)
{
    return *(uint32_t *)((char *)d->shared_info + at);
}

static void a_32_bit_guest_finds_its_words(void **state)
{
    struct two *t = *state;
    evtchn_port_t pa, pb = 0, port;

    t->b->info32 = 1;
    while (pb < 70) {
        two_connect(t, &pa, &pb);
    }
    assert_int_equal(evtchn_send(t->a, pa), 0);
    assert_int_equal(word32(t->b, 2048 + 8), 1u << (70 - 64));
    assert_int_equal(word32(t->b, 4), 1u << 2);          /* the selector */
    assert_int_equal(word32(t->b, 8), 0);
    assert_int_equal(nr_kicks, 1);

    *(uint32_t *)((char *)t->b->shared_info + 2176 + 8) = 1u << (70 - 64);
    memset(t->b->shared_info->vcpu_info, 0, 64);
    clear_bit(pb, t->b->shared_info->evtchn_pending);
    assert_int_equal(evtchn_send(t->a, pa), 0);
    assert_int_equal(word32(t->b, 4), 0);
    assert_int_equal(evtchn_unmask(t->b, pb), 0);
    assert_int_equal(word32(t->b, 2176 + 8), 0);
    assert_int_equal(word32(t->b, 4), 1u << 2);
    assert_int_equal(word32(t->b, 0) & 0xff, 1);

    memset(t->b->shared_info->vcpu_info, 0, 64);
    bits2l_info_moved(t->b->vcpu[0]);
    assert_int_equal(word32(t->b, 4), ~0u);
    assert_int_equal(word32(t->b, 8), 0);
    assert_int_equal(evtchn_bind_ipi(t->b->vcpu[0], &port), 0);
}

/* Beyond these its pending bits would be other ports' mask bits. */
static void a_32_bit_guest_has_1024_ports(void **state)
{
    struct two *t = *state;
    evtchn_port_t port = 0;

    t->a->evtchn->max_ports = 2000;
    t->a->info32 = 1;
    while (evtchn_bind_ipi(t->a->vcpu[0], &port) == 0) {
    }
    assert_int_equal(port, 1023);
    t->a->info32 = 0;
    assert_int_equal(evtchn_bind_ipi(t->a->vcpu[0], &port), 0);
    assert_int_equal(port, 1024);
}

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
        T(a_32_bit_guest_finds_its_words),
        T(a_32_bit_guest_has_1024_ports),
        T(random_operations_keep_both_tables_in_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
