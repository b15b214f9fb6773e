/* SPDX-License-Identifier: MIT */
/*
 * events/main.c - event channels: allocation, binding, delivery, refusal.
 * ABI: xen/event_channel.h, 2-level bitmaps of xen/xen.h.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "events.h"

static struct evtchn_status status_of(evtchn_port_t port)
{
    struct evtchn_status st = { .dom = DOMID_SELF, .port = port };

    EXPECT_EQ(hc_event(EVTCHNOP_status, &st), 0);
    return st;
}

static void alloc_unbound_gives_waiting_port(void)
{
    long port = event_alloc(DOMID_SELF, 5);

    EXPECT(port > 0);
    EXPECT_EQ(status_of((evtchn_port_t)port).status, EVTCHNSTAT_unbound);
    EXPECT_EQ(status_of((evtchn_port_t)port).u.unbound.dom, 5);
    EXPECT_EQ(event_close((evtchn_port_t)port), 0);
}

static void lowest_free_port_is_reused(void)
{
    long a = event_alloc(DOMID_SELF, DOMID_SELF);
    long b = event_alloc(DOMID_SELF, DOMID_SELF);

    EXPECT(a > 0 && b > a);
    EXPECT_EQ(event_close((evtchn_port_t)a), 0);
    EXPECT_EQ(event_alloc(DOMID_SELF, DOMID_SELF), a);
    EXPECT_EQ(event_close((evtchn_port_t)a), 0);
    EXPECT_EQ(event_close((evtchn_port_t)b), 0);
}

static void fresh_port_is_unmasked_or_masked_by_guest_only(void)
{
    long port = event_alloc(DOMID_SELF, DOMID_SELF);

    /* 2-level: the hypervisor leaves the mask bit alone. */
    EXPECT(port > 0);
    EXPECT(!event_masked((evtchn_port_t)port));
    EXPECT(!event_pending((evtchn_port_t)port));
    event_close((evtchn_port_t)port);
}

static void bind_interdomain_joins_both_ends(void)
{
    evtchn_port_t a, b;
    struct evtchn_status st;

    EXPECT_EQ(event_pair(&a, &b), 0);
    st = status_of(a);
    EXPECT_EQ(st.status, EVTCHNSTAT_interdomain);
    EXPECT_EQ(st.u.interdomain.port, b);
    st = status_of(b);
    EXPECT_EQ(st.status, EVTCHNSTAT_interdomain);
    EXPECT_EQ(st.u.interdomain.port, a);
    EXPECT_EQ(st.vcpu, 0);
    event_close(a);
    event_close(b);
}

static void bind_starts_with_the_new_port_pending(void)
{
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    EXPECT(event_pending(b));
    EXPECT(!event_pending(a));
    event_clear(b);
    event_close(a);
    event_close(b);
}

static void bind_to_a_taken_port_is_refused(void)
{
    struct evtchn_bind_interdomain op = { .remote_dom = DOMID_SELF,
                                          .local_port = 77 };
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    op.remote_port = a;
    EXPECT_EQ(hc_event(EVTCHNOP_bind_interdomain, &op), -EINVAL);
    EXPECT_EQ(op.local_port, 77);
    event_close(a);
    event_close(b);
}

static void bind_to_a_port_for_another_is_refused(void)
{
    struct evtchn_bind_interdomain op = { .remote_dom = DOMID_SELF };
    long port = event_alloc(DOMID_SELF, 9);

    EXPECT(port > 0);
    op.remote_port = (evtchn_port_t)port;
    EXPECT_EQ(hc_event(EVTCHNOP_bind_interdomain, &op), -EINVAL);
    event_close((evtchn_port_t)port);
}

static void send_sets_the_other_end_pending(void)
{
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    event_mask(a);
    EXPECT_EQ(event_send(b), 0);
    EXPECT(event_pending(a));
    EXPECT(!event_pending(b));
    event_clear(a);
    event_close(a);
    event_close(b);
}

static void masked_port_makes_no_upcall(void)
{
    evtchn_port_t a, b;
    unsigned int before;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    events_on();
    before = event_upcalls;
    event_mask(a);
    EXPECT_EQ(event_send(b), 0);
    hc_version(0, NULL);
    EXPECT_EQ(event_upcalls, before);
    EXPECT(event_pending(a));
    EXPECT_EQ(event_unmask(a), 0);
    EXPECT_EQ(event_upcalls, before + 1);
    EXPECT(!event_pending(a));
    event_close(a);
    event_close(b);
}

static void unmasked_port_is_delivered_at_once(void)
{
    evtchn_port_t a, b;
    unsigned int before;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    event_unmask(a);
    events_on();
    before = event_count[a];
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(event_count[a], before + 1);
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(event_count[a], before + 2);
    event_close(a);
    event_close(b);
}

static void upcall_runs_with_upcalls_masked(void)
{
    static uint8_t seen;
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    event_unmask(a);
    trap_handlers[VECTOR_EVENT] = NULL;
    seen = 0;
    events_on();
    events_note_mask(&seen);
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_mask, 0);
    event_close(a);
    event_close(b);
}

static void masked_upcall_sets_pending_and_selector(void)
{
    evtchn_port_t a, b;
    unsigned int before = event_upcalls;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_clear(b);
    event_unmask(a);
    this_vcpu_info()->evtchn_upcall_pending = 0;
    this_vcpu_info()->evtchn_pending_sel = 0;
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(event_upcalls, before);
    EXPECT_EQ(this_vcpu_info()->evtchn_upcall_pending, 1);
    EXPECT_EQ(this_vcpu_info()->evtchn_pending_sel, 1ul << (a / 64));
    events_on();
    EXPECT_EQ(event_upcalls, before + 1);
    event_close(a);
    event_close(b);
}

static void send_refuses_bad_ports(void)
{
    long port = event_alloc(DOMID_SELF, DOMID_SELF);

    EXPECT_EQ(event_send(0), -EINVAL);
    EXPECT_EQ(event_send(4095), -EINVAL);
    EXPECT_EQ(event_send(4096), -EINVAL);
    EXPECT_EQ(event_send(~0u), -EINVAL);
    EXPECT_EQ(event_send((evtchn_port_t)port), 0); /* unbound: no effect */
    event_close((evtchn_port_t)port);
    EXPECT_EQ(event_send((evtchn_port_t)port), -EINVAL);
}

static void close_refuses_closed_and_foreign_numbers(void)
{
    long port = event_alloc(DOMID_SELF, DOMID_SELF);

    EXPECT_EQ(event_close((evtchn_port_t)port), 0);
    EXPECT_EQ(event_close((evtchn_port_t)port), -EINVAL);
    EXPECT_EQ(event_close(0), -EINVAL);
    EXPECT_EQ(event_close(~0u), -EINVAL);
}

static void close_leaves_the_peer_waiting(void)
{
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    EXPECT_EQ(event_close(b), 0);
    EXPECT_EQ(status_of(a).status, EVTCHNSTAT_unbound);
    EXPECT_EQ(event_close(a), 0);
}

static void close_clears_pending(void)
{
    evtchn_port_t a, b;

    EXPECT_EQ(event_pair(&a, &b), 0);
    event_mask(a);
    EXPECT_EQ(event_send(b), 0);
    EXPECT_EQ(event_close(a), 0);
    EXPECT(!event_pending(a));
    event_close(b);
    event_unmask(a);
}

static void status_of_closed_and_bad_ports(void)
{
    struct evtchn_status st = { .dom = DOMID_SELF };
    long port = event_alloc(DOMID_SELF, DOMID_SELF);

    event_close((evtchn_port_t)port);
    EXPECT_EQ(status_of((evtchn_port_t)port).status, EVTCHNSTAT_closed);
    st.port = ~0u;
    EXPECT_EQ(hc_event(EVTCHNOP_status, &st), -EINVAL);
    st.dom = 0x7000;
    st.port = 1;
    EXPECT_NO_DOMAIN(hc_event(EVTCHNOP_status, &st));
}

static void alloc_for_a_missing_domain(void)
{
    SKIP_UNLESS_DOM0();
    EXPECT_EQ(event_alloc(0x7000, 0), -ESRCH);
    EXPECT_EQ(event_alloc(DOMID_XEN, 0), -ESRCH);
}

static void bind_to_a_missing_domain(void)
{
    struct evtchn_bind_interdomain op = { .remote_dom = 0x7000,
                                          .remote_port = 1 };

    EXPECT_NO_DOMAIN(hc_event(EVTCHNOP_bind_interdomain, &op));
}

static void event_op_argument_errors(void)
{
    EXPECT_EQ(hc_event(EVTCHNOP_send, 8), -EFAULT);
    EXPECT_EQ(hc_event(EVTCHNOP_alloc_unbound, 0xffff830000000000ul),
              -EFAULT);
    EXPECT_EQ(hc_event(99, NULL), -ENOSYS);
}

static void ports_run_out_cleanly(void)
{
    static evtchn_port_t ports[EVENT_PORTS];
    unsigned int n = 0, i;
    long port;

    while ((port = event_alloc(DOMID_SELF, DOMID_SELF)) > 0 &&
           n < EVENT_PORTS) {
        ports[n++] = (evtchn_port_t)port;
    }
    EXPECT_EQ(port, -ENOSPC);
    for (i = 0; i < n; i++) {
        EXPECT_EQ(event_close(ports[i]), 0);
    }
    report_note("%u ports", n);
    EXPECT(n >= 1000);
}

static const struct fact facts[] = {
    FACT(alloc_unbound_gives_waiting_port),
    FACT(lowest_free_port_is_reused),
    FACT(fresh_port_is_unmasked_or_masked_by_guest_only),
    FACT(bind_interdomain_joins_both_ends),
    FACT(bind_starts_with_the_new_port_pending),
    FACT(bind_to_a_taken_port_is_refused),
    FACT(bind_to_a_port_for_another_is_refused),
    FACT(send_sets_the_other_end_pending),
    FACT(masked_port_makes_no_upcall),
    FACT(unmasked_port_is_delivered_at_once),
    FACT(upcall_runs_with_upcalls_masked),
    FACT(masked_upcall_sets_pending_and_selector),
    FACT(send_refuses_bad_ports),
    FACT(close_refuses_closed_and_foreign_numbers),
    FACT(close_leaves_the_peer_waiting),
    FACT(close_clears_pending),
    FACT(status_of_closed_and_bad_ports),
    FACT(alloc_for_a_missing_domain),
    FACT(bind_to_a_missing_domain),
    FACT(event_op_argument_errors),
    FACT(ports_run_out_cleanly),
};

void guest_main(void)
{
    report_run(facts, ARRAY_SIZE(facts));
    run_virqs();
    report_end();
}
