/* SPDX-License-Identifier: MIT */
/*
 * event/evtchn.h - event channels: one-bit notifications between domains.
 *
 * Owns    the port table of each domain; allocate, bind, send, close.
 * ABI     xen/event_channel.h (EVTCHNOP_*), 2-level bitmap layout.
 * Locks   evtchn_table.lock, two tables in ascending domid; sending on a
 *         bound port takes no table lock.
 * Tests   tests/unit/event/test_evtchn.c, tests/guests/events/
 */
#ifndef EVENT_EVTCHN_H
#define EVENT_EVTCHN_H

#include <domain/domain.h>
#include <xen/event_channel.h>

int evtchn_domain_init(struct domain *d);
int evtchn_vcpu_init(struct vcpu *v);        /* timers too */
void evtchn_vcpu_free(struct vcpu *v);
int evtchn_relinquish(struct domain *d);     /* closes all; preemptible */
void evtchn_domain_free(struct domain *d);

int must_check evtchn_alloc_unbound(struct domain *d, domid_t remote,
                                    evtchn_port_t *port);
int must_check evtchn_bind_interdomain(struct domain *ld, struct domain *rd,
                                       evtchn_port_t remote_port,
                                       evtchn_port_t *port);
int must_check evtchn_bind_virq(struct vcpu *v, unsigned int virq,
                                evtchn_port_t *port);
int must_check evtchn_bind_ipi(struct vcpu *v, evtchn_port_t *port);
int must_check evtchn_bind_pirq(struct domain *d, unsigned int pirq,
                                bool share, evtchn_port_t *port);
int must_check evtchn_close(struct domain *d, evtchn_port_t port);
int must_check evtchn_send(struct domain *d, evtchn_port_t port);
int must_check evtchn_unmask(struct domain *d, evtchn_port_t port);
int must_check evtchn_bind_vcpu(struct domain *d, evtchn_port_t port,
                                unsigned int vcpu_id);
int must_check evtchn_status(struct domain *d, struct evtchn_status *st);
int must_check evtchn_reset(struct domain *d);

/*
 * Ports of the hypervisor in @v's domain (event/own_port): @remote binds one
 * and its events reach the consumer, not the guest, who cannot close or move
 * it.  Sending is for whoever is bound; nobody: nothing.
 */
int must_check evtchn_xen_alloc(struct vcpu *v, domid_t remote,
                                evtchn_port_t *port);
void evtchn_xen_close(struct domain *d, evtchn_port_t port);
void evtchn_xen_send(struct domain *d, evtchn_port_t port);
void evtchn_set_consumer(void (*fn)(struct vcpu *v));
int must_check evtchn_close_any(struct domain *d, evtchn_port_t port,
                                bool ours);

/* VIRQs: per vcpu (timer, debug...), or global to one handler domain. */
void virq_send_vcpu(struct vcpu *v, unsigned int virq);
void virq_send_global(unsigned int virq);    /* to the domain that bound it */
/* A physical interrupt arrived for @d. */
void evtchn_send_pirq(struct domain *d, unsigned int pirq);

/* bits2l: the guest's bitmaps. */
bool bits2l_is_pending(const struct domain *d, evtchn_port_t port);
/* Set evtchn_upcall_pending and kick; @v's own context or another's. */
void vcpu_mark_events_pending(struct vcpu *v);

/* vcpu timers: event/vcpu_timer; init and free are part of evtchn_vcpu_*. */
int vcpu_timer_init(struct vcpu *v);
void vcpu_timer_free(struct vcpu *v);
int must_check vcpu_timer_set_singleshot(struct vcpu *v, uint64_t ns,
                                         uint32_t flags);
void vcpu_timer_stop_singleshot(struct vcpu *v);
int must_check vcpu_timer_set_periodic(struct vcpu *v, uint64_t period_ns);
void vcpu_timer_stop_periodic(struct vcpu *v);

#endif
