/* SPDX-License-Identifier: MIT */
/*
 * events/virqs.c - virtual interrupts, IPIs, waiting by block and poll, and
 * the move of a port to another vCPU.  ABI: xen/event_channel.h, xen/sched.h.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "events.h"

static uint8_t *mask_seen;

static bool note_mask(struct trap_frame *f)
{
    (void)f;
    *mask_seen = this_vcpu_info()->evtchn_upcall_mask;
    return false; /* go on with the normal upcall */
}

void events_note_mask(uint8_t *seen)
{
    mask_seen = seen;
    trap_handlers[VECTOR_EVENT] = note_mask;
}

static void virq_binds_once_per_vcpu(void)
{
    evtchn_port_t first, second;

    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 0, &first), 0);
    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 0, &second), -EEXIST);
    EXPECT_EQ(event_close(first), 0);
    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 0, &first), 0);
    EXPECT_EQ(event_close(first), 0);
}

static void virq_status_names_it(void)
{
    struct evtchn_status st = { .dom = DOMID_SELF };

    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 0, &st.port), 0);
    EXPECT_EQ(hc_event(EVTCHNOP_status, &st), 0);
    EXPECT_EQ(st.status, EVTCHNSTAT_virq);
    EXPECT_EQ(st.u.virq, VIRQ_TIMER);
    event_close(st.port);
}

static void virq_bad_numbers_are_refused(void)
{
    evtchn_port_t port;

    EXPECT_EQ(event_bind_virq(24, 0, &port), -EINVAL);
    EXPECT_EQ(event_bind_virq(~0u, 0, &port), -EINVAL);
    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 77, &port), -ENOENT);
}

static void global_virq_wants_vcpu_0(void)
{
    evtchn_port_t port;

    SKIP_UNLESS_DOM0();
    EXPECT_EQ(event_bind_virq(VIRQ_DOM_EXC, 1, &port), -EINVAL);
    EXPECT_EQ(event_bind_virq(VIRQ_DOM_EXC, 0, &port), 0);
    EXPECT_EQ(event_close(port), 0);
}

static void ipi_to_self_is_delivered(void)
{
    evtchn_port_t port;
    unsigned int before;

    EXPECT_EQ(event_bind_ipi(0, &port), 0);
    event_unmask(port);
    events_on();
    before = event_count[port];
    EXPECT_EQ(event_send(port), 0);
    EXPECT_EQ(event_count[port], before + 1);
    EXPECT_EQ(event_close(port), 0);
}

static void ipi_status_and_bad_vcpu(void)
{
    struct evtchn_status st = { .dom = DOMID_SELF };
    evtchn_port_t port;

    EXPECT_EQ(event_bind_ipi(0, &st.port), 0);
    EXPECT_EQ(hc_event(EVTCHNOP_status, &st), 0);
    EXPECT_EQ(st.status, EVTCHNSTAT_ipi);
    event_close(st.port);
    EXPECT_EQ(event_bind_ipi(77, &port), -ENOENT);
}

static void virq_cannot_be_sent(void)
{
    evtchn_port_t port;

    EXPECT_EQ(event_bind_virq(VIRQ_TIMER, 0, &port), 0);
    EXPECT_EQ(event_send(port), -EINVAL);
    event_close(port);
}

static void bind_vcpu_checks_its_arguments(void)
{
    struct evtchn_bind_vcpu op = { .vcpu = 77 };
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    op.port = a;
    EXPECT_EQ(hc_event(EVTCHNOP_bind_vcpu, &op), -ENOENT);
    op.vcpu = 0;
    EXPECT_EQ(hc_event(EVTCHNOP_bind_vcpu, &op), 0);
    op.port = 4000;
    EXPECT_EQ(hc_event(EVTCHNOP_bind_vcpu, &op), -EINVAL);
    event_close(a);
    event_close(b);
    EXPECT_EQ(event_bind_ipi(0, &op.port), 0);
    EXPECT_EQ(hc_event(EVTCHNOP_bind_vcpu, &op), -EINVAL);
    event_close(op.port);
}

static void block_with_pending_event_returns(void)
{
    evtchn_port_t a, b;
    unsigned int before;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    event_unmask(a);
    events_off();
    before = event_count[a];
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(hc_sched(SCHEDOP_block, NULL), 0);
    EXPECT_EQ(event_count[a], before + 1);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_mask, 0);
    event_close(a);
    event_close(b);
}

static void poll_ready_port_returns(void)
{
    struct sched_poll poll = { .nr_ports = 1, .timeout = 0 };
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_mask(a);
    EXPECT_EQ(event_send(b), 0);
    set_xen_guest_handle(poll.ports, &a);
    EXPECT_EQ(hc_sched(SCHEDOP_poll, &poll), 0);
    EXPECT(event_pending(a));
    event_clear(a);
    event_close(a);
    event_close(b);
    event_unmask(a);
}

static void poll_times_out(void)
{
    struct sched_poll poll = { .nr_ports = 1 };
    evtchn_port_t a, b;
    uint64_t start = now_ns();

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_mask(a);
    set_xen_guest_handle(poll.ports, &a);
    poll.timeout = start + 3 * NS_PER_MS;
    EXPECT_EQ(hc_sched(SCHEDOP_poll, &poll), 0);
    EXPECT(now_ns() >= start + 3 * NS_PER_MS);
    EXPECT(!event_pending(a));
    event_close(a);
    event_close(b);
    event_unmask(a);
}

static void poll_argument_errors(void)
{
    struct sched_poll poll = { .nr_ports = 200, .timeout = 1 };
    evtchn_port_t port = ~0u;

    set_xen_guest_handle(poll.ports, &port);
    EXPECT_EQ(hc_sched(SCHEDOP_poll, &poll), -EINVAL);
    poll.nr_ports = 1;
    EXPECT_EQ(hc_sched(SCHEDOP_poll, &poll), -EINVAL);
    poll.ports.p = (evtchn_port_t *)8;
    EXPECT_EQ(hc_sched(SCHEDOP_poll, &poll), -EFAULT);
}

static void yield_returns_zero(void)
{
    EXPECT_EQ(hc_sched(SCHEDOP_yield, NULL), 0);
}

static void sched_op_unknown_is_enosys(void)
{
    EXPECT_EQ(hc_sched(99, NULL), -ENOSYS);
    EXPECT_EQ(hc_sched(SCHEDOP_shutdown, 8), -EFAULT);
    EXPECT_EQ(hc_sched(SCHEDOP_poll, 8), -EFAULT);
}

static const struct fact facts[] = {
    FACT(virq_binds_once_per_vcpu),
    FACT(virq_status_names_it),
    FACT(virq_bad_numbers_are_refused),
    FACT(global_virq_wants_vcpu_0),
    FACT(ipi_to_self_is_delivered),
    FACT(ipi_status_and_bad_vcpu),
    FACT(virq_cannot_be_sent),
    FACT(bind_vcpu_checks_its_arguments),
    FACT(block_with_pending_event_returns),
    FACT(poll_ready_port_returns),
    FACT(poll_times_out),
    FACT(poll_argument_errors),
    FACT(yield_returns_zero),
    FACT(sched_op_unknown_is_enosys),
};

void run_virqs(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
