/* SPDX-License-Identifier: MIT */
/*
 * bench/events.c - event channels and timers, 2-level; then the same after a
 * switch to FIFO queues where the hypervisor offers them.
 */
#include <lib/event.h>
#include <lib/trap.h>

#include "bench.h"

extern const char bench_upcall[], bench_upcall_tsc[], bench_upcall_fifo[];
extern uint64_t bench_upcalls, bench_tsc;
extern uint64_t bench_fifo_control, bench_fifo_word;

static struct evtchn_send send;

static void upcall_to(const char *entry)
{
    struct callback_register cb = { CALLBACKTYPE_event, 0,
                                    (unsigned long)entry };

    bench_check(hc_callback(CALLBACKOP_register, &cb) == 0, "callback");
}

static long do_send(void)
{
    return BCALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send);
}

static void clear_all(void)
{
    WRITE_ONCE(shared_info->evtchn_pending[0], 0);
    WRITE_ONCE(this_vcpu_info()->evtchn_pending_sel, 0);
    WRITE_ONCE(this_vcpu_info()->evtchn_upcall_pending, 0);
}

static void sends(void)
{
    evtchn_port_t a, b;
    uint64_t before;

    bench_check(event_pair(&a, &b) == 0, "pair");
    clear_all();
    send.port = b;
    event_mask(a);
    BENCH("evtchn_send_masked_port", 200, do_send();
          WRITE_ONCE(shared_info->evtchn_pending[0], 0));
    do_send();
    BENCH("evtchn_send_already_pending", 200, do_send());
    clear_all();
    event_unmask(a);
    events_off();
    BENCH("evtchn_send_upcall_masked", 200, do_send(); clear_all());
    upcall_to(bench_upcall);
    WRITE_ONCE(this_vcpu_info()->evtchn_upcall_mask, 0);
    before = bench_upcalls;
    BENCH("evtchn_send_interdomain_upcall", 200, do_send());
    bench_check(bench_upcalls == before + 200 * (BATCHES + WARM_UP),
                "one upcall for each send");
    events_off();
    event_close(a);
    event_close(b);
}

static void other_operations(void)
{
    static struct evtchn_status status = { .dom = DOMID_SELF };
    static struct evtchn_unmask unmask;
    static struct evtchn_alloc_unbound alloc = { DOMID_SELF, DOMID_SELF, 0 };
    static struct evtchn_close close;
    evtchn_port_t ipi;

    bench_check(event_bind_ipi(0, &ipi) == 0, "bind_ipi");
    event_unmask(ipi);
    clear_all();
    send.port = ipi;
    WRITE_ONCE(this_vcpu_info()->evtchn_upcall_mask, 0);
    BENCH("evtchn_send_ipi_upcall", 200, do_send());
    events_off();
    status.port = unmask.port = ipi;
    BENCH("evtchn_status", 200, BCALL2(__HYPERVISOR_event_channel_op,
                                       EVTCHNOP_status, &status));
    BENCH("evtchn_unmask", 200, BCALL2(__HYPERVISOR_event_channel_op,
                                       EVTCHNOP_unmask, &unmask));
    BENCH2("evtchn_alloc_unbound",
           BCALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                  &alloc),
           "evtchn_close", close.port = alloc.port;
           BCALL2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &close),
           200);
    event_close(ipi);
}

static void waiting(void)
{
    static struct sched_poll past, ready;
    static evtchn_port_t ports[2];
    struct vcpu_info *vi = this_vcpu_info();

    bench_check(event_pair(&ports[0], &ports[1]) == 0, "pair");
    clear_all();
    BENCH("sched_block_event_pending", 200,
          WRITE_ONCE(vi->evtchn_upcall_mask, 1);
          WRITE_ONCE(vi->evtchn_pending_sel, 1);
          WRITE_ONCE(vi->evtchn_upcall_pending, 1);
          BCALL2(__HYPERVISOR_sched_op, SCHEDOP_block, 0));
    events_off();
    past.nr_ports = ready.nr_ports = 1;
    past.timeout = 1;
    set_xen_guest_handle(past.ports, ports);
    set_xen_guest_handle(ready.ports, ports);
    event_mask(ports[0]);
    clear_all();
    BENCH("sched_poll_timeout_past", 100,
          BCALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &past));
    send.port = ports[1];
    do_send();
    BENCH("sched_poll_ready", 200,
          BCALL2(__HYPERVISOR_sched_op, SCHEDOP_poll, &ready));
    clear_all();
    event_unmask(ports[0]);
    event_close(ports[0]);
    event_close(ports[1]);
}

/* Ticks from the deadline to the first instruction of the upcall. */
static void timers(bool block, const char *name)
{
    evtchn_port_t port;
    int b;

    bench_check(event_bind_virq(VIRQ_TIMER, 0, &port) == 0, "timer");
    event_unmask(port);
    clear_all();
    upcall_to(bench_upcall_tsc);
    bench_start(name);
    for (b = -WARM_UP; b < BATCHES; b++) {
        uint64_t before = bench_upcalls, t0 = rdtsc();

        BCALL1(__HYPERVISOR_set_timer_op, now_ns() + 200000);
        if (block) {
            BCALL2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
        } else {
            WRITE_ONCE(this_vcpu_info()->evtchn_upcall_mask, 0);
            while (READ_ONCE(bench_upcalls) == before) {
            }
        }
        events_off();
        if (b >= 0) {
            uint64_t late = READ_ONCE(bench_tsc) - t0;

            bench_batch(late > 200000 ? late - 200000 : 0, 1);
        }
    }
    bench_stop();
    event_close(port);
}

void bench_events(void)
{
    sends();
    other_operations();
    waiting();
    timers(false, "timer_200us_late_ticks(spin)");
    timers(true, "timer_200us_late_ticks(block)");
    upcall_to(event_entry);
}

void bench_fifo(void)
{
    struct evtchn_init_control init = { .vcpu = 0 };
    struct evtchn_expand_array expand = { 0 };
    uint8_t *control = page_alloc();
    uint32_t *array = page_alloc();
    evtchn_port_t a, b;
    uint64_t before;

    init.control_gfn = mfn_of(control);
    expand.array_gfn = mfn_of(array);
    if (hc_event(EVTCHNOP_init_control, &init) != 0 ||
        hc_event(EVTCHNOP_expand_array, &expand) != 0 ||
        event_pair(&a, &b) != 0) {
        bench_skip("fifo_send_masked_port", "2-level only");
        bench_skip("fifo_send_interdomain_upcall", "2-level only");
        return;
    }
    array[a] = 1u << EVTCHN_FIFO_MASKED;
    send.port = b;
    BENCH("fifo_send_masked_port", 200, do_send();
          array[a] = 1u << EVTCHN_FIFO_MASKED);
    bench_fifo_control = (uint64_t)control;
    bench_fifo_word = (uint64_t)&array[a];
    array[a] = array[b] = 0;
    *(uint32_t *)control = 0; /* nothing is ready */
    clear_all();
    upcall_to(bench_upcall_fifo);
    WRITE_ONCE(this_vcpu_info()->evtchn_upcall_mask, 0);
    before = bench_upcalls;
    BENCH("fifo_send_interdomain_upcall", 200, do_send());
    bench_check(bench_upcalls == before + 200 * (BATCHES + WARM_UP),
                "one upcall for each FIFO send");
    events_off();
}
