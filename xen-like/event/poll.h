/* SPDX-License-Identifier: MIT */
/*
 * event/poll.h - wait for ports without an upcall (SCHEDOP_poll).
 *
 * Owns    the set of polling vcpus of a domain and their timeouts.
 * Order   the poller says so, then looks at the ports; the sender sets the
 *         port, then looks for pollers: one of them sees the other.
 * Tests   tests/unit/event/test_virq.c
 */
#ifndef EVENT_POLL_H
#define EVENT_POLL_H

#include <event/evtchn.h>

#define POLL_MAX_PORTS 128u

/*
 * Block the current vcpu until one of @ports is pending, an event can be
 * delivered, or @timeout_ns of system time (0: never) has come.
 * -EINVAL: a port number beyond the ABI.  May return without blocking.
 */
int must_check evtchn_poll(const evtchn_port_t *ports, unsigned int nr,
                           uint64_t timeout_ns);
/* @port of @d became pending. */
void evtchn_wake_pollers(struct domain *d, evtchn_port_t port);
void poll_timer_expired(void *vcpu);

/* VCPUOP_register_vcpu_info moved @v's flags. */
void bits2l_info_moved(struct vcpu *v);

#endif
